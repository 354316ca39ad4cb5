import { OUTCOME_NEXT } from '../../system/context.ts';
import { registerNumber, sourceOf, type Twin, xmm } from './twin.ts';

/**
 * RCPPS and RSQRTPS to the last bit as Intel's processors have them. What the manual gives as a bound on the error is a table:
 * operands that agree in the exponent (for the root, whether it is odd) and in the first 11 bits of the fraction (10 for the
 * root) have one result, that of their middle, rounded to 12 bits behind the leading one. Denormals count as zeros, and no
 * exception is raised.
 *
 * @source SDM Vol. 2B "RCPPS", "RSQRTPS"; every operand of one exponent compared on an Intel Xeon
 */

const scratch = new DataView(new ArrayBuffer(8));
const SIGN = 0x8000_0000;
const INFINITY = 0x7f80_0000;
const QUIET = 0x0040_0000;
const INDEFINITE = 0xffc0_0000;
const SMALLEST_NORMAL = 0x0080_0000;

function toNumber(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}
/** The bits of a positive number, 12 of them behind the leading one; tiny ones become zero. */
function toRoundedBits(value: number): number {
  scratch.setFloat64(0, value);
  // The fraction begins 20 bits below the top of the upper word: bit 7 of that is the first to go.
  scratch.setUint32(0, (scratch.getUint32(0) + 0x80) & ~0xff);
  scratch.setUint32(4, 0);
  const rounded = scratch.getFloat64(0);
  scratch.setFloat32(0, rounded);
  const bits = scratch.getUint32(0);
  return bits < SMALLEST_NORMAL ? 0 : bits;
}
/** The middle of the operands that share the first bits of a fraction. */
const middle = (magnitude: number, fractionBits: number): number => {
  const last = 23 - fractionBits;
  return toNumber(((magnitude >>> last) << last) | (1 << (last - 1)));
};

function reciprocal(bits: number): number {
  const sign = bits & SIGN;
  const magnitude = bits & ~SIGN;
  if (magnitude > INFINITY) return bits | QUIET;
  if (magnitude === INFINITY) return sign;
  if (magnitude < SMALLEST_NORMAL) return sign | INFINITY;
  return sign | toRoundedBits(1 / middle(magnitude, 11));
}
function reciprocalRoot(bits: number): number {
  const sign = bits & SIGN;
  const magnitude = bits & ~SIGN;
  if (magnitude > INFINITY) return bits | QUIET;
  if (magnitude < SMALLEST_NORMAL) return sign | INFINITY;
  if (sign !== 0) return INDEFINITE;
  return magnitude === INFINITY ? 0 : toRoundedBits(1 / Math.sqrt(middle(magnitude, 10)));
}

const approximate =
  (compute: (bits: number) => number, isScalar = false): Twin =>
  (cpu, instruction) => {
    const dst = xmm(cpu, registerNumber(instruction));
    const source = sourceOf(cpu);
    for (let i = 0; i < (isScalar ? 1 : 4); i++) {
      dst.set(32, i, BigInt(compute(Number(source.get(32, i))) >>> 0));
    }
    return OUTCOME_NEXT;
  };

export const APPROXIMATE_TWINS: Readonly<Record<string, Twin>> = {
  RCPPS: approximate(reciprocal),
  RCPSS: approximate(reciprocal, true),
  RSQRTPS: approximate(reciprocalRoot),
  RSQRTSS: approximate(reciprocalRoot, true),
};
