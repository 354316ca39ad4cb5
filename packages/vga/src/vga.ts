/**
 * An IBM VGA: sequencer, CRT controller, graphics controller, attribute controller, DAC and 256 KiB of memory in four
 * planes.
 *
 * Ports, as offsets from 3B0h: 04h/05h and 24h/25h CRTC index and data (monochrome or colour addresses, as
 * Miscellaneous Output bit 0 selects); 0Ah and 2Ah Input Status 1, Feature Control; 10h/11h attribute controller; 12h
 * Miscellaneous Output, Input Status 0; 13h Video Subsystem Enable; 14h/15h sequencer; 16h to 19h DAC; 1Ah, 1Ch
 * read-back; 1Eh/1Fh graphics controller. A wider access is one byte access per port, lowest first. Memory: offsets
 * from A0000h to BFFFFh.
 *
 * **Not emulated**: the vertical interrupt, light pen, feature connector and the diagnostic bits of Input Status 1; the
 * odd/even page bit of Miscellaneous Output; the 64 KiB memory of adapters without extended memory; count-by-two and
 * -four; cursor and display-enable skew; the border as pixels; snow while the DAC is accessed.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"
 */
import type { AccessWidth, Clock, Component, MemoryDevice, PortDevice } from '@longmode/device';
import { type Frame, renderFrame } from './frame.ts';
import { readMemoryByte, writeMemoryByte, writeMemoryPair } from './memory-pipeline.ts';
import { packPlanes, unpackPlanes } from './planes.ts';
import { readRegister, writeRegister } from './register-file.ts';
import { PLANE_SIZE, VGA_PORT_COUNT } from './registers.ts';
import { copyRegisters, resetRegisters, restoreRegisters, type VgaRegisters, type VgaState } from './state.ts';
import { readTextScreen, type TextScreen, textScreenToStrings } from './text-screen.ts';

/** What a {@link Vga} is wired to. */
export interface VgaDependencies {
  /** Time, from which retrace and blinking follow. */
  clock: Pick<Clock, 'now'>;
  /** Unique in the machine; `vga` when left out. */
  name?: string;
}

/** The adapter: ports and memory in, text cells and RGBA frames out. */
export class Vga implements Component<VgaState>, PortDevice, MemoryDevice {
  readonly name: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #planes = new Uint32Array(PLANE_SIZE);
  #registers: VgaRegisters = resetRegisters();
  #changeCount = 0;

  constructor(dependencies: VgaDependencies) {
    this.name = dependencies.name ?? 'vga';
    this.#clock = dependencies.clock;
  }

  /**
   * Grows by at least one whenever the picture may differ from before, blinking aside; a display that remembers it
   * redraws only when it must. Not part of the state: `reset()` and `restore()` make it grow too.
   */
  get changeCount(): number {
    return this.#changeCount;
  }

  reset(): void {
    this.#registers = resetRegisters();
    this.#planes.fill(0);
    this.#changeCount++;
  }

  snapshot(): VgaState {
    return { ...copyRegisters(this.#registers), videoMemory: packPlanes(this.#planes) };
  }

  /** @throws VgaError when the state is not one that this adapter can be in; nothing is taken then */
  restore(state: VgaState): void {
    this.#registers = restoreRegisters(state);
    unpackPlanes(this.#planes, state.videoMemory);
    this.#changeCount++;
  }

  readPort(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let bit = 0, at = offset; bit < width; bit += 8, at++) {
      value += (at < VGA_PORT_COUNT ? readRegister(this.#registers, at, this.#clock.now) : 0xff) * 2 ** bit;
    }
    return value;
  }

  writePort(offset: number, width: AccessWidth, value: number): void {
    for (let bit = 0, at = offset; bit < width; bit += 8, at++) {
      if (writeRegister(this.#registers, at, (value >>> bit) & 0xff)) this.#changeCount++;
    }
  }

  readMemory(offset: number, width: AccessWidth): number {
    let value = readMemoryByte(this.#registers, this.#planes, offset);
    for (let bit = 8; bit < width; bit += 8) {
      value |= readMemoryByte(this.#registers, this.#planes, offset + (bit >> 3)) << bit;
    }
    return value >>> 0;
  }

  writeMemory(offset: number, width: AccessWidth, value: number): void {
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

  /** The text screen as data; 0 by 0 while the adapter is not in a text mode. */
  textScreen(): TextScreen {
    return readTextScreen(this.#registers, this.#planes);
  }

  /** The text screen's characters in Unicode, one string per row, trailing spaces kept. */
  toStrings(): string[] {
    return textScreenToStrings(this.textScreen());
  }

  /** The picture as pixels: text with the font in plane 2, or graphics; blinking by virtual time. */
  renderFrame(): Frame {
    return renderFrame(this.#registers, this.#planes, this.#clock.now);
  }
}
