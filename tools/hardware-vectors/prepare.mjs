// What is particular about an instruction's operands: states in which it does something worth recording.
import { putBaseState, STATE, STATE_SIZE_BYTES } from '@longmode/x86-vectors';
import { bytesOf, RAX, RBP, RBX, RCX, RDI, RDX, RSI, SS } from './case-builder.mjs';

const MASK64 = (1n << 64n) - 1n;

/** The first register operand of the instruction in a file, if it is a whole general register. */
const gprOperand = (parts, index) => {
  const operand = parts.instruction.operands[index];
  return operand?.kind === 'register' && operand.file === 'gpr' ? operand.index : undefined;
};

const shiftCounts = (width) => [0, 1, 2, 3, 7, 8, 9, width - 1, width, width + 1, 15, 16, 17, 31, 32, 33, 63, 64, 255];

function dividend(c, { instruction }, isSigned) {
  if (c.oneIn(3)) return;
  const width = instruction.operands[0].width;
  const low = c.value();
  const isNegative = isSigned && BigInt.asIntN(width, low) < 0n;
  const small = c.oneIn(2) ? 0n : BigInt(c.random.below(8));
  const high = isNegative && c.oneIn(2) ? MASK64 - small : small;
  if (width === 8) c.setLow(RAX, 16, (low & 0xffn) | ((high & 0xffn) << 8n));
  else {
    c.setLow(RAX, width, low);
    c.setLow(RDX, width, high);
  }
}

/** What POPF and IRET may find: every flag, TF seldom. */
const flagsImage = (c) => {
  const flags = c.random.next() & 0x3ffed7;
  return BigInt(c.oneIn(8) ? flags | 0x100 : flags & ~0x100);
};

const putStackNumbers = (c, address, size, values) => {
  values.forEach((value, i) => {
    c.patchNumber(SS, address + BigInt(i * size), value, size);
  });
};

/** An x87 environment of 14 or 28 bytes. */
function environment(c, isSmall) {
  const words = [];
  const masks = c.oneIn(3) ? c.random.next() & 0x3f : 0x3f;
  const exceptions = c.oneIn(3) ? c.random.next() & 0x7f : 0;
  words.push(0x40 | masks | (c.random.below(4) << 10) | (c.pick([0, 2, 3]) << 8));
  words.push((c.random.next() & 0x7f00) | exceptions);
  words.push(c.random.next() & 0xffff);
  if (isSmall)
    return [...words, ...Array.from({ length: 4 }, () => c.random.next() & 0xffff)].flatMap((w) =>
      bytesOf(BigInt(w), 2),
    );
  const rest = [c.random.next(), c.random.next() & 0x7ff_ffff, c.random.next(), c.random.next() & 0xffff];
  return [...words, ...rest].flatMap((w) => bytesOf(BigInt(w), 4));
}

/** An FXSAVE image, from a starting state. */
function fxsaveImage(c) {
  const words = new Uint32Array(STATE_SIZE_BYTES / 4);
  putBaseState(words, c.random.next(), { codeSize: c.codeSize, vectors: 'single' });
  const state = new Uint8Array(words.buffer);
  const image = new Array(512).fill(0);
  const copy = (from, size, to) => {
    for (let i = 0; i < size; i++) image[to + i] = state[from + i];
  };
  copy(STATE.FCW, 5, 0);
  copy(STATE.FOP, 18, 6);
  copy(STATE.MXCSR, 4, 24);
  copy(STATE.ST, 128, 32);
  copy(STATE.XMM, 256, 160);
  if (c.oneIn(16)) image[26] = 1; // a reserved bit of MXCSR
  return image;
}

function xsaveImage(c) {
  const header = new Array(64).fill(0);
  header[0] = c.random.below(4);
  // Not the first bytes: their bits name components that the recording processor may have enabled.
  if (c.oneIn(12)) header[c.between(3, 63)] = c.random.below(256);
  return [...fxsaveImage(c), ...header];
}

const isMnemonic = (row, pattern) => pattern.test(row.mnemonic);

