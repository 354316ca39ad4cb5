/**
 * INT 10h AX=4F05h to 4F09h: what can be changed inside a mode.
 *
 * @source VESA BIOS Extension (VBE) Core Functions 2.0, "Display Window Control" to "Set/Get Palette Data"
 */
import type { ServiceCall } from '../../call.ts';
import type { Firmware } from '../../firmware.ts';
import { PORT_VGA_DAC_DATA, PORT_VGA_DAC_READ_INDEX, PORT_VGA_DAC_WRITE_INDEX } from '../../ports.ts';
import {
  type CurrentMode,
  DISPI_BANK,
  DISPI_ENABLE,
  DISPI_VIRT_HEIGHT,
  DISPI_VIRT_WIDTH,
  DISPI_X_OFFSET,
  DISPI_Y_OFFSET,
  ENABLE_8BIT_DAC,
  ENABLE_LFB,
  readDispi,
  writeDispi,
} from './display.ts';
import { bytesOfPixels } from './modes.ts';
import { VESA_FAILED, VESA_INVALID_IN_MODE, VESA_NOT_SUPPORTED, VESA_OK, type VesaStatus } from './status.ts';

/** The flag of BL that asks to wait for the vertical retrace. No time is lost here: a frame shows one moment. */
const DURING_RETRACE = 0x80;
const WIDEST_PIXELS = 0xfff8;
const DAC_ENTRIES = 256;

/** AX=4F05h: BH = 0 moves window A to the bank in DX, 1 tells it. */
export function windowControl({ ports }: Firmware, call: ServiceCall, { enable }: CurrentMode): VesaStatus {
  if ((enable & ENABLE_LFB) !== 0) return VESA_INVALID_IN_MODE;
  if (call.bl !== 0) return VESA_FAILED;
  if (call.bh === 1) {
    call.dx = readDispi(ports, DISPI_BANK);
    return VESA_OK;
  }
  if (call.bh !== 0) return VESA_FAILED;
  writeDispi(ports, DISPI_BANK, call.dx);
  return readDispi(ports, DISPI_BANK) === call.dx ? VESA_OK : VESA_FAILED;
}

/** AX=4F06h: BL = 0 sets the length of a scan line in pixels (CX), 2 in bytes, 1 tells it, 3 tells the longest. */
export function scanLineLength({ ports }: Firmware, call: ServiceCall, { mode }: CurrentMode): VesaStatus {
  const { bitsPerPixel } = mode;
  const bytesOf8 = bytesOfPixels(8, bitsPerPixel);
  const inBytes = (pixels: number): number => bytesOfPixels(pixels, bitsPerPixel);
  const memoryBytes = (): number => inBytes(readDispi(ports, DISPI_VIRT_WIDTH)) * readDispi(ports, DISPI_VIRT_HEIGHT);
  if (call.bl === 3) {
    const longest = Math.min(Math.floor(memoryBytes() / mode.height / bytesOf8) * 8, WIDEST_PIXELS);
    const fitting = Math.min(longest, Math.floor(0xffff / bytesOf8) * 8);
    call.bx = inBytes(fitting);
    call.cx = fitting;
    call.dx = mode.height;
    return VESA_OK;
  }
  if (call.bl > 3) return VESA_FAILED;
  if (call.bl !== 1) {
    const wanted = call.bl === 2 ? Math.ceil(call.cx / bytesOf8) * 8 : (call.cx + 7) & ~7;
    const before = readDispi(ports, DISPI_VIRT_WIDTH);
    const isTooLong = wanted > WIDEST_PIXELS || inBytes(wanted) * mode.height > memoryBytes();
    if (wanted < mode.width || isTooLong) return VESA_NOT_SUPPORTED;
    writeDispi(ports, DISPI_VIRT_WIDTH, wanted);
    if (readDispi(ports, DISPI_VIRT_WIDTH) !== wanted) {
      writeDispi(ports, DISPI_VIRT_WIDTH, before);
      return VESA_NOT_SUPPORTED;
    }
  }
  call.cx = readDispi(ports, DISPI_VIRT_WIDTH);
  call.bx = inBytes(call.cx);
  call.dx = readDispi(ports, DISPI_VIRT_HEIGHT);
  return VESA_OK;
}

/** AX=4F07h: BL = 0 shows the picture from pixel CX of line DX on, 1 tells from where it is shown. */
export function displayStart({ ports }: Firmware, call: ServiceCall): VesaStatus {
  if (call.bl === 1) {
    call.bh = 0;
    call.cx = readDispi(ports, DISPI_X_OFFSET);
    call.dx = readDispi(ports, DISPI_Y_OFFSET);
    return VESA_OK;
  }
  if ((call.bl & ~DURING_RETRACE) !== 0) return VESA_FAILED;
  const before = [DISPI_X_OFFSET, DISPI_Y_OFFSET].map((index) => [index, readDispi(ports, index)] as const);
  writeDispi(ports, DISPI_X_OFFSET, call.cx);
  writeDispi(ports, DISPI_Y_OFFSET, call.dx);
  const isTaken = readDispi(ports, DISPI_X_OFFSET) === call.cx && readDispi(ports, DISPI_Y_OFFSET) === call.dx;
  if (isTaken) return VESA_OK;
  for (const [index, value] of before) writeDispi(ports, index, value);
  return VESA_FAILED;
}

/** AX=4F08h: BL = 0 sets the DAC's width to what BH asks for, six bits or eight; 1 tells it. */
export function dacWidth({ ports }: Firmware, call: ServiceCall, { mode, enable }: CurrentMode): VesaStatus {
  if (mode.bitsPerPixel > 8) return VESA_INVALID_IN_MODE;
  if (call.bl > 1) return VESA_FAILED;
  if (call.bl === 0) {
    const width = call.bh >= 8 ? ENABLE_8BIT_DAC : 0;
    writeDispi(ports, DISPI_ENABLE, (enable & ~ENABLE_8BIT_DAC) | width);
  }
  call.bh = (readDispi(ports, DISPI_ENABLE) & ENABLE_8BIT_DAC) !== 0 ? 8 : 6;
  return VESA_OK;
}

/** AX=4F09h: BL = 0 sets CX colours of the DAC from DX on, from ES:DI as blue, green, red and a byte between; 1 tells them. */
export function paletteData({ ports, memory }: Firmware, call: ServiceCall): VesaStatus {
  if (call.bl === 2 || call.bl === 3) return VESA_NOT_SUPPORTED; // the second palette
  if ((call.bl & ~DURING_RETRACE) > 1 || call.dx + call.cx > DAC_ENTRIES) return VESA_FAILED;
  const byte = (entry: number, part: number): number => call.address('es', call.di + 4 * entry + part);
  const isWrite = call.bl !== 1;
  ports.writePort(isWrite ? PORT_VGA_DAC_WRITE_INDEX : PORT_VGA_DAC_READ_INDEX, 8, call.dx & 0xff);
  for (let entry = 0; entry < call.cx; entry++) {
    for (const part of [2, 1, 0]) {
      if (isWrite) ports.writePort(PORT_VGA_DAC_DATA, 8, memory.read8(byte(entry, part)));
      else memory.write8(byte(entry, part), ports.readPort(PORT_VGA_DAC_DATA, 8) & 0xff);
    }
    if (!isWrite) memory.write8(byte(entry, 3), 0);
  }
  return VESA_OK;
}
