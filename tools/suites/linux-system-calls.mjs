// System calls by number, as functions of a LinuxProcess and up to six numbers. A negative result is an error.
import { FS, GS } from '@longmode/cpu-x86';
import { TLS_ENTRY } from './process-machine.mjs';

const ENOENT = -2;
const EBADF = -9;
const EFAULT = -14;
const EINVAL = -22;
const ENOTTY = -25;
const PAGE = 0x1000;
const PROCESS_ID = 1000;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;

const pageUp = (length) => Math.ceil(length / PAGE) * PAGE;

function write(process, file, address, length) {
  if (file !== 1 && file !== 2) return EBADF;
  const bytes = process.readBytes(address, length);
  if (bytes === undefined) return EFAULT;
  (file === 1 ? process.output : process.errors).push(bytes);
  return length;
}
function writeVector(process, file, address, count) {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const at = address + 2 * i * process.wordSize;
    const written = write(process, file, process.readWord(at), process.readWord(at + process.wordSize));
    if (written < 0) return written;
    sum += written;
  }
  return sum;
}

function exit(process, code) {
  process.exitCode = code & 0xff;
  return 0;
}
function breakAt(process, address) {
  return process.moveBreak(address);
}
function map(process, address, length, protection, flags, file) {
  if (length === 0) return EINVAL;
  if ((flags & MAP_ANONYMOUS) === 0) return file === 0xffff_ffff ? EBADF : -19;
  if ((flags & MAP_FIXED) === 0) return process.newMapping(length, protection & 7);
  unmap(process, address, length);
  process.addRegion(address, address + pageUp(length), protection & 7);
  return address;
}
function unmap(process, address, length) {
  if (address % PAGE !== 0) return EINVAL;
  process.removeRegion(address, address + pageUp(length));
  process.machine.unmap(address, address + pageUp(length));
  return 0;
}
function protect(process, address, length, protection) {
  process.protect(address, address + pageUp(length), protection & 7);
  return 0;
}

/** `struct sigaction` of the kernel: handler, flags, restorer, mask of 64 bits. */
function signalAction(process, number, added, old) {
  const size = process.wordSize;
  const known = process.actions.get(number);
  if (old !== 0) {
    process.writeWord(old, known?.handler ?? 0);
    process.writeWord(old + size, known?.flags ?? 0);
    process.writeWord(old + 2 * size, known?.restorer ?? 0);
    process.writeBytes(old + 3 * size, wide(known?.mask ?? 0n));
  }
  if (added !== 0) {
    const mask = process.readBytes(added + 3 * size, 8);
    if (mask === undefined) return EFAULT;
    process.actions.set(number, {
      handler: process.readWord(added),
      flags: process.readWord(added + size),
      restorer: process.readWord(added + 2 * size),
      mask: Buffer.from(mask).readBigUInt64LE(),
    });
  }
  return 0;
}
function signalMask(process, how, added, old) {
  if (old !== 0) process.writeBytes(old, wide(process.signalMask));
  if (added === 0) return 0;
  const bytes = process.readBytes(added, 8);
  if (bytes === undefined) return EFAULT;
  const set = Buffer.from(bytes).readBigUInt64LE();
  if (how === 0) process.signalMask |= set;
  else if (how === 1) process.signalMask &= ~set;
  else process.signalMask = set;
  return 0;
}
function alternateStack(process, added, old) {
  const size = process.wordSize;
  if (old !== 0) {
    const { base = 0, size: length = 0 } = process.alternateStack ?? {};
    process.writeWord(old, base);
    process.writeWord(old + size, process.alternateStack === undefined ? 2 : 0);
    process.writeWord(old + 2 * size, length);
  }
  if (added !== 0) {
    const isOff = (process.readWord(added + size) & 2) !== 0;
    const stack = { base: process.readWord(added), size: process.readWord(added + 2 * size) };
    process.alternateStack = isOff ? undefined : stack;
  }
  return 0;
}
function raise(process, _, __, number) {
  if (number !== 0) process.pending.push({ number, code: -6, address: 0, vector: 0, errorCode: 0, isFault: false });
  return 0;
}

