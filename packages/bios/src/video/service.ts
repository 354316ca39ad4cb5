/**
 * INT 10h: the display.
 *
 * **Not emulated**: light pen, user-defined palettes and fonts across mode sets, the sound of BEL.
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 10h"; RBIL INT 10
 */
import { BDA_CURSOR_SHAPE, BDA_VIDEO_CONTROL, BDA_VIDEO_FLAGS, BDA_VIDEO_MODE } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import { PORT_VGA_MISC_READ } from '../ports.ts';
import { characterGenerator } from './font-service.ts';
import { readPixel, writePixel } from './graphics.ts';
import { chooseTextLines, setVideoMode } from './mode-set.ts';
import { paletteRegisters, setCgaColours } from './palette-service.ts';
import { activePage, readCursor, readScreen, selectPage, writeCursor, writeCursorShape } from './screen.ts';
import { displayCombination, functionalityState } from './state-service.ts';
import { videoState } from './state-storage.ts';
import { putCharacter, scrollWindow, teletype } from './teletype.ts';
import { readCell } from './text.ts';
import { vesa } from './vesa/service.ts';

/** No write needs more characters than the largest page has. */
const MAX_REPEAT = 0x4000;

/** INT 10h. Functions that do not exist change nothing, as on every PC. */
export function video(firmware: Firmware, call: ServiceCall): undefined {
  const handler = FUNCTIONS.get(call.ah);
  if (handler === undefined) firmware.unsupported(call);
  else handler(firmware, call);
}

const FUNCTIONS: ReadonlyMap<number, (firmware: Firmware, call: ServiceCall) => void> = new Map([
  [0x00, setMode],
  [0x01, (firmware, call) => writeCursorShape(firmware, call.ch & 0x3f, call.cl & 0x1f)],
  [0x02, (firmware, call) => writeCursor(firmware, call.bh, { row: call.dh, column: call.dl })],
  [0x03, readCursorPosition],
  [0x05, (firmware, call) => selectPage(firmware, call.al)],
  [0x06, (firmware, call) => scroll(firmware, call, 1)],
  [0x07, (firmware, call) => scroll(firmware, call, -1)],
  [0x08, readCharacter],
  [0x09, (firmware, call) => writeRepeated(firmware, call, call.bl)],
  [0x0a, (firmware, call) => writeRepeated(firmware, call, isText(firmware) ? undefined : call.bl)],
  [0x0b, setCgaColours],
  [0x0c, drawPixel],
  [0x0d, getPixel],
  [0x0e, (firmware, call) => teletype(firmware, call.al, activePage(firmware), isText(firmware) ? undefined : call.bl)],
  [0x0f, currentMode],
  [0x10, paletteRegisters],
  [0x11, characterGenerator],
  [0x12, alternateSelect],
  [0x13, writeString],
  [0x1a, displayCombination],
  [0x1b, functionalityState],
  [0x1c, saveState],
  [0x4f, vesa],
]);

function isText(firmware: Firmware): boolean {
  return readScreen(firmware).mode.model === 'text';
}

/** AL on return: 3Fh for mode 6, 20h for modes above 7, 30h otherwise. */
function setMode(firmware: Firmware, call: ServiceCall): void {
  const mode = setVideoMode(firmware, call.al);
  if (mode === undefined) firmware.unsupported(call);
  else call.al = mode.number === 6 ? 0x3f : mode.number > 7 ? 0x20 : 0x30;
}

function readCursorPosition(firmware: Firmware, call: ServiceCall): void {
  const { row, column } = readCursor(firmware, call.bh);
  const shape = firmware.memory.read16(BDA_CURSOR_SHAPE);
  call.cx = shape;
  call.dh = row;
  call.dl = column;
}

function scroll(firmware: Firmware, call: ServiceCall, direction: 1 | -1): void {
  const window = { top: call.ch, left: call.cl, bottom: call.dh, right: call.dl };
  scrollWindow(firmware, readScreen(firmware), activePage(firmware), window, direction * call.al, call.bh);
}

