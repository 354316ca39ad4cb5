import { DISPI_FIELDS, type DispiRegisters, resetDispi } from './dispi.ts';
import { ATC_MASKS, CRTC_COUNT, GC_MASKS, SEQ_MASKS } from './registers.ts';
import { VgaError } from './state-error.ts';
import type { VideoMemoryRun } from './video-memory.ts';

/** Every register of the adapter by field name; plain data. */
export interface VgaRegisters {
  /** Miscellaneous Output (written at 3C2h, read at 3CCh). */
  miscOutput: number;
  /** Feature Control (written at 3xAh, read at 3CAh). */
  featureControl: number;
  /** Video Subsystem Enable (3C3h); bit 0 clear makes the adapter deaf to everything but this port. */
  videoEnable: number;
  sequencerIndex: number;
  sequencer: Uint8Array;
  graphicsIndex: number;
  graphics: Uint8Array;
  crtcIndex: number;
  crtc: Uint8Array;
  /** Attribute Address (3C0h) with the palette address source in bit 5. */
  attributeIndex: number;
  /** The flip-flop of 3C0h: whether the next write is data. */
  isAttributeDataNext: boolean;
  attribute: Uint8Array;
  /** 256 colours of three components, red first; six bits each, or eight while the display interface says so. */
  dac: Uint8Array;
  dacIndex: number;
  /** Which component 3C9h transfers next: 0 red, 1 green, 2 blue. */
  dacComponent: number;
  isDacReading: boolean;
  /** The red and green that wait for their blue. */
  dacPending: Uint8Array;
  pelMask: number;
  /** The four read latches, plane 0 in bits 7–0. */
  latches: number;
  /** The display interface of Bochs, for modes beyond the VGA's. */
  dispi: DispiRegisters;
}

/** The whole state of the adapter: its registers and its memory. */
export interface VgaState extends VgaRegisters {
  /** What is not zero; the byte at offset `o` of plane `p` is at `4 * o + p`. */
  videoMemory: readonly VideoMemoryRun[];
}

/**
 * Power-on state. The data sheets define only that Miscellaneous Output, Feature Control and the sequencer's reset bits
 * are clear; what they leave undefined is zero here, except the PEL mask, which lets everything through.
 */
export function resetRegisters(): VgaRegisters {
  return {
    miscOutput: 0,
    featureControl: 0,
    videoEnable: 1,
    sequencerIndex: 0,
    sequencer: new Uint8Array(SEQ_MASKS.length),
    graphicsIndex: 0,
    graphics: new Uint8Array(GC_MASKS.length),
    crtcIndex: 0,
    crtc: new Uint8Array(CRTC_COUNT),
    attributeIndex: 0,
    isAttributeDataNext: false,
    attribute: new Uint8Array(ATC_MASKS.length),
    dac: new Uint8Array(768),
    dacIndex: 0,
    dacComponent: 0,
    isDacReading: false,
    dacPending: new Uint8Array(2),
    pelMask: 0xff,
    latches: 0,
    dispi: resetDispi(),
  };
}

/** A copy that shares nothing with the original. */
export function copyRegisters(from: VgaRegisters): VgaRegisters {
  return {
    miscOutput: from.miscOutput,
    featureControl: from.featureControl,
    videoEnable: from.videoEnable,
    sequencerIndex: from.sequencerIndex,
    sequencer: from.sequencer.slice(),
    graphicsIndex: from.graphicsIndex,
    graphics: from.graphics.slice(),
    crtcIndex: from.crtcIndex,
    crtc: from.crtc.slice(),
    attributeIndex: from.attributeIndex,
    isAttributeDataNext: from.isAttributeDataNext,
    attribute: from.attribute.slice(),
    dac: from.dac.slice(),
    dacIndex: from.dacIndex,
    dacComponent: from.dacComponent,
    isDacReading: from.isDacReading,
    dacPending: from.dacPending.slice(),
    pelMask: from.pelMask,
    latches: from.latches,
    dispi: { ...from.dispi },
  };
}

function requireInteger(state: VgaState, field: keyof VgaState, max: number): void {
  const value = state[field];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new VgaError(field, `an integer from 0 to ${max}`);
  }
}

function requireBytes(state: VgaState, field: keyof VgaState, length: number): Uint8Array {
  const value = state[field];
  if (!(value instanceof Uint8Array) || value.length !== length) throw new VgaError(field, `${length} bytes`);
  return value;
}

function requireMasked(state: VgaState, field: keyof VgaState, masks: readonly number[]): void {
  const bytes = requireBytes(state, field, masks.length);
  const wrong = bytes.findIndex((byte, index) => (byte & ~(masks[index] as number)) !== 0);
  if (wrong >= 0) throw new VgaError(field, `free of reserved bits at index ${wrong}`);
}

function requireDispi(dispi: unknown): void {
  if (typeof dispi !== 'object' || dispi === null) throw new VgaError('dispi', 'a record');
  for (const field of DISPI_FIELDS) {
    const value = (dispi as Partial<DispiRegisters>)[field];
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffff) {
      throw new VgaError(`dispi.${field}`, 'an integer of 16 bits');
    }
  }
}

/**
 * Checks the registers of a state before any of them is taken.
 *
 * @throws VgaError naming the first field that is missing or out of range
 */
export function restoreRegisters(state: VgaState): VgaRegisters {
  if (typeof state !== 'object' || state === null) throw new VgaError('', 'a record');
  for (const field of ['miscOutput', 'featureControl', 'videoEnable', 'dacIndex', 'pelMask'] as const) {
    requireInteger(state, field, 0xff);
  }
  requireInteger(state, 'sequencerIndex', 0x07);
  requireInteger(state, 'graphicsIndex', 0x0f);
  requireInteger(state, 'crtcIndex', 0x3f);
  requireInteger(state, 'attributeIndex', 0x3f);
  requireInteger(state, 'dacComponent', 2);
  requireInteger(state, 'latches', 0xffffffff);
  for (const field of ['isAttributeDataNext', 'isDacReading'] as const) {
    if (typeof state[field] !== 'boolean') throw new VgaError(field, 'a boolean');
  }
  requireMasked(state, 'sequencer', SEQ_MASKS);
  requireMasked(state, 'graphics', GC_MASKS);
  requireMasked(state, 'attribute', ATC_MASKS);
  requireBytes(state, 'crtc', CRTC_COUNT);
  requireBytes(state, 'dac', 768);
  requireBytes(state, 'dacPending', 2);
  requireDispi(state.dispi);
  return copyRegisters(state);
}
