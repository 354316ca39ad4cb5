/**
 * Modes beyond the VGA's: the display interface of Bochs, an index and a data port of 16 bits each, behind which lie
 * resolution, depth, a bank for the window at A0000h, and a virtual screen in one linear frame buffer.
 *
 * Where a register is set to more than there is, it is brought back: widths to multiples of 8, heights to what the memory
 * holds, and offsets to 0 when the picture would reach past the memory's end.
 *
 * **Not emulated**: anything but the identifiers B0C0h to B0C5h, of which all have the features of the last.
 *
 * @source Bochs, "VBE Display API" (the documentation of its display interface)
 */

export const DISPI_ID_FIRST = 0xb0c0;
export const DISPI_ID_LAST = 0xb0c5;
export const DISPI_MAX_WIDTH = 2560;
export const DISPI_MAX_HEIGHT = 1600;
const DISPI_MAX_BITS_PER_PIXEL = 32;

export const DISPI_INDEX_ID = 0;
export const DISPI_INDEX_XRES = 1;
export const DISPI_INDEX_YRES = 2;
export const DISPI_INDEX_BPP = 3;
export const DISPI_INDEX_ENABLE = 4;
export const DISPI_INDEX_BANK = 5;
export const DISPI_INDEX_VIRT_WIDTH = 6;
export const DISPI_INDEX_VIRT_HEIGHT = 7;
export const DISPI_INDEX_X_OFFSET = 8;
export const DISPI_INDEX_Y_OFFSET = 9;
export const DISPI_INDEX_VIDEO_MEMORY_64K = 10;

export const DISPI_ENABLED = 0x01;
export const DISPI_GETCAPS = 0x02;
export const DISPI_8BIT_DAC = 0x20;
export const DISPI_LFB_ENABLED = 0x40;
export const DISPI_NOCLEARMEM = 0x80;
const ENABLE_MASK = DISPI_ENABLED | DISPI_GETCAPS | DISPI_8BIT_DAC | DISPI_LFB_ENABLED | DISPI_NOCLEARMEM;

const DEPTHS: ReadonlySet<number> = new Set([4, 8, 15, 16, 24, 32]);
const BANK_SIZE_BYTES = 0x10000;

/** The registers by name, 16 bits each; plain data. */
export interface DispiRegisters {
  index: number;
  id: number;
  xRes: number;
  yRes: number;
  bitsPerPixel: number;
  enable: number;
  bank: number;
  virtualWidth: number;
  xOffset: number;
  yOffset: number;
}

/** Names of the registers, which are all numbers of 16 bits. */
export const DISPI_FIELDS: readonly (keyof DispiRegisters)[] = [
  'index',
  'id',
  'xRes',
  'yRes',
  'bitsPerPixel',
  'enable',
  'bank',
  'virtualWidth',
  'xOffset',
  'yOffset',
];

/** Power-on: the newest identifier, and a plain VGA. */
export function resetDispi(): DispiRegisters {
  return {
    index: 0,
    id: DISPI_ID_LAST,
    xRes: 0,
    yRes: 0,
    bitsPerPixel: 0,
    enable: 0,
    bank: 0,
    virtualWidth: 0,
    xOffset: 0,
    yOffset: 0,
  };
}

/** Whether an extended mode has taken the place of the VGA's. */
export function isDispiEnabled(dispi: DispiRegisters): boolean {
  return (dispi.enable & DISPI_ENABLED) !== 0;
}

/** Where the picture of an extended mode lies. */
export interface ExtendedMode {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** 4 (in planes), 8 (through the DAC), 15, 16, 24 or 32. */
  readonly bitsPerPixel: number;
  /** Bytes from one line to the next; of each plane in the mode with planes. */
  readonly pitchBytes: number;
  /** Where the picture begins in the virtual screen, in pixels and lines. */
  readonly xOffset: number;
  readonly yOffset: number;
  /** Byte of the first pixel, in each plane in the mode with planes. */
  readonly startBytes: number;
  /** Lines that the memory holds at this pitch. */
  readonly virtualHeight: number;
}

function bytesOf(pixels: number, bitsPerPixel: number): number {
  return bitsPerPixel === 4 ? pixels >> 3 : pixels * ((bitsPerPixel + 7) >> 3);
}

/** @returns the picture that the registers describe, all of it inside the memory, whatever they hold */
export function extendedMode(dispi: DispiRegisters, memorySizeBytes: number): ExtendedMode {
  const bitsPerPixel = DEPTHS.has(dispi.bitsPerPixel) ? dispi.bitsPerPixel : 8;
  const space = bitsPerPixel === 4 ? memorySizeBytes >> 2 : memorySizeBytes;
  const widest = Math.min(DISPI_MAX_WIDTH, Math.floor((space / bytesOf(8, bitsPerPixel)) * 8));
  const width = Math.max(8, Math.min(dispi.xRes & ~7, widest));
  const pitchBytes = bytesOf(Math.max(width, dispi.virtualWidth & ~7), bitsPerPixel);
  const virtualHeight = Math.floor(space / pitchBytes);
  const height = Math.max(1, Math.min(dispi.yRes, DISPI_MAX_HEIGHT, virtualHeight));
  const isRowInside = (dispi.yOffset + height) * pitchBytes <= space;
  const yOffset = isRowInside ? dispi.yOffset : 0;
  const isColumnInside = (yOffset + height) * pitchBytes + bytesOf(dispi.xOffset, bitsPerPixel) <= space;
  const xOffset = isColumnInside ? dispi.xOffset : 0;
  const startBytes = yOffset * pitchBytes + bytesOf(xOffset, bitsPerPixel);
  return { width, height, bitsPerPixel, pitchBytes, xOffset, yOffset, startBytes, virtualHeight };
}

