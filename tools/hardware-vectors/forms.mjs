// The instruction forms to record: one row each, and what is particular about their operands.
import { bytesOf, CODE_START, DATA, encode, memoryOperand } from './encode.mjs';

const MASK64 = (1n << 64n) - 1n;
const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RSP = 4;
const RBP = 5;
const RSI = 6;
const RDI = 7;

const WIDE = [16, 32, 64];
const ALL = [8, 16, 32, 64];
const BOTH = [64, 32];

/**
 * A row: `name` of the instruction, `opcode` bytes (a function of the width where it depends on it), `widths`, `modes` of
 * code, `rm` kinds of the ModR/M operand, `digit` in ModR/M.reg, `immediate` ('b', 'z', 'v' or a function), and `prepare`,
 * which may choose registers before the operands are.
 */
const row = (name, opcode, options = {}) => ({ name, opcode, widths: WIDE, modes: BOTH, ...options });
/** Opcode of the byte form, the next one being that of the other widths. */
const byWidth =
  (...opcode) =>
  (width) =>
    width === 8 ? opcode : [...opcode.slice(0, -1), opcode.at(-1) + 1];

const RM = { rm: ['register', 'memory'], reg: true, widths: ALL };
const RM_WIDE = { ...RM, widths: WIDE };
const UNARY = (digit) => ({ rm: ['register', 'memory'], digit, widths: ALL });

const signExtended = (random, size) => bytesOf(random.value(), size);
const immediateOf = { b: () => 1, z: (width) => Math.min(width, 32) / 8, v: (width) => width / 8 };

/** Half of the time, a dividend whose quotient fits. */
function prepareDivision(c, signed) {
  const { random, width } = c;
  if (random.oneIn(3)) return;
  const low = random.value();
  c.regs.set(RAX, width === 8 ? low & 0xffn : low);
  const isNegative = signed && BigInt.asIntN(width, low) < 0n;
  const small = random.oneIn(2) ? 0n : BigInt(random.below(8));
  const high = isNegative && random.oneIn(2) ? MASK64 - small : small;
  if (width === 8) c.regs.set(RAX, (low & 0xffn) | ((high & 0xffn) << 8n));
  else c.regs.set(RDX, high);
}

/** Half of the time, an accumulator that equals the operand. */
function prepareEqual(c) {
  if (c.random.oneIn(2)) c.operandValue = c.regs.get(RAX);
}

const shiftCounts = (width) => [0, 1, 2, width - 1, width, width + 1, 2 * width, 31, 32, 63, 64, 255];
const shiftCount = (c) => (c.random.oneIn(3) ? c.random.below(256) : c.random.pick(shiftCounts(c.width)) & 0xff);
function prepareCl(c) {
  const cl = shiftCount(c);
  c.regs.set(RCX, (c.regs.get(RCX) & ~0xffn & MASK64) | BigInt(cl));
  c.count = cl;
}
function countOne(c) {
  c.count = 1;
}
const countImmediate = (c) => {
  c.count = shiftCount(c);
  return [c.count];
};

/** A register bit offset, mostly one that stays in the mapped pages. */
function prepareBitOffset(c) {
  if (c.random.oneIn(8) && c.rmKind === 'register') return;
  const bits = c.random.between(-0x4000, 0x4000);
  c.regs.set(c.reg, BigInt.asUintN(64, BigInt(bits)) & c.registerMask);
}

