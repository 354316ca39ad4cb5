import { MAP_0F3A } from './0f3a-map.ts';
import { MAP_0F38 } from './0f38-map.ts';
import { ONE_BYTE_MAP } from './one-byte-map.ts';
import type { Row } from './row.ts';
import { TWO_BYTE_MAP } from './two-byte-map.ts';
import { TWO_BYTE_SIMD_ROWS } from './two-byte-simd-rows.ts';
import { X87_ROWS } from './x87-rows.ts';

/** Every encoding that this processor decodes, map by map. A row's place in this list identifies it. */
export const ENCODINGS: readonly Row[] = [
  ...ONE_BYTE_MAP,
  ...X87_ROWS,
  ...TWO_BYTE_MAP,
  ...TWO_BYTE_SIMD_ROWS,
  ...MAP_0F38,
  ...MAP_0F3A,
];