/** Before memory operands have addresses. */
function before(c, parts) {
  const { instruction } = parts;
  const { row } = c;
  const { mnemonic: m, operands } = row;
  const size = instruction.operandSize / 8;
  const key = `${row.map} ${row.opcode.toString(16)}`;
  if (m === 'DIV') dividend(c, parts, false);
  else if (m === 'IDIV') dividend(c, parts, true);
  else if (operands.endsWith(',CL')) {
    c.setLow(
      RCX,
      8,
      BigInt(c.oneIn(3) ? c.random.below(256) : c.pick(shiftCounts(instruction.operands[0].width)) & 0xff),
    );
  } else if (/^(BT|BTS|BTR|BTC)$/.test(m) && operands === 'Ev,Gv') {
    const register = gprOperand(parts, 1);
    const isMemory = instruction.operands[0].kind === 'memory';
    if (isMemory || c.oneIn(2)) c.setLow(register, instruction.operandSize, BigInt(c.between(-0x4000, 0x4000)));
    c.pinned.add(register);
  } else if (m === 'CMPXCHG') c.pinned.add(RAX);
  else if (m.startsWith('CMPXCHG')) for (const register of [RAX, RBX, RCX, RDX]) c.pinned.add(register);
  else if (m === 'ENTER') {
    c.stack(8 * 8, { register: RBP });
  } else if (/^LOOP|^JCXZ/.test(m)) {
    if (c.oneIn(2)) c.setGpr(RCX, c.pick([0n, 1n, 2n, 0x1_0000n, 0x1_0001n, 0x1_0000_0000n, 0x1_0000_0001n]));
  } else if (/^(RD|WR)MSR$|^XGETBV|^RDPMC|PKRU$/.test(m)) {
    c.setGpr(RCX, c.oneIn(4) ? c.gpr(RCX) : 0n);
    if (m === 'WRPKRU') {
      c.setLow(RDX, 32, c.oneIn(8) ? 1n : 0n);
      c.setLow(RAX, 32, c.gpr(RAX) & ~3n);
    }
  } else if (/XSAVE|XRSTOR/.test(m)) {
    c.setLow(RAX, 32, BigInt(c.random.below(4)));
    c.setLow(RDX, 32, 0n);
  } else if (/^PCMPESTR/.test(m)) {
    for (const register of [RAX, RDX]) if (!c.oneIn(4)) c.setGpr(register, BigInt(c.between(-20, 20)));
  } else if (/^(VERR|VERW|LAR|LSL|ARPL)$/.test(m)) {
    for (const index of [0, 1]) {
      const register = gprOperand(parts, index);
      if (register !== undefined && !c.oneIn(8)) c.setLow(register, 16, BigInt(c.anySelector()));
    }
  } else if (m === 'MOV' && operands === 'Sw,Ew') {
    const register = gprOperand(parts, 1);
    if (register !== undefined) c.setLow(register, 16, BigInt(c.anySelector()));
  } else if (/^WR[FG]SBASE/.test(m)) {
    const register = gprOperand(parts, 0);
    if (register !== undefined && !c.oneIn(4)) c.setGpr(register, BigInt.asUintN(64, BigInt.asIntN(48, c.value())));
  } else if (m === 'AAM' || m === 'AAD') {
    if (c.oneIn(2)) parts.code[parts.code.length - 1] = 10;
  } else if (/^(SHL|SHR|SAL|SAR|ROL|ROR|RCL|RCR|SHLD|SHRD)$/.test(m) && operands.endsWith('Ib')) {
    if (!c.oneIn(3)) parts.code[parts.code.length - 1] = c.pick(shiftCounts(instruction.operands[0].width)) & 0xff;
  } else if (key === 'one-byte c8') {
    // not reached: ENTER is above
  }
  if (isMnemonic(row, /^(PUSH|CALL)/))
    c.stack(m.startsWith('PUSHA') ? 8 * size : operands === 'Ap' || operands === 'Mp' ? 2 * size : size, {
      isPush: true,
    });
  if (m === 'ENTER') {
    const level = c.oneIn(3) ? 0 : c.pick([0, 1, 2, 3, 5, 31, 32, 33]);
    parts.code[parts.code.length - 1] = level;
    if (c.oneIn(2)) parts.code[parts.code.length - 2] &= 1;
    c.stack(size * ((level & 31) + 1), { isPush: true });
  } else if (m === 'LEAVE') c.stack(size, { register: RBP });
  else if (isMnemonic(row, /^POP($|A|F)/)) {
    const address = c.stack(m.startsWith('POPA') ? 8 * size : size);
    if (m.startsWith('POPF')) c.patchNumber(SS, address, flagsImage(c), size);
    if (/^[DESFG]S$/.test(operands)) c.patchNumber(SS, address, BigInt(c.anySelector()), 2);
  } else if (m === 'RET') {
    const address = c.stack(size);
    c.patchNumber(SS, address, c.landingAddress(), size);
  } else if (m === 'RETF') {
    const address = c.stack(2 * size);
    const { selector, offset } = c.farTarget();
    putStackNumbers(c, address, size, [offset, BigInt(selector)]);
  } else if (m.startsWith('IRET')) {
    const address = c.stack((c.is64 ? 5 : 3) * size);
    const { selector, offset } = c.farTarget();
    const stack = c.oneIn(6) ? c.anySelector() : c.selector(SS);
    putStackNumbers(c, address, size, [
      offset,
      BigInt(selector),
      flagsImage(c),
      ...(c.is64 ? [c.value(), BigInt(stack)] : []),
    ]);
  } else if (/^J|^CALL|^LOOP/.test(m) && /^J[bz]$/.test(operands)) branch(c, parts);
  else if (operands === 'Ap') {
    const { selector, offset } = c.farTarget();
    const at = parts.code.length - 2 - size;
    [...bytesOf(offset, size), ...bytesOf(BigInt(selector), 2)].forEach((byte, i) => {
      parts.code[at + i] = byte;
    });
  } else if (m === 'INT') {
    // System calls are the operating system's business.
    const vector = parts.code[parts.code.length - 1];
    if (vector === 0x80) parts.code[parts.code.length - 1] = c.pick([3, 4, 5, 0x81]);
    else if (c.oneIn(4)) parts.code[parts.code.length - 1] = c.pick([3, 4]);
  } else if (/^(CALL|JMP)$/.test(m) && operands === 'Ev') {
    const register = gprOperand(parts, 0);
    if (register !== undefined) c.setLow(register, instruction.operandSize, c.landingAddress());
  }
  if (instruction.repeat !== 0) {
    const count = BigInt(c.oneIn(4) ? c.random.below(3) : c.random.below(20));
    if (!c.oneIn(16)) c.setLow(RCX, instruction.addressSize, count);
  }
}

