/**
 * An IBM VGA: sequencer, CRT controller, graphics controller, attribute controller, DAC and memory in four planes; with the
 * display interface of Bochs for larger modes in a linear frame buffer.
 *
 * Ports, as offsets from 3B0h: 04h/05h and 24h/25h CRTC index and data (monochrome or colour addresses, as
 * Miscellaneous Output bit 0 selects); 0Ah and 2Ah Input Status 1, Feature Control; 10h/11h attribute controller; 12h
 * Miscellaneous Output, Input Status 0; 13h Video Subsystem Enable; 14h/15h sequencer; 16h to 19h DAC; 1Ah, 1Ch
 * read-back; 1Eh/1Fh graphics controller. A wider access is one byte access per port, lowest first. 30h index and 31h, 32h
 * data of the display interface, 16 bits each ({@link DISPI_PORT_BASE}). Memory: offsets from A0000h to BFFFFh.
 *
 * **Not emulated**: the vertical interrupt, light pen, feature connector and the diagnostic bits of Input Status 1; the
 * odd/even page bit of Miscellaneous Output; the 64 KiB memory of adapters without extended memory; count-by-two and
 * -four; cursor and display-enable skew; the border as pixels; snow while the DAC is accessed.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"
 */
import type { AccessWidth, Clock, Component, MemoryDevice, PortDevice } from '@longmode/device';
import { bankCount, bankStart, isDispiEnabled, readDispi, writeDispi } from './dispi.ts';
import { renderExtended } from './extended-frame.ts';
import { type Frame, renderFrame } from './frame.ts';
import { readMemoryByte, writeMemoryByte, writeMemoryPair, writeMemoryRun } from './memory-pipeline.ts';
import { readRegister, writeRegister } from './register-file.ts';
import { DISPI_PORT_COUNT, DISPI_PORT_OFFSET, VGA_PORT_COUNT } from './registers.ts';
import { copyRegisters, resetRegisters, restoreRegisters, type VgaRegisters, type VgaState } from './state.ts';
import { VgaError } from './state-error.ts';
import { readTextScreen, type TextScreen, textScreenToStrings } from './text-screen.ts';
import { VideoMemory } from './video-memory.ts';

/** What a {@link Vga} is wired to. */
export interface VgaDependencies {
  /** Time, from which retrace and blinking follow. */
  clock: Pick<Clock, 'now'>;
  /**
   * The video memory, all zeros: a multiple of 64 KiB, at least 256 KiB. {@link VGA_VIDEO_MEMORY_SIZE} of its own when left
   * out. It is the linear frame buffer: what the machine shows its guest at a physical address, for it to write directly.
   */
  videoMemory?: Uint8Array;
  /** Unique in the machine; `vga` when left out. */
  name?: string;
}

/** Bytes of video memory unless told: 16 MiB, enough for 2560 by 1600 in 32 bits. */
export const VGA_VIDEO_MEMORY_SIZE = 0x100_0000;

/** Bytes of the window at A0000h in extended modes. */
const LINEAR_WINDOW_SIZE = 0x10000;

/** The adapter: ports and memory in, text cells and RGBA frames out. */
export class Vga implements Component<VgaState>, PortDevice, MemoryDevice {
  readonly name: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #memory: VideoMemory;
  /** The words that the memory window reaches: those from the bank on. */
  #planes: Uint32Array;
  #registers: VgaRegisters = resetRegisters();
  #changeCount = 0;
  /** The text screen as it was last asked for: whoever waits for a text asks often. Not part of the state. */
  #text: { readonly changeCount: number; readonly rows: readonly string[] } | undefined;
  /** Whether the window shows a linear frame buffer, without planes and latches. */
  #isLinear = false;
  /** Whether an extended mode was on since the last reset, so that there may be something behind the planes. */
  #wasExtended = false;

  /** @throws VgaError `bad-memory` for a video memory that is too small, or no multiple of 64 KiB */
  constructor(dependencies: VgaDependencies) {
    this.name = dependencies.name ?? 'vga';
    this.#clock = dependencies.clock;
    this.#memory = new VideoMemory(dependencies.videoMemory ?? new Uint8Array(VGA_VIDEO_MEMORY_SIZE));
    this.#planes = this.#memory.words;
  }

  /**
   * Grows by at least one whenever the picture may differ from before, blinking aside; a display that remembers it
   * redraws only when it must. Not part of the state: `reset()` and `restore()` make it grow too.
   */
  get changeCount(): number {
    return this.#changeCount;
  }

