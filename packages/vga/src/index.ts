export { CODE_PAGE_437 } from './code-page-437.ts';
export type { DispiRegisters } from './dispi.ts';
export { FONT_8X8, FONT_8X14, FONT_8X16 } from './fonts/rom-fonts.ts';
export type { Frame } from './frame.ts';
export { changedRectangles, enlarge, type FrameRectangle } from './frame-tools.ts';
export {
  loadFont,
  MODE_3_NARROW_REGISTERS,
  MODE_3_REGISTERS,
  MODE_12_REGISTERS,
  MODE_13_REGISTERS,
  type ModeRegisters,
  programMode,
} from './modes.ts';
export { DEFAULT_PALETTE_16, DEFAULT_PALETTE_256 } from './palettes.ts';
export { encodePng } from './png/png.ts';
export {
  DISPI_PORT_BASE,
  DISPI_PORT_COUNT,
  DISPI_PORT_OFFSET,
  VGA_MEMORY_BASE,
  VGA_MEMORY_SIZE,
  VGA_PORT_BASE,
  VGA_PORT_COUNT,
} from './registers.ts';
export type { VgaRegisters, VgaState } from './state.ts';
export { VgaError } from './state-error.ts';
export { type TextCell, type TextCursor, type TextScreen, textScreenToStrings } from './text-screen.ts';
export { VGA_VIDEO_MEMORY_SIZE, Vga, type VgaDependencies } from './vga.ts';
export type { VideoMemoryRun } from './video-memory.ts';
