/**
 * The adapter's ports, one byte at a time: which register an offset reaches and what reading or writing it does.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"
 */
import { DISPI_8BIT_DAC } from './dispi.ts';
import {
  ATC_MASKS,
  CRTC_COUNT,
  CRTC_OVERFLOW,
  CRTC_OVERFLOW_LINE_COMPARE_8,
  CRTC_PROTECT,
  CRTC_VERTICAL_RETRACE_END,
  GC_MASKS,
  GC_MISCELLANEOUS,
  GC_MODE,
  MISC_COLOR_ADDRESSES,
  PORT_ATTRIBUTE,
  PORT_ATTRIBUTE_READ,
  PORT_CRTC_DATA_COLOR,
  PORT_CRTC_DATA_MONO,
  PORT_CRTC_INDEX_COLOR,
  PORT_CRTC_INDEX_MONO,
  PORT_DAC_DATA,
  PORT_DAC_READ_INDEX,
  PORT_DAC_WRITE_INDEX,
  PORT_FEATURE_CONTROL_READ,
  PORT_GRAPHICS_DATA,
  PORT_GRAPHICS_INDEX,
  PORT_INPUT_STATUS_1_COLOR,
  PORT_INPUT_STATUS_1_MONO,
  PORT_MISC_OUTPUT,
  PORT_MISC_OUTPUT_READ,
  PORT_PEL_MASK,
  PORT_SEQUENCER_DATA,
  PORT_SEQUENCER_INDEX,
  PORT_VIDEO_ENABLE,
  SEQ_MAP_MASK,
  SEQ_MASKS,
  STATUS_0_SWITCH_SENSE,
} from './registers.ts';
import type { VgaRegisters } from './state.ts';
import { retraceStatus } from './timing.ts';

const OPEN_BUS = 0xff;

/**
 * Whether an offset among the CRTC and status ports is one of the two sets that Miscellaneous Output does not select.
 */
function isDeselected(registers: VgaRegisters, offset: number): boolean {
  const isColor = (registers.miscOutput & MISC_COLOR_ADDRESSES) !== 0;
  return isColor ? offset < 0x10 : offset >= 0x20;
}

/** Stores a byte of a register file; @returns whether it is new */
function store(file: Uint8Array, index: number, value: number): boolean {
  const isNew = file[index] !== value;
  file[index] = value;
  return isNew;
}

function readDac(registers: VgaRegisters): number {
  const value = registers.dac[3 * registers.dacIndex + registers.dacComponent] as number;
  advanceDac(registers);
  return value;
}

function advanceDac(registers: VgaRegisters): void {
  registers.dacComponent = (registers.dacComponent + 1) % 3;
  if (registers.dacComponent === 0) registers.dacIndex = (registers.dacIndex + 1) & 0xff;
}

/** The DAC takes a colour when its third component arrives. */
function writeDac(registers: VgaRegisters, value: number): boolean {
  const { dac, dacPending, dacIndex, dacComponent } = registers;
  const component = (registers.dispi.enable & DISPI_8BIT_DAC) !== 0 ? value : value & 0x3f;
  let isNew = false;
  if (dacComponent < 2) {
    dacPending[dacComponent] = component;
  } else {
    const isRedNew = store(dac, 3 * dacIndex, dacPending[0] as number);
    const isGreenNew = store(dac, 3 * dacIndex + 1, dacPending[1] as number);
    isNew = store(dac, 3 * dacIndex + 2, component) || isRedNew || isGreenNew;
  }
  advanceDac(registers);
  return isNew;
}

/** The flip-flop of 3C0h: index and data take turns. */
function writeAttribute(registers: VgaRegisters, value: number): boolean {
  const isData = registers.isAttributeDataNext;
  registers.isAttributeDataNext = !isData;
  if (!isData) {
    const isNew = ((registers.attributeIndex ^ value) & 0x20) !== 0;
    registers.attributeIndex = value & 0x3f;
    return isNew;
  }
  const index = registers.attributeIndex & 0x1f;
  const mask = ATC_MASKS[index];
  return mask !== undefined && store(registers.attribute, index, value & mask);
}

/** Registers 0 to 7 are read-only while Protect is set, but for the bit of Line Compare in Overflow. */
function writeCrtc(registers: VgaRegisters, value: number): boolean {
  const { crtc, crtcIndex } = registers;
  if (crtcIndex >= CRTC_COUNT) return false;
  if (crtcIndex > CRTC_OVERFLOW || ((crtc[CRTC_VERTICAL_RETRACE_END] as number) & CRTC_PROTECT) === 0) {
    return store(crtc, crtcIndex, value);
  }
  if (crtcIndex !== CRTC_OVERFLOW) return false;
  const kept = (crtc[CRTC_OVERFLOW] as number) & ~CRTC_OVERFLOW_LINE_COMPARE_8;
  return store(crtc, CRTC_OVERFLOW, kept | (value & CRTC_OVERFLOW_LINE_COMPARE_8));
}

