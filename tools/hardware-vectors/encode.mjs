// Builds instructions from their parts, as the SDM's Volume 2A "Instruction Format" puts them together.

const MASK64 = (1n << 64n) - 1n;
export const RSP = 4;
const RBP = 5;

export const bytesOf = (value, size) =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));

/** Where memory operands may be: see recorder.c. */
export const CODE_START = 0x10001800n;
export const DATA = 0x20000000n;

/**
 * A memory operand for `target` (a linear address): chooses base, index, scale and displacement, and the register values
 * that make them come out at the target. `fixed` registers have their values already.
 *
 * @returns ModR/M and SIB bytes as a function of the reg field, REX bits, and the registers to set
 */
export function memoryOperand(random, { target, is64, addressSize, fixed }) {
  const registerCount = is64 ? 16 : 8;
  const addressMask = addressSize === 64 ? MASK64 : 0xffffffffn;
  const set = new Map();
  const kind = random.below(10);
  if (kind === 0) {
    if (is64 && !random.oneIn(3)) {
      // RIP-relative: the displacement depends on the instruction's length.
      return { isRipRelative: true, target, modRm: (reg) => [(reg << 3) | 5], rex: 0, set };
    }
    const sib = is64 || random.oneIn(2);
    return {
      modRm: (reg) => [...(sib ? [(reg << 3) | 4, 0x25] : [(reg << 3) | 5]), ...bytesOf(target, 4)],
      rex: 0,
      set,
    };
  }
  const free = Array.from({ length: registerCount }, (_, i) => i).filter((i) => !fixed.has(i));
  const base = random.pick(free);
  const hasIndex = random.oneIn(2);
  const indexes = Array.from({ length: registerCount }, (_, i) => i).filter((i) => i !== RSP && i !== base);
  const index = hasIndex ? random.pick(indexes) : RSP;
  const scale = random.below(4);
  const displacementSize = (base & 7) === RBP ? random.pick([1, 4]) : random.pick([0, 1, 4]);
  let displacement = 0n;
  if (displacementSize === 1) displacement = BigInt(random.between(-128, 127));
  if (displacementSize === 4) displacement = BigInt.asIntN(32, random.value());
  let offset = displacement;
  if (hasIndex) {
    const value = fixed.get(index) ?? (random.oneIn(2) ? BigInt(random.between(-64, 64)) & MASK64 : random.value());
    if (!fixed.has(index)) set.set(index, value & (is64 ? MASK64 : 0xffffffffn));
    offset += value << BigInt(scale);
  }
  let baseValue = (target - offset) & addressMask;
  // With 32-bit addresses the upper half of the base does not count.
  if (is64 && addressSize === 32 && random.oneIn(2)) baseValue |= random.bits64() & ~0xffffffffn & MASK64;
  set.set(base, baseValue);
  const mod = displacementSize === 0 ? 0 : displacementSize === 1 ? 0x40 : 0x80;
  const needsSib = hasIndex || (base & 7) === RSP || random.oneIn(6);
  const rex = (base >> 3) | (needsSib ? (index >> 3) << 1 : 0);
  const tail = bytesOf(displacement, displacementSize);
  const modRm = (reg) =>
    needsSib
      ? [mod | (reg << 3) | 4, (scale << 6) | ((index & 7) << 3) | (base & 7), ...tail]
      : [mod | (reg << 3) | (base & 7), ...tail];
  return { modRm, rex, set };
}

/**
 * The bytes of an instruction. `reg` is the ModR/M reg field (4 bits), `rm` a register number or a memory operand; `rex`
 * forces a REX prefix. Without `rm` there is no ModR/M byte and `reg` is ignored.
 */
export function encode({
  is64,
  width,
  opcode,
  legacy = [],
  reg = 0,
  rm,
  embedded = 0,
  immediate = [],
  rex = false,
  rexW,
}) {
  const prefixes = [...legacy];
  if (width === 16) prefixes.push(0x66);
  let rexBits = (rexW ?? width === 64) ? 8 : 0;
  const modRm = [];
  let isRipRelative = false;
  if (rm !== undefined) {
    rexBits |= (reg >> 3) << 2;
    if (typeof rm === 'number') {
      rexBits |= rm >> 3;
      modRm.push(0xc0 | ((reg & 7) << 3) | (rm & 7));
    } else {
      rexBits |= rm.rex;
      modRm.push(...rm.modRm(reg & 7));
      isRipRelative = rm.isRipRelative === true;
    }
  }
  rexBits |= embedded >> 3;
  const op = [...opcode];
  if (embedded !== 0) op[op.length - 1] += embedded & 7;
  // A mandatory prefix stands before REX.
  const mandatory = op[0] === 0xf3 && op[1] === 0x0f ? [op.shift()] : [];
  const rexPrefix = is64 && (rexBits !== 0 || rex) ? [0x40 | rexBits] : [];
  const head = [...prefixes, ...mandatory, ...rexPrefix, ...op, ...modRm];
  if (isRipRelative) {
    const length = head.length + 4 + immediate.length;
    head.push(...bytesOf(rm.target - CODE_START - BigInt(length), 4));
  }
  return [...head, ...immediate];
}
