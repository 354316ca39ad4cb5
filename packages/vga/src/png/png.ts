/**
 * A frame as a PNG file: red, green and blue of eight bits, each line as its difference from the one above.
 *
 * @source W3C "Portable Network Graphics (PNG) Specification"
 */
import type { Frame } from '../frame.ts';
import { deflate } from './deflate.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BITS_PER_COMPONENT = 8;
const COLOR_TYPE_RGB = 2;
const FILTER_UP = 2;

let crcTable: Uint32Array | undefined;
const makeCrcTable = (): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });

function crc32(bytes: Uint8Array): number {
  crcTable ??= makeCrcTable();
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}

/** Length, type, data, and a checksum over type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

function header(width: number, height: number): Uint8Array {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data[8] = BITS_PER_COMPONENT;
  data[9] = COLOR_TYPE_RGB;
  return data;
}

function filteredLines({ width, height, rgba }: Frame): Uint8Array {
  const size = 3 * width;
  const lines = new Uint8Array(height * (size + 1));
  for (let y = 0, to = 0; y < height; y++) {
    lines[to++] = FILTER_UP;
    for (let x = 0, at = 4 * y * width; x < width; x++, at += 4) {
      for (let part = 0; part < 3; part++) {
        const above = y === 0 ? 0 : (rgba[at + part - 4 * width] as number);
        lines[to++] = (rgba[at + part] as number) - above;
      }
    }
  }
  return lines;
}

/** @returns the file; the pixels as they are in the frame, so that {@link enlarge} it first to see it as on a monitor */
export function encodePng(frame: Frame): Uint8Array<ArrayBuffer> {
  const chunks = [
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header(frame.width, frame.height)),
    chunk('IDAT', deflate(filteredLines(frame))),
    chunk('IEND', new Uint8Array(0)),
  ];
  const file = new Uint8Array(chunks.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const bytes of chunks) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