  /**
   * Whether an extended mode is on, whose frame buffer the guest may write directly: then a display compares pictures
   * (`changedRectangles`), because `changeCount` does not see all that happens.
   */
  get isExtended(): boolean {
    return isDispiEnabled(this.#registers.dispi);
  }

  /**
   * Back to power-on. What a guest wrote to the frame buffer behind the planes, without ever switching an extended mode on,
   * stays: it is memory.
   */
  reset(): void {
    this.#registers = resetRegisters();
    this.#memory.clear(this.#wasExtended);
    this.#wasExtended = false;
    this.#findBank();
    this.#changeCount++;
  }

  snapshot(): VgaState {
    return { ...copyRegisters(this.#registers), videoMemory: this.#memory.save() };
  }

  /** @throws VgaError when the state is not one that this adapter can be in; nothing is taken then */
  restore(state: VgaState): void {
    const registers = restoreRegisters(state);
    this.#memory.check(state.videoMemory);
    if (registers.dispi.bank >= bankCount(registers.dispi, this.#memory.sizeBytes)) {
      throw new VgaError('dispi.bank', 'a bank of the memory');
    }
    this.#registers = registers;
    this.#memory.load(state.videoMemory);
    this.#wasExtended = true;
    this.#findBank();
    this.#changeCount++;
  }

  readPort(offset: number, width: AccessWidth): number {
    if (offset >= DISPI_PORT_OFFSET && offset < DISPI_PORT_OFFSET + DISPI_PORT_COUNT)
      return this.#readDispi(offset, width);
    let value = 0;
    for (let bit = 0, at = offset; bit < width; bit += 8, at++) {
      value += (at < VGA_PORT_COUNT ? readRegister(this.#registers, at, this.#clock.now) : 0xff) * 2 ** bit;
    }
    return value;
  }

  writePort(offset: number, width: AccessWidth, value: number): void {
    if (offset >= DISPI_PORT_OFFSET && offset < DISPI_PORT_OFFSET + DISPI_PORT_COUNT) {
      if (width !== 8) this.#writeDispi(offset, value & 0xffff);
      return;
    }
    for (let bit = 0, at = offset; bit < width; bit += 8, at++) {
      if (writeRegister(this.#registers, at, (value >>> bit) & 0xff)) this.#changeCount++;
    }
  }

  readMemory(offset: number, width: AccessWidth): number {
    if (this.#isLinear) return this.#readLinear(offset, width);
    let value = readMemoryByte(this.#registers, this.#planes, offset);
    for (let bit = 8; bit < width; bit += 8) {
      value |= readMemoryByte(this.#registers, this.#planes, offset + (bit >> 3)) << bit;
    }
    return value >>> 0;
  }

  writeMemory(offset: number, width: AccessWidth, value: number): void {
    if (this.#isLinear) {
      this.#writeLinear(offset, width, value);
      return;
    }
    let isChanged = false;
    if (width === 8 || (offset & 1) !== 0) {
      for (let bit = 0; bit < width; bit += 8) {
        const byte = (value >>> bit) & 0xff;
        isChanged = writeMemoryByte(this.#registers, this.#planes, offset + (bit >> 3), byte) || isChanged;
      }
    } else {
      for (let bit = 0; bit < width; bit += 16) {
        const pair = (value >>> bit) & 0xffff;
        isChanged = writeMemoryPair(this.#registers, this.#planes, offset + (bit >> 3), pair) || isChanged;
      }
    }
    if (isChanged) this.#changeCount++;
  }

  /**
   * Writes consecutive bytes through the memory window, as 8-bit accesses would, the lowest first: for firmware on the host,
   * which fills screens and loads fonts.
   *
   * @param offset of the first byte, from A0000h; bytes behind the window are ignored
   */
  writeBytes(offset: number, bytes: Uint8Array): void {
    if (this.#isLinear) {
      for (const [i, byte] of bytes.entries()) this.#writeLinear(offset + i, 8, byte);
      return;
    }
    writeMemoryRun(this.#registers, this.#planes, offset, bytes);
    this.#changeCount++;
  }

  /** The text screen as data; 0 by 0 while the adapter is not in a text mode. */
  textScreen(): TextScreen {
    return readTextScreen(this.#registers, this.#memory.words);
  }

  /** The text screen's characters in Unicode, one string per row, trailing spaces kept. */
  toStrings(): string[] {
    if (this.#text?.changeCount !== this.#changeCount) {
      this.#text = { changeCount: this.#changeCount, rows: textScreenToStrings(this.textScreen()) };
    }
    return [...this.#text.rows];
  }

  /** The picture as pixels: text with the font in plane 2, or graphics; blinking by virtual time. */
  renderFrame(): Frame {
    if (this.isExtended) return renderExtended(this.#registers, this.#memory);
    return renderFrame(this.#registers, this.#memory.words, this.#clock.now);
  }

  #readDispi(offset: number, width: AccessWidth): number {
    const { dispi } = this.#registers;
    const value = offset === DISPI_PORT_OFFSET ? dispi.index : readDispi(dispi, this.#memory.sizeBytes);
    return width === 8 ? value & 0xff : value;
  }

  #writeDispi(offset: number, value: number): void {
    const { dispi } = this.#registers;
    if (offset === DISPI_PORT_OFFSET) {
      dispi.index = value;
      return;
    }
    const cleared = writeDispi(dispi, this.#memory.sizeBytes, value);
    this.#memory.bytes.fill(0, 0, cleared);
    this.#wasExtended ||= this.isExtended;
    this.#findBank();
    this.#changeCount++;
  }

  #findBank(): void {
    const { dispi } = this.#registers;
    const start = bankStart(dispi);
    this.#planes = start === 0 ? this.#memory.words : this.#memory.words.subarray(start);
    this.#isLinear = isDispiEnabled(dispi) && dispi.bitsPerPixel !== 4;
  }

  /** The window of 64 KiB at A0000h onto a linear frame buffer. */
  #readLinear(offset: number, width: AccessWidth): number {
    if (offset >= LINEAR_WINDOW_SIZE) return 2 ** width - 1;
    const { bytes } = this.#memory;
    const at = bankStart(this.#registers.dispi) + offset;
    let value = 0;
    for (let bit = 0; bit < width; bit += 8) value += (bytes[at + (bit >> 3)] ?? 0xff) * 2 ** bit;
    return value;
  }

  #writeLinear(offset: number, width: AccessWidth, value: number): void {
    if (offset >= LINEAR_WINDOW_SIZE) return;
    const { bytes } = this.#memory;
    const at = bankStart(this.#registers.dispi) + offset;
    for (let bit = 0; bit < width; bit += 8) bytes[at + (bit >> 3)] = value >>> bit;
    this.#changeCount++;
  }
}