/** A relative branch to INT3, in most cases. */
function branch(c, parts) {
  const { code, instruction } = parts;
  const size = c.row.operands === 'Jb' ? 1 : instruction.operandSize === 16 ? 2 : 4;
  const at = code.length - size;
  for (let tries = 0; tries < 100; tries++) {
    const near = c.between(-128, 127);
    const distance =
      size === 1 ? near : c.oneIn(16) ? Number(BigInt.asIntN(32, c.value())) : c.landing() - c.place - code.length;
    const place = c.place + code.length + distance;
    if (!c.isLanding(place)) continue;
    bytesOf(BigInt.asUintN(64, BigInt(distance)), size).forEach((byte, i) => {
      code[at + i] = byte;
    });
    return;
  }
}

/** Operands of string instructions, XLAT, MASKMOVQ and MONITOR. @returns the address */
function implicit(c, { instruction }, operand, target) {
  const { base } = operand;
  const { addressSize } = instruction;
  const isXlat = c.row.mnemonic === 'XLATB';
  const value = isXlat ? target - (c.gpr(RAX) & 0xffn) : target;
  c.setLow(base, addressSize, value);
  return target;
}

/** A memory operand has its address: what is there. */
function memory(c, { instruction }, operand, address) {
  const { mnemonic: m, operands } = c.row;
  const { segment } = operand;
  const size = instruction.operandSize / 8;
  if (m === 'CMPXCHG' && c.oneIn(2)) {
    const found = c.read(segment, address, operand.width / 8);
    if (found !== undefined) c.setLow(RAX, operand.width, found);
  } else if (m.startsWith('CMPXCHG') && m !== 'CMPXCHG') {
    const half = operand.width / 2;
    const found = c.read(segment, address, operand.width / 8);
    if (found !== undefined && c.oneIn(2)) {
      c.setLow(RAX, half, found);
      c.setLow(RDX, half, found >> BigInt(half));
    }
  } else if (m === 'BOUND') {
    if (c.oneIn(4)) return;
    const register = gprOperand({ instruction }, 0);
    const bounds = [c.value() & 0x7fn, (c.value() & 0x7fn) + 0x80n];
    c.patch(
      segment,
      address,
      bounds.flatMap((bound) => bytesOf(bound, size)),
    );
    if (register !== undefined && !c.pinned.has(register))
      c.setLow(register, 8 * size, c.pick(bounds) + BigInt(c.between(-1, 1)));
  } else if (operands === 'Mp' || operands.endsWith(',Mp')) {
    const isBranch = m === 'CALL' || m === 'JMP';
    const { selector, offset } = isBranch ? c.farTarget() : { selector: c.anySelector(), offset: c.value() };
    c.patch(segment, address, [...bytesOf(offset, size), ...bytesOf(BigInt(selector), 2)]);
  } else if ((m === 'CALL' || m === 'JMP') && operands === 'Ev')
    c.patchNumber(segment, address, c.landingAddress(), size);
  else if (/^(VERR|VERW|LAR|LSL|ARPL)$/.test(m) || operands === 'Sw,Ew')
    c.patchNumber(segment, address, BigInt(c.anySelector()), 2);
  else if (m === 'FLDCW')
    c.patchNumber(segment, address, (BigInt(c.random.next() & 0xfff & ~(c.oneIn(2) ? 0x100 : 0)) & 0xf7fn) | 0x40n, 2);
  else if (m === 'FLDENV') c.patch(segment, address, environment(c, instruction.operandSize === 16));
  else if (m === 'FRSTOR') {
    const isSmall = instruction.operandSize === 16;
    c.patch(segment, address, [...environment(c, isSmall), ...registers(c)]);
  } else if (/^FXRSTOR/.test(m)) c.patch(segment, address, fxsaveImage(c));
  else if (/^XRSTOR/.test(m)) c.patch(segment, address, xsaveImage(c));
  else if (m === 'LDMXCSR')
    c.patchNumber(segment, address, BigInt(c.random.next() & (c.oneIn(8) ? 0x1_ffff : 0xffff)), 4);
  else if (m === 'FBLD' && c.oneIn(2)) {
    const digits = Array.from({ length: 9 }, () => c.random.below(10) | (c.random.below(10) << 4));
    c.patch(segment, address, [...digits, c.oneIn(2) ? 0 : 0x80]);
  }
}