/** A place in the data pages: mostly in the middle, sometimes where an access of `size` bytes meets a page's end. */
function dataAddress(random, size, is64) {
  if (size > 1) {
    switch (random.below(24)) {
      case 0:
        return DATA + 0x1000n - BigInt(random.between(1, size - 1));
      case 1:
        return DATA + 0x2000n - BigInt(random.between(1, size - 1));
      case 2:
        return DATA + 0x3000n - BigInt(random.between(1, size - 1));
      case 3:
        return DATA - BigInt(random.between(1, size - 1));
    }
  }
  if (random.oneIn(40)) return DATA + 0x2000n + BigInt(random.below(0xf00));
  if (is64 && random.oneIn(60)) return random.pick([0x8000_0000_0000n, 0x1234_5678_9abc_def0n, 0x7fff_ffff_ffffn]);
  if (random.oneIn(60)) return 0x3000_0000n;
  const at = BigInt(random.between(0x100, 0x1e00));
  return DATA + (random.oneIn(2) ? at & ~15n : at);
}

const place = (c, register, size, down = false) => {
  let address = dataAddress(c.random, size, c.is64);
  if (down) address -= BigInt(size);
  c.regs.set(register, address & c.registerMask);
  return address;
};

/** RSP (or RBP) somewhere in the data pages, with a random value on top of the stack. */
function prepareStack(c, { pops = false, register = RSP } = {}) {
  const address = place(c, register, c.width / 8, false);
  const at = pops ? address : address - 8n;
  c.patch(at, c.random.value());
}

/** The distance of a branch, never back to the instruction itself. */
const distance = (c, most) => (c.random.oneIn(2) ? c.random.between(0, most) : c.random.between(-most, -32));

/** A branch target near the instruction, or a wild one. */
function codeAddress(c) {
  if (c.random.oneIn(12))
    return c.is64 ? c.random.pick([0x8000_0000_0000n, 0x1234_5678_9abc_def0n, 0x3000_0000n]) : 0x3000_0000n;
  return CODE_START + 16n + BigInt(distance(c, 0x700));
}

function prepareReturn(c) {
  const address = place(c, RSP, 8);
  c.patch(address, codeAddress(c));
}

function prepareString(c, { source, destination }) {
  const { random, regs } = c;
  const size = c.width / 8;
  const count = BigInt(random.oneIn(4) ? random.below(3) : random.below(24));
  regs.set(RCX, (c.addressSize === 32 && c.is64 ? random.bits64() & ~0xffffffffn & MASK64 : 0n) | count);
  const high = c.addressSize === 32 && c.is64 && random.oneIn(3) ? 0x5n << 32n : 0n;
  const first = dataAddress(random, size, false);
  const second = random.oneIn(3) ? first + BigInt(random.between(-12, 12)) : dataAddress(random, size, false);
  if (source) regs.set(RSI, first | high);
  if (destination) regs.set(RDI, second | high);
  if (random.oneIn(2)) {
    // Equal data for the comparisons.
    const value = random.oneIn(2) ? (regs.get(RAX) & 0xffn) * 0x0101010101010101n : regs.get(RAX);
    c.patch(first, value);
    c.patch(second, value);
    c.patch(second + 8n, value);
    c.patch(first + 8n, value);
  }
}

const CONDITIONS = ['O', 'NO', 'B', 'AE', 'E', 'NE', 'BE', 'A', 'S', 'NS', 'P', 'NP', 'L', 'GE', 'LE', 'G'];
const eachCondition = (make) => CONDITIONS.map((condition, code) => make(condition, code));
const near = (c) => bytesOf(distance(c, 0x70), 1);
const far = (c) => bytesOf(distance(c, 0x700), 4);

/** What POPF may find: the arithmetic flags, DF, IF and IOPL. (Linux keeps ID over signals.) */
const FLAG_STACK_MASK = 0xcd5n | 0x3200n;

const stringRows = [
  ['MOVS', 0xa4, { source: true, destination: true }],
  ['CMPS', 0xa6, { source: true, destination: true }],
  ['STOS', 0xaa, { destination: true }],
  ['LODS', 0xac, { source: true }],
  ['SCAS', 0xae, { destination: true }],
].flatMap(([name, opcode, pointers]) =>
  [0, 0xf3, 0xf2].map((prefix) =>
    row(name, byWidth(opcode), {
      widths: ALL,
      implicit: [RAX],
      prefix,
      mayShortenAddress: true,
      prepare: (c) => prepareString(c, pointers),
    }),
  ),
);

