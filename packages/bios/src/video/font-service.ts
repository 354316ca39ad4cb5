/** INT 10h AH=11h: character generators. */
import { BDA_CHARACTER_HEIGHT, BDA_CRTC_PORT, BDA_VIDEO_ROWS } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwarePorts } from '../host.ts';
import { PORT_VGA_SEQUENCER } from '../ports.ts';
import { ROM_SEGMENT, ROM_TABLE } from '../rom/image.ts';
import { fontTable } from './mode-set.ts';
import type { TextLines } from './modes.ts';
import { writeCursorShape } from './screen.ts';
import { loadFont, writeIndexed } from './vga.ts';

const VECTOR_1FH = 4 * 0x1f;
const VECTOR_43H = 4 * 0x43;
const SEQUENCER_CHARACTER_MAP = 3;
const CRTC_OVERFLOW = 0x07;
const CRTC_DOUBLE_SCAN = 0x80;
const CRTC_MAXIMUM_SCAN_LINE = 0x09;
const CRTC_VERTICAL_DISPLAY_END = 0x12;

/**
 * AL = 00h-04h load a font into plane 2; 10h-14h also fit the rows to it; 20h-24h set the graphics generator; 30h returns
 * where a generator is.
 */
export function characterGenerator(firmware: Firmware, call: ServiceCall): void {
  const { memory } = firmware;
  switch (call.al) {
    case 0x00:
    case 0x10: {
      const count = Math.min(call.cx, 256 - (call.dx & 0xff));
      const height = Math.max(1, Math.min(call.bh, 32));
      const glyphs = memory.readBytes(call.address('es', call.bp), count * height);
      load(firmware, call, glyphs, height, call.dx & 0xff);
      return;
    }
    case 0x01:
    case 0x11:
      load(firmware, call, romFont(firmware, 14), 14, 0);
      return;
    case 0x02:
    case 0x12:
      load(firmware, call, romFont(firmware, 8), 8, 0);
      return;
    case 0x04:
    case 0x14:
      load(firmware, call, romFont(firmware, 16), 16, 0);
      return;
    case 0x03: // which blocks attribute bit 3 chooses between
      writeIndexed(firmware.ports, PORT_VGA_SEQUENCER, SEQUENCER_CHARACTER_MAP, call.bl);
      return;
    case 0x20:
      memory.write32(VECTOR_1FH, (call.cpu.es & 0xffff) * 0x10000 + call.bp);
      return;
    case 0x21:
      setGraphicsFont(firmware, call, (call.cpu.es & 0xffff) * 0x10000 + call.bp, call.cx & 0xff);
      return;
    case 0x22:
    case 0x23:
    case 0x24: {
      const height = call.al === 0x22 ? 14 : call.al === 0x23 ? 8 : 16;
      setGraphicsFont(firmware, call, ROM_SEGMENT * 0x10000 + fontTable(height), height);
      return;
    }
    case 0x30:
      fontInformation(firmware, call);
      return;
    default:
      firmware.unsupported(call);
  }
}

function romFont({ rom }: Firmware, height: number): Uint8Array {
  const start = fontTable(height);
  return rom.bytes.subarray(start, start + 256 * height);
}

function load(firmware: Firmware, call: ServiceCall, glyphs: Uint8Array, height: number, first: number): void {
  const { memory, ports } = firmware;
  loadFont(ports, memory, glyphs, height, first, call.bl & 7);
  if (call.al < 0x10) return;
  const crtc = memory.read16(BDA_CRTC_PORT);
  const maximumScanLine = readIndexed(ports, crtc, CRTC_MAXIMUM_SCAN_LINE);
  const isDouble = (maximumScanLine & CRTC_DOUBLE_SCAN) !== 0;
  const rows = Math.trunc(modeLines(ports, crtc, isDouble) / height);
  writeIndexed(ports, crtc, CRTC_MAXIMUM_SCAN_LINE, (maximumScanLine & 0xe0) | (height - 1));
  writeIndexed(ports, crtc, CRTC_VERTICAL_DISPLAY_END, (rows * height * (isDouble ? 2 : 1) - 1) & 0xff);
  memory.write8(BDA_VIDEO_ROWS, rows - 1);
  memory.write16(BDA_CHARACTER_HEIGHT, height);
  writeCursorShape(firmware, 0x06, 0x07);
}

/** Scan lines of the text mode that is on: rows of earlier fonts may have left some of them over. */
function modeLines(ports: FirmwarePorts, crtc: number, isDouble: boolean): TextLines {
  if (isDouble) return 200;
  const overflow = readIndexed(ports, crtc, CRTC_OVERFLOW);
  const end = readIndexed(ports, crtc, CRTC_VERTICAL_DISPLAY_END) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3);
  return end < 350 ? 350 : 400;
}

function readIndexed(ports: FirmwarePorts, port: number, index: number): number {
  ports.writePort(port, 8, index);
  return ports.readPort(port + 1, 8) & 0xff;
}

/** BL: 0 = DL rows, 1 = 14, 2 = 25, 3 = 43. */
function setGraphicsFont(firmware: Firmware, call: ServiceCall, pointer: number, height: number): void {
  const rows = [call.dl, 14, 25, 43][call.bl] ?? 25;
  firmware.memory.write32(VECTOR_43H, pointer);
  firmware.memory.write16(BDA_CHARACTER_HEIGHT, height);
  firmware.memory.write8(BDA_VIDEO_ROWS, Math.max(rows, 1) - 1);
}

function fontInformation(firmware: Firmware, call: ServiceCall): void {
  const { memory } = firmware;
  const tables: Readonly<Record<number, number>> = {
    2: ROM_TABLE.font14,
    3: ROM_TABLE.font8,
    4: ROM_TABLE.font8 + 1024,
    5: ROM_TABLE.font14,
    6: ROM_TABLE.font16,
    7: ROM_TABLE.font16,
  };
  const table = tables[call.bh];
  if (call.bh > 7) {
    firmware.unsupported(call);
    return;
  }
  const pointer =
    table === undefined ? memory.read32(call.bh === 0 ? VECTOR_1FH : VECTOR_43H) : ROM_SEGMENT * 0x10000 + table;
  call.cpu.es = pointer >>> 16;
  call.bp = pointer & 0xffff;
  call.cx = memory.read16(BDA_CHARACTER_HEIGHT) & 0xff;
  call.dl = memory.read8(BDA_VIDEO_ROWS);
}