/**
 * Reads one byte from the adapter's ports.
 *
 * @param offset from port 3B0h
 * @param now virtual time in nanoseconds, for the retrace bits
 */
export function readRegister(registers: VgaRegisters, offset: number, now: number): number {
  if (offset === PORT_VIDEO_ENABLE) return registers.videoEnable;
  if ((registers.videoEnable & 1) === 0 || isDeselected(registers, offset)) return OPEN_BUS;
  switch (offset) {
    case PORT_CRTC_INDEX_MONO:
    case PORT_CRTC_INDEX_COLOR:
      return registers.crtcIndex;
    case PORT_CRTC_DATA_MONO:
    case PORT_CRTC_DATA_COLOR:
      return registers.crtc[registers.crtcIndex] ?? 0;
    case PORT_INPUT_STATUS_1_MONO:
    case PORT_INPUT_STATUS_1_COLOR:
      registers.isAttributeDataNext = false;
      return retraceStatus(registers, now);
    case PORT_ATTRIBUTE:
      return registers.attributeIndex;
    case PORT_ATTRIBUTE_READ:
      return registers.attribute[registers.attributeIndex & 0x1f] ?? 0;
    case PORT_MISC_OUTPUT: // Input Status 0: a monitor is connected
      return STATUS_0_SWITCH_SENSE;
    case PORT_SEQUENCER_INDEX:
      return registers.sequencerIndex;
    case PORT_SEQUENCER_DATA:
      return registers.sequencer[registers.sequencerIndex] ?? 0;
    case PORT_PEL_MASK:
      return registers.pelMask;
    case PORT_DAC_READ_INDEX: // DAC State
      return registers.isDacReading ? 3 : 0;
    case PORT_DAC_WRITE_INDEX:
      return registers.dacIndex;
    case PORT_DAC_DATA:
      return readDac(registers);
    case PORT_FEATURE_CONTROL_READ:
      return registers.featureControl;
    case PORT_MISC_OUTPUT_READ:
      return registers.miscOutput;
    case PORT_GRAPHICS_INDEX:
      return registers.graphicsIndex;
    case PORT_GRAPHICS_DATA:
      return registers.graphics[registers.graphicsIndex] ?? 0;
    default:
      return OPEN_BUS;
  }
}

/**
 * Writes one byte to the adapter's ports.
 *
 * @param offset from port 3B0h
 * @returns whether the picture may differ from now on
 */
export function writeRegister(registers: VgaRegisters, offset: number, value: number): boolean {
  if (offset !== PORT_VIDEO_ENABLE && ((registers.videoEnable & 1) === 0 || isDeselected(registers, offset)))
    return false;
  switch (offset) {
    case PORT_CRTC_INDEX_MONO:
    case PORT_CRTC_INDEX_COLOR:
      registers.crtcIndex = value & 0x3f;
      return false;
    case PORT_CRTC_DATA_MONO:
    case PORT_CRTC_DATA_COLOR:
      return writeCrtc(registers, value);
    case PORT_INPUT_STATUS_1_MONO: // Feature Control
    case PORT_INPUT_STATUS_1_COLOR:
      registers.featureControl = value & 0x0b;
      return false;
    case PORT_ATTRIBUTE:
      return writeAttribute(registers, value);
    case PORT_MISC_OUTPUT: {
      const isNew = registers.miscOutput !== (value & 0xef);
      registers.miscOutput = value & 0xef;
      return isNew;
    }
    case PORT_VIDEO_ENABLE:
      registers.videoEnable = value & 1;
      return false;
    case PORT_SEQUENCER_INDEX:
      registers.sequencerIndex = value & 0x07;
      return false;
    case PORT_SEQUENCER_DATA: {
      const mask = SEQ_MASKS[registers.sequencerIndex];
      if (mask === undefined) return false;
      return (
        store(registers.sequencer, registers.sequencerIndex, value & mask) && registers.sequencerIndex !== SEQ_MAP_MASK
      );
    }
    case PORT_PEL_MASK: {
      const isNew = registers.pelMask !== value;
      registers.pelMask = value;
      return isNew;
    }
    case PORT_DAC_READ_INDEX:
    case PORT_DAC_WRITE_INDEX:
      registers.dacIndex = value;
      registers.dacComponent = 0;
      registers.isDacReading = offset === PORT_DAC_READ_INDEX;
      return false;
    case PORT_DAC_DATA:
      return writeDac(registers, value);
    case PORT_GRAPHICS_INDEX:
      registers.graphicsIndex = value & 0x0f;
      return false;
    case PORT_GRAPHICS_DATA: {
      const index = registers.graphicsIndex;
      const mask = GC_MASKS[index];
      if (mask === undefined) return false;
      return store(registers.graphics, index, value & mask) && (index === GC_MODE || index === GC_MISCELLANEOUS);
    }
    default:
      return false;
  }
}
