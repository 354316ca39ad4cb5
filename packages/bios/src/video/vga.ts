/**
 * Setting modes of a plain VGA through its ports: registers, palette, and the font in plane 2.
 *
 * **Not emulated**: adapters with other registers; those come as a {@link VideoFirmware} of their own.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", "Video Graphics Array"
 */
import type { FirmwareMemory, FirmwarePorts, VideoFirmware, VideoFonts } from '../host.ts';
import {
  PORT_VGA_ATTRIBUTE,
  PORT_VGA_CRTC_COLOUR,
  PORT_VGA_CRTC_MONO,
  PORT_VGA_DAC_DATA,
  PORT_VGA_DAC_MASK,
  PORT_VGA_DAC_WRITE_INDEX,
  PORT_VGA_GRAPHICS,
  PORT_VGA_MISC_WRITE,
  PORT_VGA_SEQUENCER,
} from '../ports.ts';
import { VIDEO_MODES, type VideoMode, videoRegisters, withTextLines } from './modes.ts';
import { paletteOf } from './palettes.ts';
import { hasDisplayInterface, switchOff } from './vesa/display.ts';

const CRTC_VERTICAL_RETRACE_END = 0x11;
const CRTC_PROTECT = 0x80;
const ATTRIBUTE_PALETTE_SOURCE = 0x20;
const FONT_PLANE_WINDOW = 0xa0000;
/** Bytes from one character to the next in plane 2, whatever the height. */
const FONT_STRIDE = 32;

/** Writes an indexed register. */
export function writeIndexed(ports: FirmwarePorts, port: number, index: number, value: number): void {
  ports.writePort(port, 8, index);
  ports.writePort(port + 1, 8, value);
}

/** Makes the attribute controller's port expect an index, whichever of the two CRTC addresses is active. */
export function resetAttributeFlipFlop(ports: FirmwarePorts): void {
  ports.readPort(PORT_VGA_CRTC_COLOUR + 6, 8);
  ports.readPort(PORT_VGA_CRTC_MONO + 6, 8);
}

/** Writes one attribute register and leaves the display on. */
export function writeAttribute(ports: FirmwarePorts, index: number, value: number): void {
  resetAttributeFlipFlop(ports);
  ports.writePort(PORT_VGA_ATTRIBUTE, 8, index);
  ports.writePort(PORT_VGA_ATTRIBUTE, 8, value);
  ports.writePort(PORT_VGA_ATTRIBUTE, 8, ATTRIBUTE_PALETTE_SOURCE);
}

/** Writes consecutive DAC entries. @param levels red, green, blue, 0 to 63 each */
export function writeDac(ports: FirmwarePorts, first: number, levels: readonly number[] | Uint8Array): void {
  ports.writePort(PORT_VGA_DAC_WRITE_INDEX, 8, first & 0xff);
  for (const level of levels) ports.writePort(PORT_VGA_DAC_DATA, 8, level & 0x3f);
}

/**
 * Loads a character generator into plane 2 of the running text mode.
 *
 * @param glyphs `height` bytes for each character
 * @param first code of the first character
 * @param block 0 to 7
 */
export function loadFont(
  ports: FirmwarePorts,
  memory: FirmwareMemory,
  glyphs: Uint8Array,
  height: number,
  first: number,
  block: number,
): void {
  const sequencer = (index: number, value: number): void => writeIndexed(ports, PORT_VGA_SEQUENCER, index, value);
  const graphics = (index: number, value: number): void => writeIndexed(ports, PORT_VGA_GRAPHICS, index, value);
  ports.writePort(PORT_VGA_GRAPHICS, 8, 6);
  const isMono = (ports.readPort(PORT_VGA_GRAPHICS + 1, 8) & 0x0c) === 0x08;
  sequencer(2, 0x04); // write plane 2 only
  sequencer(4, 0x07); // flat addresses
  graphics(4, 0x02);
  graphics(5, 0x00);
  graphics(6, 0x04); // 64 KiB at A0000
  // Blocks 0-3 are 16 KiB apart, blocks 4-7 lie 8 KiB behind them.
  const base = FONT_PLANE_WINDOW + (block & 3) * 0x4000 + ((block >> 2) & 1) * 0x2000;
  const count = Math.min(Math.ceil(glyphs.length / height), 0x100 - first);
  for (let i = 0; i < count; i++) {
    memory.writeBytes(base + (first + i) * FONT_STRIDE, glyphs.subarray(i * height, (i + 1) * height));
  }
  sequencer(2, 0x03);
  sequencer(4, 0x03);
  graphics(4, 0x00);
  graphics(5, 0x10);
  graphics(6, isMono ? 0x0a : 0x0e);
}