/** All forms. */
export const FORMS = [
  ...['ADD', 'OR', 'ADC', 'SBB', 'AND', 'SUB', 'XOR', 'CMP'].flatMap((name, i) => [
    row(name, byWidth(8 * i), { ...RM, lock: name !== 'CMP' }),
    row(name, byWidth(8 * i + 2), RM),
    row(name, byWidth(8 * i + 4), { widths: ALL, immediate: 'z' }),
    row(name, byWidth(0x80), { ...UNARY(i), immediate: 'z', lock: name !== 'CMP' }),
    row(name, [0x83], { ...UNARY(i), widths: WIDE, immediate: 'b', lock: name !== 'CMP' }),
  ]),
  row('TEST', byWidth(0x84), RM),
  row('TEST', byWidth(0xa8), { widths: ALL, immediate: 'z' }),
  row('TEST', byWidth(0xf6), { ...UNARY(0), immediate: 'z' }),
  row('TEST', byWidth(0xf6), { ...UNARY(1), immediate: 'z' }),
  row('NOT', byWidth(0xf6), { ...UNARY(2), lock: true }),
  row('NEG', byWidth(0xf6), { ...UNARY(3), lock: true }),
  row('MUL', byWidth(0xf6), UNARY(4)),
  row('IMUL', byWidth(0xf6), UNARY(5)),
  row('DIV', byWidth(0xf6), { ...UNARY(6), prepare: (c) => prepareDivision(c, false) }),
  row('IDIV', byWidth(0xf6), { ...UNARY(7), prepare: (c) => prepareDivision(c, true) }),
  row('IMUL', [0x0f, 0xaf], RM_WIDE),
  row('IMUL', [0x69], { ...RM_WIDE, immediate: 'z' }),
  row('IMUL', [0x6b], { ...RM_WIDE, immediate: 'b' }),
  row('INC', byWidth(0xfe), { ...UNARY(0), lock: true }),
  row('DEC', byWidth(0xfe), { ...UNARY(1), lock: true }),
  row('INC', [0x40], { modes: [32], widths: [16, 32], embedded: true }),
  row('DEC', [0x48], { modes: [32], widths: [16, 32], embedded: true }),

  ...['ROL', 'ROR', 'RCL', 'RCR', 'SHL', 'SHR', 'SHL', 'SAR'].flatMap((name, i) => [
    row(name, byWidth(0xc0), { ...UNARY(i), immediate: countImmediate }),
    row(name, byWidth(0xd0), { ...UNARY(i), prepare: countOne }),
    row(name, byWidth(0xd2), { ...UNARY(i), prepare: prepareCl }),
  ]),
  ...[0xa4, 0xac].flatMap((opcode, i) => [
    row(['SHLD', 'SHRD'][i], [0x0f, opcode], { ...RM_WIDE, immediate: countImmediate }),
    row(['SHLD', 'SHRD'][i], [0x0f, opcode + 1], { ...RM_WIDE, prepare: prepareCl }),
  ]),

  ...['BT', 'BTS', 'BTR', 'BTC'].flatMap((name, i) => [
    row(name, [0x0f, 0xa3 + 8 * i], { ...RM_WIDE, prepareReg: prepareBitOffset, lock: name !== 'BT' }),
    row(name, [0x0f, 0xba], { ...UNARY(4 + i), widths: WIDE, immediate: 'b', lock: name !== 'BT' }),
  ]),
  row('BSF', [0x0f, 0xbc], RM_WIDE),
  row('BSR', [0x0f, 0xbd], RM_WIDE),
  row('POPCNT', [0xf3, 0x0f, 0xb8], RM_WIDE),
  row('BSWAP', [0x0f, 0xc8], { embedded: true }),

  row('XADD', byWidth(0x0f, 0xc0), { ...RM, lock: true }),
  row('CMPXCHG', byWidth(0x0f, 0xb0), { ...RM, prepare: prepareEqual, lock: true }),
  row('CMPXCHG8B', [0x0f, 0xc7], {
    rm: ['memory'],
    digit: 1,
    widths: [32],
    memorySize: 8,
    prepare: (c) => {
      if (c.random.oneIn(2))
        c.operandValue = (c.regs.get(RAX) & 0xffffffffn) | ((c.regs.get(RDX) & 0xffffffffn) << 32n);
    },
    lock: true,
  }),
  row('CMPXCHG16B', [0x0f, 0xc7], {
    rm: ['memory'],
    digit: 1,
    widths: [64],
    modes: [64],
    memorySize: 16,
    prepare: (c) => {
      if (c.random.oneIn(2)) [c.operandValue, c.operandHigh] = [c.regs.get(RAX), c.regs.get(RDX)];
    },
    lock: true,
  }),

  row('XCHG', byWidth(0x86), { ...RM, lock: true }),
  row('XCHG', [0x90], { embedded: true }),
  row('MOV', byWidth(0x88), RM),
  row('MOV', byWidth(0x8a), RM),
  row('MOV', byWidth(0xc6), { ...UNARY(0), immediate: 'z' }),
  row('MOV', [0xb0], { widths: [8], embedded: true, immediate: 'b' }),
  row('MOV', [0xb8], { embedded: true, immediate: 'v' }),
  row('MOV', byWidth(0xa0), { widths: ALL, immediate: 'address', mayShortenAddress: true }),
  row('MOV', byWidth(0xa2), { widths: ALL, immediate: 'address', mayShortenAddress: true }),
  row('MOVZX', [0x0f, 0xb6], { ...RM_WIDE, sourceWidth: 8 }),
  row('MOVZX', [0x0f, 0xb7], { ...RM_WIDE, sourceWidth: 16 }),
  row('MOVSX', [0x0f, 0xbe], { ...RM_WIDE, sourceWidth: 8 }),
  row('MOVSX', [0x0f, 0xbf], { ...RM_WIDE, sourceWidth: 16 }),
  // Not with 16-bit operands: AMD reads four bytes then, Intel two.
  row('MOVSXD', [0x63], { ...RM_WIDE, widths: [32, 64], modes: [64], sourceWidth: 32 }),
  row('MOVNTI', [0x0f, 0xc3], { rm: ['memory'], reg: true, widths: [32, 64] }),
  row('LEA', [0x8d], { rm: ['memory'], reg: true, isAddressOnly: true, mayShortenAddress: true }),
  ...eachCondition((condition, code) => row(`CMOV${condition}`, [0x0f, 0x40 + code], RM_WIDE)),
  ...eachCondition((condition, code) =>
    row(`SET${condition}`, [0x0f, 0x90 + code], { rm: ['register', 'memory'], digit: 'any', widths: [8] }),
  ),
  row('CBW', [0x98]),
  row('CWD', [0x99]),
  row('XLAT', [0xd7], {
    widths: [8],
    mayShortenAddress: true,
    prepare: (c) => {
      const target = dataAddress(c.random, 1, c.is64);
      c.regs.set(RBX, (target - (c.regs.get(RAX) & 0xffn)) & c.registerMask);
    },
  }),

  row('PUSH', [0x50], { widths: [16, 64], modes: [64], embedded: true, prepare: prepareStack, rexW: false }),
  row('PUSH', [0x50], { widths: [16, 32], modes: [32], embedded: true, prepare: prepareStack }),
  row('PUSH', [0x68], { widths: [16, 64], modes: [64], immediate: 'z', prepare: prepareStack, rexW: false }),
  row('PUSH', [0x6a], { widths: [16, 64], modes: [64], immediate: 'b', prepare: prepareStack, rexW: false }),
  row('PUSH', [0x68], { widths: [16, 32], modes: [32], immediate: 'z', prepare: prepareStack }),
  row('PUSH', [0x6a], { widths: [16, 32], modes: [32], immediate: 'b', prepare: prepareStack }),
  row('PUSH', [0xff], { ...UNARY(6), widths: [16, 64], modes: [64], prepare: prepareStack, rexW: false }),
  row('PUSH', [0xff], { ...UNARY(6), widths: [16, 32], modes: [32], prepare: prepareStack }),
  row('POP', [0x58], {
    widths: [16, 64],
    modes: [64],
    embedded: true,
    prepare: (c) => prepareStack(c, { pops: true }),
    rexW: false,
  }),
  row('POP', [0x58], {
    widths: [16, 32],
    modes: [32],
    embedded: true,
    prepare: (c) => prepareStack(c, { pops: true }),
  }),
  row('POP', [0x8f], {
    ...UNARY(0),
    widths: [16, 64],
    modes: [64],
    prepare: (c) => prepareStack(c, { pops: true }),
    rexW: false,
  }),
  row('POP', [0x8f], { ...UNARY(0), widths: [16, 32], modes: [32], prepare: (c) => prepareStack(c, { pops: true }) }),
  row('PUSHA', [0x60], { widths: [16, 32], modes: [32], prepare: prepareStack }),
  row('POPA', [0x61], { widths: [16, 32], modes: [32], prepare: (c) => prepareStack(c, { pops: true }) }),
  row('PUSHF', [0x9c], { widths: [16, 64], modes: [64], prepare: prepareStack, rexW: false }),
  row('PUSHF', [0x9c], { widths: [16, 32], modes: [32], prepare: prepareStack }),
  ...[64, 32].map((mode) =>
    row('POPF', [0x9d], {
      widths: [16, mode],
      modes: [mode],
      rexW: false,
      prepare: (c) => {
        // Not from other bytes than these: AC and TF would outlive the case.
        const address = DATA + BigInt(c.random.between(0x100, 0x1e00));
        c.regs.set(RSP, c.random.oneIn(8) ? DATA - 16n : address);
        c.patch(address, c.random.value() & FLAG_STACK_MASK);
      },
    }),
  ),
  row('LEAVE', [0xc9], {
    widths: [16, 64],
    modes: [64],
    prepare: (c) => prepareStack(c, { pops: true, register: RBP }),
    rexW: false,
  }),
  row('LEAVE', [0xc9], {
    widths: [16, 32],
    modes: [32],
    prepare: (c) => prepareStack(c, { pops: true, register: RBP }),
  }),
  ...[64, 32].map((mode) =>
    row('ENTER', [0xc8], {
      widths: [16, mode],
      modes: [mode],
      rexW: false,
      prepare: (c) => {
        prepareStack(c);
        prepareStack(c, { pops: true, register: RBP });
      },
      immediate: (c) => [
        ...bytesOf(c.random.below(0x200), 2),
        c.random.oneIn(3) ? 0 : c.random.pick([0, 1, 2, 3, 5, 31, 32, 33]),
      ],
    }),
  ),

  row('JMP', [0xeb], { widths: [64], rexW: false, immediate: near }),
  row('JMP', [0xe9], { widths: [64], rexW: false, immediate: far }),
  row('CALL', [0xe8], { widths: [64], rexW: false, immediate: far, prepare: prepareStack }),
  ...[2, 4].map((digit) =>
    row(['CALL', 'JMP'][digit / 2 - 1], [0xff], {
      ...UNARY(digit),
      widths: [64],
      rexW: false,
      prepare: (c) => {
        c.operandValue = codeAddress(c);
        // Which of two faults comes first, the stack's or the target's, is nobody's promise.
        if (c.operandValue >> 12n === CODE_START >> 12n) prepareStack(c);
        else c.regs.set(RSP, DATA + 0x800n);
      },
    }),
  ),
  row('RET', [0xc3], { widths: [64], rexW: false, prepare: prepareReturn }),
  row('RET', [0xc2], {
    widths: [64],
    rexW: false,
    prepare: prepareReturn,
    immediate: (c) => bytesOf(c.random.value(), 2),
  }),
  ...eachCondition((condition, code) =>
    row(`J${condition}`, [0x70 + code], { widths: [64], rexW: false, immediate: near }),
  ),
  ...eachCondition((condition, code) =>
    row(`J${condition}`, [0x0f, 0x80 + code], { widths: [64], rexW: false, immediate: far }),
  ),
  ...['LOOPNE', 'LOOPE', 'LOOP', 'JCXZ'].map((name, i) =>
    row(name, [0xe0 + i], {
      widths: [64],
      rexW: false,
      immediate: near,
      mayShortenAddress: true,
      prepare: (c) =>
        c.random.oneIn(2) && c.regs.set(RCX, c.random.pick([0n, 1n, 2n, 0x100000000n, 0x100000001n]) & c.registerMask),
    }),
  ),

  ...stringRows,
  ...['LAHF', 'SAHF', 'CLC', 'STC', 'CLD', 'STD', 'CMC', 'NOP', 'PAUSE'].map((name, i) =>
    row(name, [[0x9f], [0x9e], [0xf8], [0xf9], [0xfc], [0xfd], [0xf5], [0x90], [0xf3, 0x90]][i], { widths: [32] }),
  ),
  row('NOP', [0x0f, 0x1f], { ...UNARY(0), widths: WIDE }),
  ...['DAA', 'DAS', 'AAA', 'AAS'].map((name, i) =>
    row(name, [[0x27], [0x2f], [0x37], [0x3f]][i], { widths: [32], modes: [32] }),
  ),
  row('AAM', [0xd4], {
    widths: [32],
    modes: [32],
    immediate: (c) => [c.random.oneIn(2) ? 10 : Number(c.random.value() & 0xffn)],
  }),
  row('AAD', [0xd5], {
    widths: [32],
    modes: [32],
    immediate: (c) => [c.random.oneIn(2) ? 10 : Number(c.random.value() & 0xffn)],
  }),
  row('SALC', [0xd6], { widths: [32], modes: [32] }),
  row('ARPL', [0x63], { ...RM, widths: [32], modes: [32], memorySize: 2 }),
  row('BOUND', [0x62], {
    rm: ['memory'],
    reg: true,
    widths: [16, 32],
    modes: [32],
    memorySize: 8,
    prepareReg: (c) => {
      if (c.random.oneIn(3)) return;
      const bounds = [c.random.value() & 0x7fn, (c.random.value() & 0x7fn) + 0x80n];
      c.operandValue = bounds[0] | (bounds[1] << BigInt(c.width));
      const around = c.random.pick(bounds) + BigInt(c.random.between(-1, 1));
      c.regs.set(c.reg, BigInt.asUintN(32, around));
    },
  }),
  row('UD2', [0x0f, 0x0b], { widths: [32] }),
  row('HLT', [0xf4], { widths: [32] }),
];

