/**
 * INT 10h AX=4F00h and 4F01h: what the adapter is, and what a mode is.
 *
 * @source VESA BIOS Extension (VBE) Core Functions 2.0, "Return VBE Controller Information", "Return VBE Mode Information"
 */
import type { ServiceCall } from '../../call.ts';
import type { Firmware } from '../../firmware.ts';
import { ROM_SEGMENT, ROM_TABLE, VESA_STRINGS } from '../../rom/image.ts';
import type { Display } from './display.ts';
import { bytesOfPixels, modesOf, screenSizeBytes, type VesaMode } from './modes.ts';

const VERSION_2_0 = 0x0200;
const PRODUCT_REVISION = 0x0001;
/** The DAC can be switched to eight bits. */
const CAPABILITY_8BIT_DAC = 0x01;
const SIGNATURE_VBE2 = 0x3245_4256;
const SIGNATURE_VESA = 0x4153_4556;
const BLOCK_SIZE_BYTES = 256;
/** Size with the OEM's data, for callers that ask for version 2. */
const BLOCK_2_SIZE_BYTES = 512;
const MODE_LIST_OFFSET = 0x22;
const MODE_LIST_END = 0xffff;
const BANK_SIZE_BYTES = 0x10000;

/** Supported, with all the information, in colour, graphics. */
const ATTRIBUTES = 0x001b;
const ATTRIBUTE_LINEAR = 0x0080;
/** Exists, readable and writeable. */
const WINDOW_ATTRIBUTES = 0x07;
const WINDOW_KIB = 64;
const WINDOW_SEGMENT = 0xa000;
const MEMORY_MODEL_PLANAR = 3;
const MEMORY_MODEL_PACKED = 4;
const MEMORY_MODEL_DIRECT = 6;

/** Sizes and lowest bits of red, green, blue and the rest. */
const DIRECT_FIELDS: Readonly<Record<number, readonly number[]>> = {
  15: [5, 10, 5, 5, 5, 0, 1, 15],
  16: [5, 11, 6, 5, 5, 0, 0, 0],
  24: [8, 16, 8, 8, 8, 0, 0, 0],
  32: [8, 16, 8, 8, 8, 0, 8, 24],
};
/** Direct colour: the fourth field may be used, as far as it exists. */
const DIRECT_RESERVED_USABLE = 0x02;

/** AX=4F00h: fills 256 bytes at ES:DI, or 512 if they begin with `VBE2`. */
export function controllerInformation(firmware: Firmware, call: ServiceCall, display: Display): void {
  const { memory } = firmware;
  const at = call.address('es', call.di);
  const isVersion2 = memory.read32(at) === SIGNATURE_VBE2;
  const block = new DataView(new ArrayBuffer(isVersion2 ? BLOCK_2_SIZE_BYTES : BLOCK_SIZE_BYTES));
  const string = (offset: number, index: number): void => {
    const skipped = VESA_STRINGS.slice(0, index).reduce((size, text) => size + text.length + 1, 0);
    block.setUint16(offset, ROM_TABLE.vesaStrings + skipped, true);
    block.setUint16(offset + 2, ROM_SEGMENT, true);
  };
  block.setUint32(0x00, SIGNATURE_VESA, true);
  block.setUint16(0x04, VERSION_2_0, true);
  string(0x06, 0);
  block.setUint32(0x0a, CAPABILITY_8BIT_DAC, true);
  block.setUint16(0x0e, call.di + MODE_LIST_OFFSET, true);
  block.setUint16(0x10, call.cpu.es & 0xffff, true);
  block.setUint16(0x12, display.memorySizeBytes / BANK_SIZE_BYTES, true);
  if (isVersion2) {
    block.setUint16(0x14, PRODUCT_REVISION, true);
    [0x16, 0x1a, 0x1e].forEach((offset, index) => {
      string(offset, index + 1);
    });
  }
  [...modesOf(display).map(({ number }) => number), MODE_LIST_END].forEach((number, index) => {
    block.setUint16(MODE_LIST_OFFSET + 2 * index, number, true);
  });
  memory.writeBytes(at, new Uint8Array(block.buffer));
}

/** AX=4F01h: fills 256 bytes at ES:DI. */
export function modeInformation(firmware: Firmware, call: ServiceCall, display: Display, mode: VesaMode): void {
  const { width, height, bitsPerPixel } = mode;
  const hasLinear = display.framebufferBase !== undefined && bitsPerPixel !== 4;
  const block = new DataView(new ArrayBuffer(BLOCK_SIZE_BYTES));
  block.setUint16(0x00, ATTRIBUTES | (hasLinear ? ATTRIBUTE_LINEAR : 0), true);
  block.setUint8(0x02, WINDOW_ATTRIBUTES);
  block.setUint16(0x04, WINDOW_KIB, true);
  block.setUint16(0x06, WINDOW_KIB, true);
  block.setUint16(0x08, WINDOW_SEGMENT, true);
  block.setUint16(0x10, bytesOfPixels(width, bitsPerPixel), true);
  block.setUint16(0x12, width, true);
  block.setUint16(0x14, height, true);
  block.setUint8(0x16, 8); // character cell
  block.setUint8(0x17, 16);
  block.setUint8(0x18, bitsPerPixel === 4 ? 4 : 1); // planes
  block.setUint8(0x19, bitsPerPixel);
  block.setUint8(0x1a, 1); // banks, as the CGA had them
  const direct = DIRECT_FIELDS[bitsPerPixel];
  block.setUint8(0x1b, bitsPerPixel === 4 ? MEMORY_MODEL_PLANAR : direct ? MEMORY_MODEL_DIRECT : MEMORY_MODEL_PACKED);
  block.setUint8(0x1d, Math.min(255, Math.floor(display.memorySizeBytes / screenSizeBytes(mode)) - 1));
  block.setUint8(0x1e, 1); // reserved, must be 1
  direct?.forEach((value, index) => {
    block.setUint8(0x1f + index, value);
  });
  block.setUint8(0x27, bitsPerPixel === 32 ? DIRECT_RESERVED_USABLE : 0);
  if (hasLinear) block.setUint32(0x28, display.framebufferBase ?? 0, true);
  firmware.memory.writeBytes(call.address('es', call.di), new Uint8Array(block.buffer));
}
