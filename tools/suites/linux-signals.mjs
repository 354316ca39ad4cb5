// Signals: what exceptions become, and the frames that handlers find on their stack, as Linux's ABI has them.
import { USER_CODE_32, USER_CODE_64, USER_DATA } from './process-machine.mjs';

/** By vector. @type {Readonly<Record<number, { number: number, code: number, isAtInstruction?: boolean }>>} */
export const SIGNALS = {
  0: { number: 8, code: 1, isAtInstruction: true },
  1: { number: 5, code: 2, isAtInstruction: true },
  3: { number: 5, code: 0x80 },
  4: { number: 11, code: 0x80 },
  5: { number: 11, code: 0x80 },
  6: { number: 4, code: 2, isAtInstruction: true },
  11: { number: 7, code: 0x80 },
  12: { number: 7, code: 0x80 },
  13: { number: 11, code: 0x80 },
  14: { number: 11, code: 1 },
  16: { number: 8, code: 7, isAtInstruction: true },
  17: { number: 7, code: 1 },
  19: { number: 8, code: 7, isAtInstruction: true },
};

const SA_SIGINFO = 4;
const SA_ONSTACK = 0x0800_0000;
const SA_NODEFER = 0x4000_0000;
/** TF, DF and RF are clear when a handler begins. */
const HANDLER_FLAGS = ~(0x100 | 0x400 | 0x1_0000);
/** What a handler may change: RF, AC, OF, DF, TF, SF, ZF, AF, PF, CF. */
const RESTORED_FLAGS = 0x1_0000 | 0x4_0000 | 0xdd5 | 0x100;
const RED_ZONE_BYTES = 128;
const FX_SIZE_BYTES = 512;
const FSAVE_SIZE_BYTES = 112;

const [RAX, RCX, RDX, RBX, , RBP, RSI, RDI] = [0, 1, 2, 3, 4, 5, 6, 7];
/** General registers in the order of the contexts; 4 is the stack pointer. */
const ORDER_64 = [8, 9, 10, 11, 12, 13, 14, 15, RDI, RSI, RBP, RBX, RDX, RAX, RCX, 4];
const ORDER_32 = [RDI, RSI, RBP, 4, RBX, RDX, RCX, RAX];
const [ES, DS, FS, GS] = [0, 3, 4, 5];

/** Puts a frame on the stack, and the process into its handler. @returns {boolean} whether there was room */
export function enterHandler(process, signal, action) {
  const { state } = process.machine.cpu;
  const stack = stackFor(process, action);
  const parts = process.is32 ? frame32(process, signal, action, stack) : frame64(process, signal, action, stack);
  if (!process.writeBytes(parts.floatingPointAt, parts.floatingPoint)) return false;
  if (!process.writeBytes(parts.at, parts.bytes)) return false;
  process.frame = {
    ...process.frame,
    rip: BigInt(action.handler),
    cs: process.is32 ? USER_CODE_32 : USER_CODE_64,
    ss: USER_DATA,
    rsp: BigInt(parts.at),
    rflags: process.frame.rflags & HANDLER_FLAGS,
  };
  state.setGpr(RAX, process.is32 ? BigInt(signal.number) : 0n);
  if (process.is32) {
    state.setGpr(RDX, BigInt(parts.information));
    state.setGpr(RCX, BigInt(parts.context));
    for (const index of [ES, DS]) process.machine.loadSegment(index, USER_DATA);
  } else {
    state.setGpr(RDI, BigInt(signal.number));
    state.setGpr(RSI, BigInt(parts.information));
    state.setGpr(RDX, BigInt(parts.context));
  }
  process.signalMask |= action.mask;
  if ((action.flags & SA_NODEFER) === 0) process.signalMask |= 1n << BigInt(signal.number - 1);
  return true;
}

function stackFor(process, { flags }) {
  const rsp = Number(process.frame.rsp);
  const { alternateStack: other } = process;
  const isOther =
    other !== undefined && (flags & SA_ONSTACK) !== 0 && !(rsp > other.base && rsp <= other.base + other.size);
  return isOther ? other.base + other.size : rsp - (process.is32 ? 0 : RED_ZONE_BYTES);
}

