/** The screen as the BIOS data area describes it, and its cursor. */
import {
  BDA_ACTIVE_PAGE,
  BDA_CHARACTER_HEIGHT,
  BDA_CRTC_PORT,
  BDA_CURSOR_POSITIONS,
  BDA_CURSOR_SHAPE,
  BDA_VIDEO_COLUMNS,
  BDA_VIDEO_CONTROL,
  BDA_VIDEO_MODE,
  BDA_VIDEO_PAGE_SIZE,
  BDA_VIDEO_PAGE_START,
  BDA_VIDEO_ROWS,
} from '../bda.ts';
import type { Firmware } from '../firmware.ts';
import { VIDEO_MODES, type VideoMode } from './modes.ts';
import { writeIndexed } from './vga.ts';

/** The active mode with the sizes that programs may have changed in the BIOS data area. */
export interface Screen {
  readonly mode: VideoMode;
  readonly columns: number;
  readonly rows: number;
  readonly pageSizeBytes: number;
  readonly characterHeight: number;
}

/** A character cell. */
export interface CursorPosition {
  readonly row: number;
  readonly column: number;
}

const CRTC_CURSOR_START = 0x0a;
const CRTC_CURSOR_END = 0x0b;
const CRTC_START_HIGH = 0x0c;
const CRTC_START_LOW = 0x0d;
const CRTC_CURSOR_HIGH = 0x0e;
const CRTC_CURSOR_LOW = 0x0f;
const CURSOR_OFF = 0x20;
const DEFAULT_MODE = 0x03;
/** Bit of 40:87 that is set when cursor shapes are to be taken as they are. */
const CONTROL_NO_CURSOR_EMULATION = 0x01;
/** The eight cursor positions of the BIOS data area. */
const PAGES = 8;

/** @returns the screen; at least one row and one column, whatever the guest wrote to the BIOS data area */
export function readScreen({ memory }: Firmware): Screen {
  const number = memory.read8(BDA_VIDEO_MODE) & 0x7f;
  const mode = VIDEO_MODES.get(number) ?? VIDEO_MODES.get(DEFAULT_MODE);
  if (mode === undefined) throw new Error('mode 3 is in the table');
  return {
    mode,
    columns: Math.max(1, Math.min(memory.read16(BDA_VIDEO_COLUMNS), 256)),
    rows: memory.read8(BDA_VIDEO_ROWS) + 1,
    pageSizeBytes: memory.read16(BDA_VIDEO_PAGE_SIZE),
    characterHeight: Math.max(1, Math.min(memory.read16(BDA_CHARACTER_HEIGHT), 32)),
  };
}

/** @returns the active page, 0 to 7 */
export function activePage({ memory }: Firmware): number {
  return memory.read8(BDA_ACTIVE_PAGE) & (PAGES - 1);
}

/** @returns where the cursor of a page is; outside of the screen if the guest put it there */
export function readCursor({ memory }: Firmware, page: number): CursorPosition {
  const position = memory.read16(BDA_CURSOR_POSITIONS + 2 * (page & (PAGES - 1)));
  return { row: position >> 8, column: position & 0xff };
}

/** Moves the cursor of a page, and the blinking one if the page is shown. */
export function writeCursor(firmware: Firmware, page: number, { row, column }: CursorPosition): void {
  const { memory, ports } = firmware;
  memory.write16(BDA_CURSOR_POSITIONS + 2 * (page & (PAGES - 1)), ((row & 0xff) << 8) | (column & 0xff));
  if ((page & (PAGES - 1)) !== activePage(firmware)) return;
  const { columns } = readScreen(firmware);
  const address = (memory.read16(BDA_VIDEO_PAGE_START) >> 1) + row * columns + column;
  const crtc = memory.read16(BDA_CRTC_PORT);
  writeIndexed(ports, crtc, CRTC_CURSOR_HIGH, (address >> 8) & 0xff);
  writeIndexed(ports, crtc, CRTC_CURSOR_LOW, address & 0xff);
}

/**
 * Sets the cursor's first and last scan line. Shapes for an 8-line cell are stretched to the real height: a two-line underline
 * stays one, at the third line from below.
 *
 * @param start first line and, in bit 5, "no cursor"
 */
export function writeCursorShape(firmware: Firmware, start: number, end: number): void {
  const { memory, ports } = firmware;
  memory.write16(BDA_CURSOR_SHAPE, ((start & 0xff) << 8) | (end & 0xff));
  const height = readScreen(firmware).characterHeight;
  let first = start & 0x1f;
  let last = end & 0x1f;
  const isEmulated = (memory.read8(BDA_VIDEO_CONTROL) & CONTROL_NO_CURSOR_EMULATION) === 0;
  if (isEmulated && height > 8 && first < 8 && last < 8) {
    if (last === first + 1) {
      first = Math.trunc(((last + 1) * height) / 8) - 3;
      last = first + 1;
    } else {
      first = Math.trunc((first * height) / 8);
      last = Math.trunc(((last + 1) * height) / 8) - 1;
    }
  }
  const crtc = memory.read16(BDA_CRTC_PORT);
  writeIndexed(ports, crtc, CRTC_CURSOR_START, (first & 0x1f) | (start & CURSOR_OFF));
  writeIndexed(ports, crtc, CRTC_CURSOR_END, last & 0x1f);
}

/** Shows another page. Pages that the mode does not have are ignored. */
export function selectPage(firmware: Firmware, page: number): void {
  const { memory, ports } = firmware;
  const { mode, pageSizeBytes } = readScreen(firmware);
  if (page >= mode.pageCount) return;
  const start = (page * pageSizeBytes) & 0xffff;
  memory.write16(BDA_VIDEO_PAGE_START, start);
  memory.write8(BDA_ACTIVE_PAGE, page);
  const address = mode.model === 'text' ? start >> 1 : start;
  const crtc = memory.read16(BDA_CRTC_PORT);
  writeIndexed(ports, crtc, CRTC_START_HIGH, address >> 8);
  writeIndexed(ports, crtc, CRTC_START_LOW, address & 0xff);
  writeCursor(firmware, page, readCursor(firmware, page));
}