/** The firmware of a plain VGA. */
export function vgaFirmware(ports: FirmwarePorts, memory: FirmwareMemory, fonts: VideoFonts): VideoFirmware {
  return {
    setMode(number, textLines) {
      const standard = VIDEO_MODES.get(number);
      if (standard === undefined) return false;
      const mode = withTextLines(standard, textLines);
      if (hasDisplayInterface(ports)) switchOff(ports);
      programRegisters(ports, mode);
      writeDac(ports, 0, paletteOf(mode.palette));
      const height = mode.characterHeight;
      const font = height === 8 ? fonts.rows8 : height === 14 ? fonts.rows14 : fonts.rows16;
      if (mode.model === 'text' && font !== undefined) loadFont(ports, memory, font, height, 0, 0);
      resetAttributeFlipFlop(ports);
      ports.writePort(PORT_VGA_ATTRIBUTE, 8, ATTRIBUTE_PALETTE_SOURCE);
      return true;
    },
  };
}

function programRegisters(ports: FirmwarePorts, mode: VideoMode): void {
  const registers = videoRegisters(mode);
  // The palette is disconnected until everything is written: the screen stays in the border colour.
  resetAttributeFlipFlop(ports);
  ports.writePort(PORT_VGA_ATTRIBUTE, 8, 0x00);
  writeIndexed(ports, PORT_VGA_SEQUENCER, 0, 0x01);
  ports.writePort(PORT_VGA_MISC_WRITE, 8, registers.misc);
  registers.sequencer.forEach((value, index) => {
    writeIndexed(ports, PORT_VGA_SEQUENCER, index + 1, value);
  });
  writeIndexed(ports, PORT_VGA_SEQUENCER, 0, 0x03);
  const crtc = (registers.misc & 0x01) !== 0 ? PORT_VGA_CRTC_COLOUR : PORT_VGA_CRTC_MONO;
  // Registers 0 to 7 can only be written while the protection bit in 11h is clear.
  const retraceEnd = registers.crtc[CRTC_VERTICAL_RETRACE_END] ?? 0;
  writeIndexed(ports, crtc, CRTC_VERTICAL_RETRACE_END, retraceEnd & ~CRTC_PROTECT);
  registers.crtc.forEach((value, index) => {
    writeIndexed(ports, crtc, index, index === CRTC_VERTICAL_RETRACE_END ? retraceEnd & ~CRTC_PROTECT : value);
  });
  writeIndexed(ports, crtc, CRTC_VERTICAL_RETRACE_END, retraceEnd);
  registers.graphics.forEach((value, index) => {
    writeIndexed(ports, PORT_VGA_GRAPHICS, index, value);
  });
  registers.attribute.forEach((value, index) => {
    resetAttributeFlipFlop(ports);
    ports.writePort(PORT_VGA_ATTRIBUTE, 8, index);
    ports.writePort(PORT_VGA_ATTRIBUTE, 8, value);
  });
  writeAttribute(ports, 0x14, 0x00);
  resetAttributeFlipFlop(ports);
  ports.writePort(PORT_VGA_ATTRIBUTE, 8, 0x00);
  ports.writePort(PORT_VGA_DAC_MASK, 8, 0xff);
}