function information(process, signal) {
  const bytes = Buffer.alloc(128);
  bytes.writeInt32LE(signal.number, 0);
  bytes.writeInt32LE(signal.code | 0, 8);
  if (!signal.isFault) bytes.writeInt32LE(1000, process.is32 ? 12 : 16);
  else if (process.is32) bytes.writeUInt32LE(signal.address >>> 0, 12);
  else bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(signal.address)), 16);
  return bytes;
}

function frame64(process, signal, action, stack) {
  const { frame, machine } = process;
  const { state } = machine.cpu;
  const floatingPointAt = Math.floor((stack - FX_SIZE_BYTES) / 64) * 64;
  const contextSize = 304;
  const at = Math.floor((floatingPointAt - 8 - contextSize - 128) / 16) * 16 - 8;
  const bytes = Buffer.alloc(8 + contextSize + 128);
  bytes.writeBigUInt64LE(BigInt(action.restorer), 0);
  const context = 8;
  // UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS.
  bytes.writeBigUInt64LE(6n, context);
  const words = [
    ...ORDER_64.map((i) => (i === 4 ? frame.rsp : state.gpr(i))),
    frame.rip,
    BigInt(frame.rflags),
    BigInt(frame.cs) | (BigInt(frame.ss) << 48n),
    BigInt(signal.errorCode),
    BigInt(signal.vector),
    process.signalMask,
    process.machine.faultAddress,
    BigInt(floatingPointAt),
  ];
  for (const [i, word] of words.entries()) bytes.writeBigUInt64LE(BigInt.asUintN(64, word), context + 40 + 8 * i);
  bytes.writeBigUInt64LE(process.signalMask, context + 40 + 8 * 32);
  information(process, signal).copy(bytes, 8 + contextSize);
  const floatingPoint = machine.saveFloatingPoint();
  return { at, bytes, floatingPointAt, floatingPoint, information: at + 8 + contextSize, context: at + 8 };
}

function context32(process, signal, floatingPointAt) {
  const { frame, machine } = process;
  const { state } = machine.cpu;
  const words = [
    ...[GS, FS, ES, DS].map((i) => state.segments[i].selector),
    ...ORDER_32.map((i) => (i === 4 ? Number(frame.rsp & 0xffff_ffffn) : state.gpr32(i))),
    signal.vector,
    signal.errorCode,
    Number(frame.rip & 0xffff_ffffn),
    frame.cs,
    frame.rflags,
    Number(frame.rsp & 0xffff_ffffn),
    frame.ss,
    floatingPointAt,
    Number(process.signalMask & 0xffff_ffffn),
    Number(machine.faultAddress & 0xffff_ffffn),
  ];
  const bytes = Buffer.alloc(words.length * 4);
  for (const [i, word] of words.entries()) bytes.writeUInt32LE(word >>> 0, 4 * i);
  return bytes;
}

function frame32(process, signal, action, stack) {
  const fxAt = Math.floor((stack - FX_SIZE_BYTES) / 64) * 64;
  const floatingPointAt = fxAt - FSAVE_SIZE_BYTES;
  const image = process.machine.saveFloatingPoint();
  const legacy = Buffer.alloc(FSAVE_SIZE_BYTES);
  const [control, status, tag] = [0, 2, 4].map((at) => image[at] | (image[at + 1] << 8));
  for (const [i, word] of [control, status, fullTag(image, tag)].entries())
    legacy.writeUInt32LE(0xffff_0000 + word, 4 * i);
  for (let i = 0; i < 8; i++) legacy.set(image.subarray(32 + 16 * i, 42 + 16 * i), 28 + 10 * i);
  legacy.writeUInt16LE(status, 108);
  const floatingPoint = Buffer.concat([legacy, image]);
  const context = context32(process, signal, floatingPointAt);
  const isLong = (action.flags & SA_SIGINFO) !== 0;
  const size = isLong ? 16 + 128 + 20 + context.length + 8 + 8 : 8 + context.length + 624 + 4 + 8;
  const at = Math.floor((floatingPointAt - size - 4) / 16) * 16 - 4;
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(action.restorer, 0);
  bytes.writeUInt32LE(signal.number, 4);
  const informationAt = 16;
  const contextAt = informationAt + 128;
  if (isLong) {
    bytes.writeUInt32LE(at + informationAt, 8);
    bytes.writeUInt32LE(at + contextAt, 12);
    information(process, signal).copy(bytes, informationAt);
    context.copy(bytes, contextAt + 20);
    bytes.writeBigUInt64LE(process.signalMask, contextAt + 20 + context.length);
  } else context.copy(bytes, 8);
  return {
    at,
    bytes,
    floatingPointAt,
    floatingPoint,
    information: isLong ? at + informationAt : 0,
    context: isLong ? at + contextAt : 0,
  };
}