/** Registers of a case that are not set otherwise: distinct, and no addresses. */
export const unsetRegister = (index, is64) =>
  (0x1010101010101010n * BigInt(index + 1) + 0x7n) & (is64 ? MASK64 : 0x7fffffffn);

/** Makes one case of a form. @returns what recorder.c needs, and what the comparison has to know */
export function makeCase(random, form, is64) {
  const width = random.pick(form.widths.filter((w) => is64 || w < 64 || form.rexW === false));
  const registerMask = is64 ? MASK64 : 0xffffffffn;
  const addressSize = form.mayShortenAddress || (form.rm && random.oneIn(8)) ? (random.oneIn(3) ? 32 : 64) : 64;
  const c = {
    random,
    form,
    width,
    is64,
    registerMask,
    regs: new Map(),
    patches: [],
    addressSize: is64 ? addressSize : 32,
  };
  c.patch = (address, value, size = 8) => {
    const offset = address - DATA;
    if (offset < 0n || offset + BigInt(size) > 0x2000n || c.patches.length === 4) return;
    c.patches.push({ offset: Number(offset), size, value: BigInt.asUintN(8 * size, value) });
  };
  for (const register of form.implicit ?? [RAX, RCX, RDX, RBX]) c.regs.set(register, random.value() & registerMask);
  form.prepare?.(c);

  const registerCount = is64 ? 16 : 8;
  const legacy = [];
  const parts = {
    is64,
    width,
    opcode: typeof form.opcode === 'function' ? form.opcode(width) : form.opcode,
    legacy,
    rexW: form.rexW,
  };
  const chooseRegister = (operandWidth) => {
    const number = random.below(registerCount);
    // Without REX, 4 to 7 are AH, CH, DH and BH.
    const isHigh = operandWidth === 8 && number >= 4 && number < 8;
    if (isHigh && is64 && random.oneIn(2)) parts.rex = true;
    const file = isHigh && parts.rex !== true ? number & 3 : number;
    if (!c.regs.has(file)) c.regs.set(file, random.value() & registerMask);
    return { number, file };
  };
  if (form.reg) {
    const { number, file } = chooseRegister(form.sourceWidth ? width : width);
    parts.reg = number;
    c.reg = file;
  } else if (form.digit !== undefined) parts.reg = form.digit === 'any' ? random.below(8) : form.digit;
  if (form.embedded) parts.embedded = chooseRegister(width).number;
  if (form.rm) {
    c.rmKind = random.pick(form.rm);
    form.prepareReg?.(c);
    if (c.rmKind === 'register') {
      const { number, file } = chooseRegister(form.sourceWidth ?? width);
      parts.rm = number;
      const isWhole = (form.sourceWidth ?? width) >= 32 || file === number;
      if (c.operandValue !== undefined && isWhole && file !== c.reg && file !== RSP)
        c.regs.set(file, c.operandValue & registerMask);
    } else {
      const size = form.memorySize ?? (form.sourceWidth ?? width) / 8;
      const mask = c.addressSize === 64 ? MASK64 : 0xffffffffn;
      const target = form.isAddressOnly
        ? random.value() & mask
        : dataAddress(random, size, is64 && c.addressSize === 64);
      const fits = form.isAddressOnly ? BigInt.asUintN(31, target) : target;
      parts.rm = memoryOperand(random, { target: fits, is64, addressSize: c.addressSize, fixed: c.regs });
      for (const [register, value] of parts.rm.set) c.regs.set(register, value);
      c.patch(target, c.operandValue ?? random.value());
      if (size > 8) c.patch(target + 8n, c.operandHigh ?? random.value());
    }
  }
  if (is64 && c.addressSize === 32) legacy.push(0x67);
  if (parts.rm?.modRm && random.oneIn(16)) legacy.push(random.pick([0x26, 0x2e, 0x36, 0x3e]));
  if (form.rm && random.oneIn(form.lock ? 6 : 40)) legacy.push(0xf0);
  if (form.prefix) legacy.push(form.prefix);
  if (typeof form.immediate === 'function') parts.immediate = form.immediate(c);
  else if (form.immediate === 'address')
    parts.immediate = bytesOf(dataAddress(random, width / 8, is64), c.addressSize / 8);
  else if (form.immediate) parts.immediate = signExtended(random, immediateOf[form.immediate](width));
  const code = encode(parts);
  if (code.length > 15) return undefined;
  const flags = 0x202 | Number(random.bits64() & 0xcd5n);
  return { name: form.name, width, count: c.count, is64, code, regs: c.regs, patches: c.patches, flags };
}
