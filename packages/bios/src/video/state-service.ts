/** INT 10h AH=1Ah and AH=1Bh: which adapter there is, and the state of the display in one table. */
import {
  BDA_CHARACTER_HEIGHT,
  BDA_DISPLAY_COMBINATION,
  BDA_VIDEO_CONTROL,
  BDA_VIDEO_MODE,
  BDA_VIDEO_ROWS,
} from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import { ROM_SEGMENT, ROM_TABLE } from '../rom/image.ts';
import { textLines } from './mode-set.ts';
import { readScreen } from './screen.ts';

const STATE_SIZE_BYTES = 64;
/** Bytes of the BIOS data area, from the mode on, that the table repeats. */
const BDA_COPY_BYTES = 30;
/** Codes of the numbers of scan lines. */
const SCAN_LINES = { 200: 0, 350: 1, 400: 2 };
/** 256 KiB of video memory, as a code. */
const MEMORY_256K = 3;

/** AH=1Ah: AL=00h reads, AL=01h is accepted and ignored: there is one display. */
export function displayCombination({ memory }: Firmware, call: ServiceCall): void {
  if (call.al === 0x00) call.bx = memory.read8(BDA_DISPLAY_COMBINATION);
  if (call.al <= 0x01) call.al = 0x1a;
}

/** AH=1Bh with BX = 0: 64 bytes to ES:DI. */
export function functionalityState(firmware: Firmware, call: ServiceCall): void {
  if (call.bx !== 0) return;
  const { memory } = firmware;
  const { mode } = readScreen(firmware);
  const table = new DataView(new ArrayBuffer(STATE_SIZE_BYTES));
  table.setUint16(0x00, ROM_TABLE.videoFunctionality, true);
  table.setUint16(0x02, ROM_SEGMENT, true);
  new Uint8Array(table.buffer).set(memory.readBytes(BDA_VIDEO_MODE, BDA_COPY_BYTES), 0x04);
  table.setUint8(0x22, (memory.read8(BDA_VIDEO_ROWS) + 1) & 0xff);
  table.setUint16(0x23, memory.read16(BDA_CHARACTER_HEIGHT), true);
  table.setUint8(0x25, memory.read8(BDA_DISPLAY_COMBINATION));
  table.setUint16(0x27, mode.palette === 'mono' ? 2 : 2 ** mode.bitsPerPixel, true);
  table.setUint8(0x29, mode.pageCount);
  table.setUint8(0x2a, SCAN_LINES[textLines(firmware)]);
  table.setUint8(0x2d, (memory.read8(BDA_VIDEO_CONTROL) & 0x01) === 0 ? 0x10 : 0x00);
  table.setUint8(0x31, MEMORY_256K);
  memory.writeBytes(call.address('es', call.di), new Uint8Array(table.buffer));
  call.al = 0x1b;
}