/** `struct user_desc`. */
function descriptorOf(process, address, hasAvailable = true) {
  const bytes = process.readBytes(address, 16);
  if (bytes === undefined) return undefined;
  const view = Buffer.from(bytes);
  const [entry, base, limit, flags] = [0, 4, 8, 12].map((at) => view.readUInt32LE(at));
  const contents = (flags >> 1) & 3;
  const type = (contents << 2) | ((flags & 8) === 0 ? 2 : 0) | 1;
  const rights = BigInt(
    type |
      0x70 |
      ((flags & 0x20) === 0 ? 0x80 : 0) |
      (hasAvailable && (flags & 0x40) !== 0 ? 0x1000 : 0) |
      ((flags & 1) << 14),
  );
  const granularity = (flags & 0x10) !== 0 ? 0x8000n : 0n;
  const isEmpty = base === 0 && limit === 0 && (flags & ~0x40) === 0x28;
  const descriptor =
    (BigInt(limit) & 0xffffn) |
    (BigInt(base & 0xff_ffff) << 16n) |
    ((rights | granularity) << 40n) |
    (BigInt((limit >>> 16) & 0xf) << 48n) |
    (BigInt(base >>> 24) << 56n);
  return { entry, descriptor: isEmpty ? 0n : descriptor };
}
function modifyLocalTable(process, how, address, length) {
  if (how === 0 || how === 2) return 0;
  if (how !== 1 && how !== 0x11) return -38;
  if (length !== 16) return EINVAL;
  const made = descriptorOf(process, address, how !== 1);
  if (made === undefined) return EFAULT;
  return process.machine.setDescriptor('ldt', made.entry, made.descriptor) ? 0 : EINVAL;
}
function setThreadArea(process, address) {
  const made = descriptorOf(process, address);
  if (made === undefined) return EFAULT;
  const entry = made.entry === 0xffff_ffff ? TLS_ENTRY : made.entry;
  if (!process.machine.setDescriptor('gdt', entry, made.descriptor)) return EINVAL;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(entry);
  process.writeBytes(address, bytes);
  return 0;
}
function archControl(process, code, address) {
  switch (code) {
    case 0x1001:
      process.setSegmentBase(GS, address);
      return 0;
    case 0x1002:
      process.setSegmentBase(FS, address);
      return 0;
    case 0x1003:
      process.writeWord(address, process.segmentBase(FS));
      return 0;
    case 0x1004:
      process.writeWord(address, process.segmentBase(GS));
      return 0;
    default:
      return EINVAL;
  }
}

function systemName(process, address) {
  const fields = ['Linux', 'longmode', '6.1.0', '#1', process.is32 ? 'i686' : 'x86_64', ''];
  const bytes = Buffer.alloc(65 * 6);
  for (const [i, text] of fields.entries()) bytes.write(text, 65 * i, 'latin1');
  process.writeBytes(address, bytes);
  return 0;
}
function randomBytes(process, address, length) {
  process.writeBytes(
    address,
    Uint8Array.from({ length }, (_, i) => (i * 73 + 41) & 0xff),
  );
  return length;
}
function timeOf(process, _, address) {
  if (address !== 0) process.writeBytes(address, new Uint8Array(16));
  return 0;
}
function resourceLimit(process, _, __, ___, old) {
  if (old !== 0) process.writeBytes(old, Buffer.concat([wide(0x80_0000n), wide(0xffff_ffff_ffff_ffffn)]));
  return 0;
}
const wide = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
};
const answer = (value) => () => value;
const missing = answer(ENOENT);
const nothing = answer(0);
const identity = answer(PROCESS_ID);

export const SYSTEM_CALLS_64 = {
  0: answer(0),
  1: write,
  2: missing,
  3: nothing,
  5: answer(EBADF),
  9: map,
  10: protect,
  11: unmap,
  12: breakAt,
  13: signalAction,
  14: signalMask,
  15: (process) => process.returnFromHandler('information'),
  16: answer(ENOTTY),
  20: writeVector,
  24: nothing,
  28: nothing,
  37: nothing,
  39: identity,
  60: exit,
  62: (process, _, number) => raise(process, 0, 0, number),
  63: systemName,
  72: nothing,
  89: missing,
  96: (process, address) => timeOf(process, 0, address),
  131: alternateStack,
  154: modifyLocalTable,
  158: archControl,
  186: identity,
  200: (process, _, number) => raise(process, 0, 0, number),
  202: nothing,
  203: nothing,
  218: identity,
  228: timeOf,
  231: exit,
  234: raise,
  257: missing,
  262: answer(EBADF),
  273: nothing,
  302: resourceLimit,
  318: randomBytes,
};
export const SYSTEM_CALLS_32 = {
  1: exit,
  3: answer(0),
  4: write,
  5: missing,
  6: nothing,
  20: identity,
  37: (process, _, number) => raise(process, 0, 0, number),
  45: breakAt,
  54: answer(ENOTTY),
  85: missing,
  91: unmap,
  119: (process) => process.returnFromHandler('plain'),
  122: systemName,
  123: modifyLocalTable,
  125: protect,
  146: writeVector,
  158: nothing,
  173: (process) => process.returnFromHandler('information'),
  174: signalAction,
  175: signalMask,
  186: alternateStack,
  191: nothing,
  192: map,
  197: answer(EBADF),
  219: nothing,
  224: identity,
  238: (process, _, number) => raise(process, 0, 0, number),
  240: nothing,
  241: nothing,
  243: setThreadArea,
  252: exit,
  258: identity,
  265: timeOf,
  270: raise,
  295: missing,
  300: answer(EBADF),
  305: missing,
  311: nothing,
  340: resourceLimit,
  355: randomBytes,
  383: answer(EBADF),
  403: timeOf,
  422: nothing,
};