/** In graphics modes there is no character to recognise: AL = 0. */
function readCharacter(firmware: Firmware, call: ServiceCall): void {
  const screen = readScreen(firmware);
  call.ax = screen.mode.model === 'text' ? readCell(firmware, screen, call.bh & 7, readCursor(firmware, call.bh)) : 0;
}

/** Text runs on into the next rows; characters in graphics modes stay in theirs. The cursor does not move. */
function writeRepeated(firmware: Firmware, call: ServiceCall, attribute: number | undefined): void {
  const screen = readScreen(firmware);
  const page = call.bh & 7;
  const start = readCursor(firmware, page);
  const room = screen.mode.model === 'text' ? MAX_REPEAT : screen.columns - start.column;
  for (let i = 0; i < Math.min(call.cx, room); i++) {
    putCharacter(firmware, screen, page, { row: start.row, column: start.column + i }, call.al, attribute);
  }
}

function drawPixel(firmware: Firmware, call: ServiceCall): void {
  const screen = readScreen(firmware);
  if (screen.mode.model !== 'text') writePixel(firmware, screen, call.bh & 7, call.cx, call.dx, call.al);
}

function getPixel(firmware: Firmware, call: ServiceCall): void {
  const screen = readScreen(firmware);
  if (screen.mode.model !== 'text') call.al = readPixel(firmware, screen, call.bh & 7, call.cx, call.dx);
}

function currentMode(firmware: Firmware, call: ServiceCall): void {
  const { memory } = firmware;
  call.al = (memory.read8(BDA_VIDEO_MODE) & 0x7f) | (memory.read8(BDA_VIDEO_CONTROL) & 0x80);
  call.ah = readScreen(firmware).columns;
  call.bh = activePage(firmware);
}

/** AH=12h: BL=10h describes the adapter; the switches that are only remembered answer AL=12h. */
function alternateSelect(firmware: Firmware, call: ServiceCall): void {
  const { memory, ports } = firmware;
  const setBit = (address: number, mask: number, isSet: boolean): void => {
    const value = memory.read8(address);
    memory.write8(address, isSet ? value | mask : value & ~mask);
    call.al = 0x12;
  };
  switch (call.bl) {
    case 0x10:
      call.bh = (ports.readPort(PORT_VGA_MISC_READ, 8) & 0x01) === 0 ? 1 : 0;
      call.bl = 0x03;
      call.cx = 0x0009;
      return;
    case 0x30:
      call.al = chooseTextLines(firmware, call.al) ? 0x12 : 0;
      return;
    case 0x31: // default palette loading: 0 on
      setBit(BDA_VIDEO_FLAGS, 0x08, call.al === 1);
      return;
    case 0x33: // grey-scale summing: 0 on
      setBit(BDA_VIDEO_FLAGS, 0x02, call.al === 0);
      return;
    case 0x34: // cursor emulation: 0 on
      setBit(BDA_VIDEO_CONTROL, 0x01, call.al === 1);
      return;
    default:
      firmware.unsupported(call);
  }
}

/** AH=1Ch: AL = 0 to 2, as in AX=4F04h. */
function saveState(firmware: Firmware, call: ServiceCall): void {
  if (videoState(firmware, call, call.al)) call.al = 0x1c;
}

/** AH=13h: AL bit 0 moves the cursor, bit 1 says that attributes follow the characters. */
function writeString(firmware: Firmware, call: ServiceCall): void {
  const page = call.bh & 7;
  const before = readCursor(firmware, page);
  const movesCursor = (call.al & 1) !== 0;
  const hasAttributes = (call.al & 2) !== 0;
  // Row FFh: at the cursor.
  if (call.dh !== 0xff) writeCursor(firmware, page, { row: call.dh, column: call.dl });
  let offset = call.bp;
  const next = (): number => firmware.memory.read8(call.address('es', offset++));
  for (let i = 0; i < Math.min(call.cx, MAX_REPEAT); i++) {
    const character = next();
    teletype(firmware, character, page, hasAttributes ? next() : call.bl);
  }
  if (!movesCursor) writeCursor(firmware, page, before);
}
