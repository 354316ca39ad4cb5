const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_N = 128;

/**
 * Decodes a Punycode name as Rust's symbols have it: with an underscore before the encoded part.
 *
 * @param ascii letters, digits and underscores
 * @returns the name, or null if it encodes none
 * @source RFC 3492, section 6.2 "Decoding procedure"
 */
export function decodePunycode(ascii: string): string | null {
  const split = ascii.lastIndexOf('_');
  const output = Array.from(ascii.slice(0, Math.max(split, 0)), (character) => character.codePointAt(0) ?? 0);
  const digits = ascii.slice(split + 1);
  let code = INITIAL_N;
  let bias = INITIAL_BIAS;
  let position = 0;
  let at = 0;
  while (at < digits.length) {
    const before = position;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(digits[at++]);
      if (digit === null) return null;
      position += digit * weight;
      const threshold = Math.min(T_MAX, Math.max(T_MIN, k - bias));
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (position > 2 ** 32 || weight > 2 ** 32) return null;
    }
    const count = output.length + 1;
    bias = adapt(position - before, count, before === 0);
    code += Math.floor(position / count);
    position %= count;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null;
    output.splice(position++, 0, code);
  }
  return output.map((value) => String.fromCodePoint(value)).join('');
}

function digitOf(character: string | undefined): number | null {
  if (character === undefined) return null;
  if (character >= 'a' && character <= 'z') return character.charCodeAt(0) - 0x61;
  return character >= '0' && character <= '9' ? character.charCodeAt(0) - 0x30 + 26 : null;
}

function adapt(delta: number, count: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / count);
  let k = 0;
  while (rest > ((BASE - T_MIN) * T_MAX) / 2) {
    rest = Math.floor(rest / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