/** Eight x87 registers of 10 bytes. */
function registers(c) {
  const words = new Uint32Array(STATE_SIZE_BYTES / 4);
  putBaseState(words, c.random.next(), { codeSize: c.codeSize, vectors: 'single' });
  const state = new Uint8Array(words.buffer);
  return Array.from({ length: 8 }, (_, i) => [...state.subarray(STATE.ST + 16 * i, STATE.ST + 16 * i + 10)]).flat();
}

/** Last: relations between operands. @returns false to give the case up */
function after(c, { instruction }) {
  const { mnemonic: m, map, opcode } = c.row;
  if (m === 'CMPXCHG' && instruction.operands[0].kind === 'register' && c.oneIn(2)) {
    const { index, file, width } = instruction.operands[0];
    if (file === 'gpr') c.setLow(RAX, width, c.gpr(index));
  }
  const isComparison = map === 'one-byte' && (opcode === 0xa6 || opcode === 0xa7 || opcode === 0xae || opcode === 0xaf);
  if (isComparison && c.oneIn(2)) equalData(c, instruction);
  return true;
}

/** Equal elements for CMPS and SCAS, for as far as it goes. */
function equalData(c, instruction) {
  const { addressSize } = instruction;
  const mask = (1n << BigInt(addressSize)) - 1n;
  const value = c.gpr(RAX);
  const size = instruction.operands.find((operand) => operand.kind === 'memory').width / 8;
  const bytes = Array.from({ length: c.between(1, 6) }, () => bytesOf(value, size)).flat();
  for (const operand of instruction.operands) {
    if (operand.kind !== 'memory') continue;
    c.patch(operand.segment, c.gpr(operand.base === RSI ? RSI : RDI) & mask, bytes);
  }
}

export const prepare = { before, implicit, memory, after };
