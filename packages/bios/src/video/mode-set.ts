/** INT 10h AH=00h: the mode, the BIOS data area that goes with it, and a clear screen. */
import {
  BDA_ACTIVE_PAGE,
  BDA_CGA_MODE_REGISTER,
  BDA_CGA_PALETTE,
  BDA_CHARACTER_HEIGHT,
  BDA_CRTC_PORT,
  BDA_CURSOR_POSITIONS,
  BDA_DISPLAY_COMBINATION,
  BDA_VIDEO_COLUMNS,
  BDA_VIDEO_CONTROL,
  BDA_VIDEO_FLAGS,
  BDA_VIDEO_MODE,
  BDA_VIDEO_PAGE_SIZE,
  BDA_VIDEO_PAGE_START,
  BDA_VIDEO_ROWS,
  BDA_VIDEO_SWITCHES,
} from '../bda.ts';
import type { Firmware } from '../firmware.ts';
import { PORT_VGA_CRTC_COLOUR, PORT_VGA_CRTC_MONO } from '../ports.ts';
import { ROM_SEGMENT, ROM_TABLE } from '../rom/image.ts';
import { clearGraphics } from './graphics.ts';
import { type TextLines, VIDEO_MODES, type VideoMode, withTextLines } from './modes.ts';
import { writeCursor, writeCursorShape } from './screen.ts';

const KEEP_MEMORY = 0x80;
/** A space, and light grey on black in the upper byte. */
const BLANK_CELL = 0x0720;
const TEXT_WINDOW_BYTES = 0x8000;
/** 256 KiB of memory, cursor emulation on. */
const CONTROL_VALUE = 0x60;
/** Feature connector and switches of an enhanced colour display. */
const SWITCHES_VALUE = 0xf9;
/** VGA active, 400 lines, default palette loading on. */
const FLAGS_VALUE = 0x51;
const FLAGS_VGA_ACTIVE = 0x01;
const FLAGS_400_LINES = 0x10;
const FLAGS_200_LINES = 0x80;
/** Display combination: VGA with an analogue colour display. */
export const DISPLAY_VGA_COLOUR = 0x08;
/** What a CGA's mode register would hold in modes 0 to 7. */
const CGA_MODE_VALUES = [0x2c, 0x28, 0x2d, 0x29, 0x2a, 0x2e, 0x1e, 0x29];
/** Vector of the graphics character generator. */
const VECTOR_43H = 4 * 0x43;

/**
 * Sets a mode and clears its memory unless bit 7 asks to keep it.
 *
 * @param request AL of INT 10h AH=00h
 * @returns the mode, or undefined when the adapter or the table does not have it: nothing was changed
 */
export function setVideoMode(firmware: Firmware, request: number): VideoMode | undefined {
  const { memory, video } = firmware;
  const standard = VIDEO_MODES.get(request & ~KEEP_MEMORY);
  const lines = textLines(firmware);
  if (standard === undefined || !video.setMode(standard.number, lines)) return undefined;
  const mode = withTextLines(standard, lines);
  const isText = mode.model === 'text';
  const keepsMemory = (request & KEEP_MEMORY) !== 0;
  memory.write8(BDA_VIDEO_MODE, mode.number);
  memory.write16(BDA_VIDEO_COLUMNS, mode.columns);
  memory.write16(BDA_VIDEO_PAGE_SIZE, mode.pageSizeBytes & 0xffff);
  memory.write16(BDA_VIDEO_PAGE_START, 0);
  for (let page = 0; page < 8; page++) memory.write16(BDA_CURSOR_POSITIONS + 2 * page, 0);
  memory.write8(BDA_ACTIVE_PAGE, 0);
  memory.write16(BDA_CRTC_PORT, mode.palette === 'mono' ? PORT_VGA_CRTC_MONO : PORT_VGA_CRTC_COLOUR);
  memory.write8(BDA_CGA_MODE_REGISTER, CGA_MODE_VALUES[mode.number] ?? 0x29);
  memory.write8(BDA_CGA_PALETTE, mode.number === 6 ? 0x3f : 0x30);
  memory.write8(BDA_VIDEO_ROWS, mode.rows - 1);
  memory.write16(BDA_CHARACTER_HEIGHT, mode.characterHeight);
  memory.write8(BDA_VIDEO_CONTROL, CONTROL_VALUE | (keepsMemory ? KEEP_MEMORY : 0));
  memory.write8(BDA_VIDEO_SWITCHES, SWITCHES_VALUE);
  memory.write8(BDA_VIDEO_FLAGS, videoFlags(firmware));
  memory.write8(BDA_DISPLAY_COMBINATION, DISPLAY_VGA_COLOUR);
  memory.write32(VECTOR_43H, ROM_SEGMENT * 0x10000 + fontTable(mode.characterHeight));
  if (!keepsMemory) clear(firmware, mode);
  if (isText) {
    writeCursorShape(firmware, 0x06, 0x07);
    writeCursor(firmware, 0, { row: 0, column: 0 });
  }
  return mode;
}

/** The flags as programs left them, once there are any: lines, default palettes and grey-scale summing outlive a mode. */
function videoFlags({ memory }: Firmware): number {
  const flags = memory.read8(BDA_VIDEO_FLAGS);
  return (flags & FLAGS_VGA_ACTIVE) !== 0 ? flags : FLAGS_VALUE;
}

/** @returns how many scan lines the next text mode has, as INT 10h AH=12h BL=30h can choose */
export function textLines(firmware: Firmware): TextLines {
  const flags = videoFlags(firmware);
  if ((flags & FLAGS_400_LINES) !== 0) return 400;
  return (flags & FLAGS_200_LINES) !== 0 ? 200 : 350;
}

/** @returns whether there is such a choice: 0 for 200 lines, 1 for 350, 2 for 400 */
export function chooseTextLines(firmware: Firmware, choice: number): boolean {
  const bits = [FLAGS_200_LINES, 0, FLAGS_400_LINES][choice];
  if (bits === undefined) return false;
  firmware.memory.write8(BDA_VIDEO_FLAGS, (videoFlags(firmware) & ~(FLAGS_200_LINES | FLAGS_400_LINES)) | bits);
  return true;
}

/** @returns the ROM offset of the character generator for a height */
export function fontTable(height: number): number {
  return height === 8 ? ROM_TABLE.font8 : height === 14 ? ROM_TABLE.font14 : ROM_TABLE.font16;
}

function clear(firmware: Firmware, mode: VideoMode): void {
  if (mode.model !== 'text') {
    clearGraphics(firmware, mode);
    return;
  }
  const cells = new Uint16Array(TEXT_WINDOW_BYTES / 2).fill(BLANK_CELL);
  firmware.memory.writeBytes(mode.base, new Uint8Array(cells.buffer));
}
