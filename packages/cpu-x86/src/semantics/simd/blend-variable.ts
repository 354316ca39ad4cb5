/** @source SDM Vol. 2, "PBLENDVB", "BLENDVPS", "BLENDVPD" */
import { XMM } from '../../state/layout.ts';
import type { SemanticsFn } from '../stage.ts';
import { operandOf, readVector } from './operands.ts';
import { LANES, vector, ZEROS } from './vector.ts';

/** Elements of the source where XMM0 has the sign bit set. */
const blend =
  (width: 8 | 32 | 64): SemanticsFn =>
  (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const a = dst.read();
    const chosen = vector(`${LANES[width]}.lt_s`, s.readField(XMM, 128), ZEROS);
    dst.write(vector('v128.bitselect', b, a, chosen));
  };
export const PBLENDVB: SemanticsFn = blend(8);
export const BLENDVPS: SemanticsFn = blend(32);
export const BLENDVPD: SemanticsFn = blend(64);
