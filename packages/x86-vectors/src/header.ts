import type { VectorGroup, VectorHeader } from './case.ts';
import { VectorFileError } from './error.ts';
import { STREAM_COUNT } from './streams.ts';

const NEWLINE = 0x0a;
/** Headers are far shorter. */
const HEADER_SIZE_MAX = 4 << 20;

/** Reads a file's first line. @throws {VectorFileError} */
export function parseHeader(bytes: Uint8Array): { header: VectorHeader; length: number } {
  const end = bytes.subarray(0, HEADER_SIZE_MAX).indexOf(NEWLINE);
  if (end < 0 || bytes[0] !== 0x7b) throw new VectorFileError('not-vectors', 'the file does not begin with a header');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  } catch {
    throw new VectorFileError('bad-header', 'the first line is no JSON');
  }
  const { format } = value as { format?: unknown };
  if (format !== 1) throw new VectorFileError('unknown-format', `expected format 1, found ${String(format)}`);
  if (!isHeader(value)) throw new VectorFileError('bad-header', 'the header lacks something');
  return { header: value, length: end + 1 };
}

const isNatural = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isHeader(value: unknown): value is VectorHeader {
  const { codeSize, seed, dataSeed, groups, processor } = value as Record<string, unknown>;
  return (
    (codeSize === 16 || codeSize === 32 || codeSize === 64) &&
    Number.isSafeInteger(seed) &&
    Number.isSafeInteger(dataSeed) &&
    typeof processor === 'object' &&
    Array.isArray(groups) &&
    groups.every(isGroup)
  );
}

function isGroup(value: unknown): value is VectorGroup {
  if (typeof value !== 'object' || value === null) return false;
  const { row, vectors, count, lengths } = value as Record<string, unknown>;
  return (
    typeof row === 'object' &&
    row !== null &&
    ['none', 'integer', 'single', 'double'].includes(vectors as string) &&
    isNatural(count) &&
    Array.isArray(lengths) &&
    lengths.length === STREAM_COUNT &&
    lengths.every(isNatural)
  );
}
