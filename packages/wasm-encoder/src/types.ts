import type { ByteWriter } from './byte-writer.ts';

/** A value type, by its name in the text format. */
export type ValType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref';

/** @source WebAssembly Core Specification 2.0, "Binary Format: Types" */
export const VALTYPE_BYTE: Readonly<Record<ValType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
};

/** A function type. */
export interface FuncType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** Size limits of a memory (in pages of 64 KiB) or a table (in elements). */
export interface Limits {
  readonly min: number;
  readonly max?: number;
  /** Memories only: shared between threads; requires `max`. */
  readonly shared?: boolean;
  /** Writes `min` and `max` in five bytes each, so that they can be overwritten in the finished module. */
  readonly padded?: boolean;
}

/** Writes a vector of value types. */
export function writeResultType(out: ByteWriter, types: readonly ValType[]): void {
  out.u32(types.length);
  for (const type of types) out.byte(VALTYPE_BYTE[type]);
}

/** Writes the limits of a memory or table. */
export function writeLimits(out: ByteWriter, limits: Limits): void {
  const flags = (limits.max === undefined ? 0 : 1) | (limits.shared ? 2 : 0);
  const write = (value: number): void => void (limits.padded ? out.u32Padded(value) : out.u32(value));
  out.byte(flags);
  write(limits.min);
  if (limits.max !== undefined) write(limits.max);
}