/** First byte of the memory (of each plane in the mode with planes) that the window at A0000h shows. */
export function bankStart(dispi: DispiRegisters): number {
  return isDispiEnabled(dispi) ? dispi.bank * BANK_SIZE_BYTES : 0;
}

/** @returns what the data port reads */
export function readDispi(dispi: DispiRegisters, memorySizeBytes: number): number {
  const asksCapabilities = (dispi.enable & DISPI_GETCAPS) !== 0;
  switch (dispi.index) {
    case DISPI_INDEX_ID:
      return dispi.id;
    case DISPI_INDEX_XRES:
      return asksCapabilities ? DISPI_MAX_WIDTH : dispi.xRes;
    case DISPI_INDEX_YRES:
      return asksCapabilities ? DISPI_MAX_HEIGHT : dispi.yRes;
    case DISPI_INDEX_BPP:
      return asksCapabilities ? DISPI_MAX_BITS_PER_PIXEL : dispi.bitsPerPixel;
    case DISPI_INDEX_ENABLE:
      return dispi.enable;
    case DISPI_INDEX_BANK:
      return dispi.bank;
    case DISPI_INDEX_VIRT_WIDTH:
      return dispi.virtualWidth;
    case DISPI_INDEX_VIRT_HEIGHT:
      return isDispiEnabled(dispi) ? Math.min(0xffff, extendedMode(dispi, memorySizeBytes).virtualHeight) : 0;
    case DISPI_INDEX_X_OFFSET:
      return dispi.xOffset;
    case DISPI_INDEX_Y_OFFSET:
      return dispi.yOffset;
    case DISPI_INDEX_VIDEO_MEMORY_64K:
      return memorySizeBytes / BANK_SIZE_BYTES;
    default:
      return 0;
  }
}

/**
 * Writes the data port.
 *
 * @returns the bytes to clear from the start of the memory: a mode was switched on, and not told to keep them; 0 otherwise
 */
export function writeDispi(dispi: DispiRegisters, memorySizeBytes: number, value: number): number {
  switch (dispi.index) {
    case DISPI_INDEX_ID:
      if (value >= DISPI_ID_FIRST && value <= DISPI_ID_LAST) dispi.id = value;
      return 0;
    case DISPI_INDEX_XRES:
      if (value <= DISPI_MAX_WIDTH) dispi.xRes = value & ~7;
      break;
    case DISPI_INDEX_YRES:
      if (value <= DISPI_MAX_HEIGHT) dispi.yRes = value;
      break;
    case DISPI_INDEX_BPP:
      if (value === 0) dispi.bitsPerPixel = 8;
      else if (DEPTHS.has(value)) dispi.bitsPerPixel = value;
      break;
    case DISPI_INDEX_ENABLE:
      return writeEnable(dispi, memorySizeBytes, value & ENABLE_MASK);
    case DISPI_INDEX_BANK:
      if (value < bankCount(dispi, memorySizeBytes)) dispi.bank = value;
      return 0;
    case DISPI_INDEX_VIRT_WIDTH:
      dispi.virtualWidth = value & ~7;
      break;
    case DISPI_INDEX_X_OFFSET:
      dispi.xOffset = value;
      break;
    case DISPI_INDEX_Y_OFFSET:
      dispi.yOffset = value;
      break;
    default:
      return 0;
  }
  if (isDispiEnabled(dispi)) bringBack(dispi, memorySizeBytes);
  return 0;
}

/** Banks that the window at A0000h can show. */
export function bankCount({ bitsPerPixel }: DispiRegisters, memorySizeBytes: number): number {
  return Math.max(1, memorySizeBytes / (bitsPerPixel === 4 ? 4 * BANK_SIZE_BYTES : BANK_SIZE_BYTES));
}

function writeEnable(dispi: DispiRegisters, memorySizeBytes: number, value: number): number {
  const wasEnabled = isDispiEnabled(dispi);
  dispi.enable = value;
  if ((value & DISPI_ENABLED) === 0) {
    dispi.bank = 0;
    return 0;
  }
  if (wasEnabled) return 0;
  dispi.virtualWidth = dispi.xOffset = dispi.yOffset = dispi.bank = 0;
  bringBack(dispi, memorySizeBytes);
  if ((value & DISPI_NOCLEARMEM) !== 0) return 0;
  const { pitchBytes, height, bitsPerPixel } = extendedMode(dispi, memorySizeBytes);
  return pitchBytes * height * (bitsPerPixel === 4 ? 4 : 1);
}

/** Makes the registers say what is shown. */
function bringBack(dispi: DispiRegisters, memorySizeBytes: number): void {
  const mode = extendedMode(dispi, memorySizeBytes);
  dispi.xRes = mode.width;
  dispi.yRes = mode.height;
  dispi.bitsPerPixel = mode.bitsPerPixel;
  dispi.virtualWidth = Math.max(mode.width, dispi.virtualWidth);
  dispi.xOffset = mode.xOffset;
  dispi.yOffset = mode.yOffset;
  dispi.bank = Math.min(dispi.bank, bankCount(dispi, memorySizeBytes) - 1);
}