/** The tag word of FSAVE from that of FXSAVE: valid, zero, special, empty. */
function fullTag(image, tag) {
  const top = (image[3] >> 3) & 7;
  let word = 0;
  for (let i = 0; i < 8; i++) {
    const at = 32 + 16 * ((i - top) & 7);
    const exponent = (image[at + 8] | (image[at + 9] << 8)) & 0x7fff;
    const isZero = image.subarray(at, at + 8).every((byte) => byte === 0);
    const isNormal = exponent !== 0 && exponent !== 0x7fff && (image[at + 7] & 0x80) !== 0;
    const kind = ((tag >> i) & 1) === 0 ? 3 : isNormal ? 0 : exponent === 0 && isZero ? 1 : 2;
    word |= kind << (2 * i);
  }
  return word;
}

/** @param {'plain' | 'information'} kind which frame RSP points into, behind what the restorer has popped */
export function returnFromHandler(process, kind) {
  const rsp = Number(process.frame.rsp);
  if (process.is32) return32(process, kind === 'plain' ? rsp : rsp - 4 + 16 + 128 + 20, kind === 'plain');
  else return64(process, rsp);
}

function return64(process, at) {
  const { machine } = process;
  const { state } = machine.cpu;
  const bytes = Buffer.from(process.readBytes(at, 304));
  const word = (i) => bytes.readBigUInt64LE(40 + 8 * i);
  ORDER_64.forEach((register, i) => {
    if (register !== 4) state.setGpr(register, word(i));
  });
  const selectors = word(18);
  const image = process.readBytes(Number(word(23)), FX_SIZE_BYTES);
  if (image !== undefined && word(23) !== 0n) machine.loadFloatingPoint(image);
  process.signalMask = word(32);
  process.frame = {
    rip: word(16),
    rflags: restoredFlags(process, Number(word(17) & 0xffff_ffffn)),
    cs: Number(selectors & 0xffffn) | 3,
    ss: Number(selectors >> 48n) | 3,
    rsp: word(15),
  };
}

function return32(process, at, isPlain) {
  const { machine } = process;
  const { state } = machine.cpu;
  const bytes = Buffer.from(process.readBytes(at, 96));
  const word = (i) => bytes.readUInt32LE(4 * i);
  const floatingPointAt = word(19);
  const image =
    floatingPointAt === 0 ? undefined : process.readBytes(floatingPointAt + FSAVE_SIZE_BYTES, FX_SIZE_BYTES);
  if (image !== undefined) machine.loadFloatingPoint(image);
  ORDER_32.forEach((register, i) => {
    if (register !== 4) state.setGpr(register, BigInt(word(4 + i)));
  });
  for (const [i, index] of [GS, FS, ES, DS].entries()) machine.loadSegment(index, word(i) & 0xffff);
  process.signalMask = isPlain ? BigInt(word(20)) : bytes.readBigUInt64LE(88);
  process.frame = {
    rip: BigInt(word(14)),
    rflags: restoredFlags(process, word(16)),
    cs: (word(15) & 0xffff) | 3,
    ss: (word(18) & 0xffff) | 3,
    rsp: BigInt(word(7)),
  };
}

const restoredFlags = (process, flags) =>
  ((process.frame.rflags & ~RESTORED_FLAGS) | (flags & RESTORED_FLAGS) | 0x202) >>> 0;
