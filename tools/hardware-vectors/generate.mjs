// Makes cases for a row of the opcode tables: bytes first, as the row allows them, then a state in which they do something.
import { BASE_RIP, decode, NO_REGISTER } from '@longmode/cpu-x86/decode';
import { CODE_SIZE_BYTES, SLOT_COUNT, SLOT_PAGE, SLOT_SIZE_BYTES } from '@longmode/x86-vectors';
import { bytesOf, CaseBuilder } from './case-builder.mjs';
import { prepare } from './prepare.mjs';

const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];
const XSAVE_AREA_SIZE = 576;
const FLAG_TF = 0x100;
const FLAG_NT = 0x4000;
const FLAG_AC = 0x40000;
const FLAG_ID = 0x200000;

/** Whether a row can be met in a code size at all. */
export function isRowOf(row, codeSize) {
  if (codeSize === 64) return !row.invalid64;
  return !row.only64 && row.rexW !== 1 && row.rexB !== 1;
}

/** What the x87, MMX and XMM registers hold in a row's cases; `none` where it has nothing to do with them. */
export function vectorsOf({ map, opcode, operands }) {
  if (map === 'one-byte' && opcode >= 0xd8 && opcode <= 0xdf) return 'single';
  if (map === 'one-byte' && opcode === 0x9b) return 'single';
  if (map === '0f' && (opcode === 0x77 || opcode === 0xae || (opcode === 0xc7 && operands === 'M'))) return 'single';
  if (!/(^|,)[VWUPQN]/.test(operands)) return 'none';
  if (/[WV]s?d?sd|[WVUM]pd|[WV]sd/.test(operands)) return 'double';
  return /[WVUM](ss|ps)/.test(operands) || (map === '0f' && (opcode === 0x2c || opcode === 0x2d))
    ? 'single'
    : 'integer';
}

/** Whether F3 or F2 before a row's opcode, without being part of it, means nothing on any processor. */
const ignoresRepeat = ({ map, opcode }) => map === 'one-byte' && !(opcode >= 0xd8 && opcode <= 0xdf) && opcode !== 0x90;
const isString = ({ map, opcode }) =>
  map === 'one-byte' &&
  ((opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf) || (opcode >= 0x6c && opcode <= 0x6f));
const OPCODE_BYTES = { 'one-byte': [], '0f': [0x0f], '0f38': [0x0f, 0x38], '0f3a': [0x0f, 0x3a] };
/** Operand codes that address memory or follow the address size without ModR/M. */
const FOLLOWS_ADDRESS_SIZE = /^[OXY]|,[OXY]|^B|,B/;
const HAS_MODRM = /(^|,)([EGRMWUVQNPSCD][a-z/]|M(,|$)|M[a-z]|STi)/;

/** The bytes of a row's instruction with random operands. @returns undefined if they became another row's */
function makeBytes(c) {
  const { row, codeSize, is64 } = c;
  const isMemoryRow = HAS_MODRM.test(row.operands) && row.mod !== 'register';
  const usesAddress = isMemoryRow || FOLLOWS_ADDRESS_SIZE.test(row.operands) || (row.opcode & 0xfc) === 0xe0;
  const prefixes = [];
  if (c.oneIn(usesAddress ? 6 : 40)) prefixes.push(c.pick(SEGMENT_PREFIXES));
  if (row.prefix === undefined ? c.oneIn(3) : row.prefix !== 'none' && row.prefix !== 0x66 && c.oneIn(10))
    prefixes.push(0x66);
  if (c.oneIn(usesAddress ? 5 : 32)) prefixes.push(0x67);
  if (c.oneIn(row.lockable ? 6 : 96)) prefixes.push(0xf0);
  if (row.prefix === undefined && ignoresRepeat(row) && c.oneIn(isString(row) ? 2 : 48))
    prefixes.push(c.pick([0xf3, 0xf2]));
  if (typeof row.prefix === 'number') prefixes.push(row.prefix);
  if (c.oneIn(48) && prefixes.length > 0) prefixes.push(c.pick(prefixes));
  for (let i = prefixes.length - 1; i > 0; i--) {
    const j = c.random.below(i + 1);
    [prefixes[i], prefixes[j]] = [prefixes[j], prefixes[i]];
  }
  if (is64) {
    if (c.oneIn(64)) prefixes.push(0x40 | c.random.below(16), c.pick([0x2e, 0x3e])); // a REX that does not count
    let rex = c.oneIn(2) ? 0 : c.random.below(16) & (c.oneIn(2) ? 15 : 8);
    if (row.rexW !== undefined) rex = (rex & 7) | (row.rexW << 3);
    if (row.rexB !== undefined) rex = (rex & 14) | row.rexB;
    if (rex !== 0 || c.oneIn(8)) prefixes.push(0x40 | rex);
  }
  const code = [...prefixes, ...OPCODE_BYTES[row.map], row.opcode];
  const layout = { modrmAt: -1, displacementAt: -1, displacementSize: 0 };
  if (HAS_MODRM.test(row.operands) || row.reg !== undefined || row.mod !== undefined)
    putModrm(c, code, layout, prefixes);
  const immediateAt = code.length;
  // More than any row takes; the decoder says how many of them count.
  code.push(...bytesOf(c.oneIn(4) ? BigInt(c.random.next()) : c.value(), 8), 0, 0);
  for (let i = immediateAt + 4; i < immediateAt + 8; i++) if (c.oneIn(2)) code[i] = c.random.below(256);
  const bytes = Uint8Array.from(code);
  const found = decode(bytes, 0, bytes.length, codeSize);
  if (found.kind !== 'instruction')
    return c.oneIn(12) && isOwnFault(prefixes, found) ? { code: code.slice(0, found.length), layout } : undefined;
  if (found.encoding !== row && !sameRow(found.encoding, row)) return undefined;
  return { code: code.slice(0, found.length), layout: { ...layout, immediateAt }, instruction: found };
}

const sameRow = (a, b) =>
  a.map === b.map &&
  a.opcode === b.opcode &&
  a.mnemonic === b.mnemonic &&
  a.operands === b.operands &&
  a.reg === b.reg &&
  a.prefix === b.prefix &&
  a.rexW === b.rexW &&
  a.rm === b.rm &&
  a.mod === b.mod &&
  a.rexB === b.rexB;

/** A misplaced LOCK is worth a case. */
const isOwnFault = (prefixes, found) =>
  prefixes.includes(0xf0) && found.kind === 'invalid-opcode' && found.reason === '#UD' && found.length > 2;

function putModrm(c, code, layout, prefixes) {
  const { row, codeSize, is64 } = c;
  const isRegister = row.mod === 'register' || (row.mod !== 'memory' && c.oneIn(3));
  const reg = row.reg ?? c.random.below(8);
  const rm = row.rm ?? c.random.below(8);
  const has67 = prefixes.includes(0x67);
  const addressSize = is64 ? (has67 ? 32 : 64) : (codeSize === 32) === has67 ? 16 : 32;
  layout.modrmAt = code.length;
  if (isRegister) {
    code.push(0xc0 | (reg << 3) | rm);
    return;
  }
  const mod = c.random.below(3);
  code.push((mod << 6) | (reg << 3) | rm);
  let size = mod === 1 ? 1 : 0;
  if (addressSize === 16) {
    if (mod === 2 || (mod === 0 && rm === 6)) size = 2;
  } else {
    let base = rm;
    if (rm === 4) {
      const sib = c.random.below(256);
      code.push(sib);
      base = sib & 7;
    }
    if (mod === 2 || (mod === 0 && base === 5)) size = 4;
  }
  layout.displacementAt = code.length;
  layout.displacementSize = size;
  code.push(...bytesOf(c.oneIn(2) ? c.value() : BigInt(c.between(-128, 127)), size));
}

/**
 * Gives a memory operand an effective address by setting its registers or its displacement.
 *
 * @returns the address that it has then
 */
export function aim(c, { instruction, code, layout }, operand, target) {
  const { addressSize } = instruction;
  const mask = (1n << BigInt(addressSize)) - 1n;
  const displacement = () => (BigInt(operand.displacementHigh) << 32n) | BigInt(operand.displacement >>> 0);
  const setDisplacement = (value) => {
    const { displacementAt, displacementSize } = layout;
    bytesOf(BigInt.asUintN(64, value), displacementSize).forEach((byte, i) => {
      code[displacementAt + i] = byte;
    });
    return BigInt.asIntN(8 * displacementSize, value);
  };
  const { base, index } = operand;
  const scale = BigInt(operand.scale);
  const isWide = layout.displacementSize === 4 || layout.displacementSize === 2;
  if (base === BASE_RIP) {
    const next = BigInt(c.rip + code.length);
    return (next + setDisplacement(target - next)) & mask;
  }
  const valueIn = (register) => c.gpr(register) & mask;
  if (base === NO_REGISTER && index === NO_REGISTER) {
    if (layout.displacementSize === 0 && layout.displacementAt < 0) {
      // An absolute offset, where the immediate would be.
      bytesOf(target, addressSize / 8).forEach((byte, i) => {
        code[layout.immediateAt + i] = byte;
      });
      return target;
    }
    return setDisplacement(target) & mask;
  }
  if (base === NO_REGISTER) {
    if (!c.pinned.has(index)) {
      if (c.oneIn(2)) c.setLow(index, addressSize, (target - displacement()) / scale);
      else c.setLow(index, addressSize, BigInt(c.between(-64, 64)));
    }
    return (valueIn(index) * scale + setDisplacement(target - valueIn(index) * scale)) & mask;
  }
  const indexPart = () => (index === NO_REGISTER ? 0n : valueIn(index) * scale);
  if (base === index || c.pinned.has(base)) {
    const rest = valueIn(base) + indexPart();
    if (isWide) return (rest + setDisplacement(target - rest)) & mask;
    if (index !== NO_REGISTER && index !== base && !c.pinned.has(index) && scale === 1n) {
      c.setLow(index, addressSize, target - displacement() - valueIn(base));
    } else if (base === index && !c.pinned.has(base)) {
      c.setLow(base, addressSize, (target - displacement()) / (scale + 1n));
    }
    return (valueIn(base) + indexPart() + displacement()) & mask;
  }
  if (index !== NO_REGISTER && !c.pinned.has(index) && c.oneIn(2))
    c.setLow(index, addressSize, BigInt(c.between(-64, 64)));
  if (index !== NO_REGISTER) c.pinned.add(index);
  c.setLow(base, addressSize, target - displacement() - indexPart());
  return target & mask;
}

/** Rare flags: traps, alignment checks, and those that mean nothing here. */
function putFlags(c) {
  if (c.oneIn(64)) c.flags |= FLAG_TF;
  if (c.oneIn(40)) c.flags |= FLAG_AC;
  if (c.oneIn(100)) c.flags |= FLAG_NT;
  if (c.oneIn(64)) c.flags |= FLAG_ID;
}

/** Memory operands of 16 bytes must mostly be aligned. */
function alignmentOf(row, operand) {
  if (operand.width === 128) return 16;
  if (/XSAVE|XRSTOR/.test(row.mnemonic)) return 64;
  return /FXSAVE|FXRSTOR/.test(row.mnemonic) ? 16 : 1;
}
const sizeOf = (row, operand) => (/XSAVE|XRSTOR/.test(row.mnemonic) ? XSAVE_AREA_SIZE : operand.width / 8);

/** Locked accesses over the end of a cache line: Linux makes a process that has them sleep. */
/** XSAVE areas that are only partly mapped: which parts are accessed follows from the components, and from the processor. */
function isPartlyMapped(c, segment, size, address) {
  if (size !== XSAVE_AREA_SIZE) return false;
  const places = [c.offsetOf(segment, address), c.offsetOf(segment, address + BigInt(size - 1))];
  const [first, last] = places.map((offset) => (offset === undefined ? -1 : offset >> 13));
  return first !== last || address + BigInt(size) > 1n << 64n;
}

function isSplitLock(c, instruction, { segment, width }, address) {
  if (!(instruction.lock || c.row.mnemonic === 'XCHG') || width <= 8) return false;
  const offset = c.offsetOf(segment, address);
  return offset !== undefined && (offset & 63) + width / 8 > 64;
}

/**
 * Makes one case.
 *
 * @returns its state, code and patches
 */
export function makeCase({ random, row, codeSize, vectors, seed, indexInGroup, pattern }) {
  for (let tries = 0; ; tries++) {
    if (tries > 20_000) throw new Error(`no case of ${row.mnemonic} ${row.operands} in ${codeSize}-bit code`);
    const slot = SLOT_PAGE + (indexInGroup % SLOT_COUNT) * SLOT_SIZE_BYTES;
    const c = new CaseBuilder({ random, row, codeSize, vectors, seed, place: slot, pattern });
    const made = makeBytes(c);
    if (made === undefined) continue;
    if (c.oneIn(64)) c.place = CODE_SIZE_BYTES - c.between(1, made.code.length + 1);
    c.keepStartInLimit();
    putFlags(c);
    const { instruction } = made;
    if (instruction !== undefined) {
      const parts = { ...made, c };
      let isUsable = true;
      prepare.before(c, parts);
      const memory = instruction.operands.filter((operand) => operand.kind === 'memory');
      for (const operand of memory) {
        const { segment } = operand;
        const isImplicit =
          FOLLOWS_ADDRESS_SIZE.test(row.operands) && !row.operands.startsWith('O') && !row.operands.includes(',O');
        const size = sizeOf(row, operand);
        const target =
          size === 0 && row.operands !== 'M'
            ? c.value()
            : c.address({
                segment,
                size: Math.max(size, 1),
                addressSize: instruction.addressSize,
                alignment: alignmentOf(row, operand),
              });
        const address = isImplicit ? prepare.implicit(c, parts, operand, target) : aim(c, made, operand, target);
        prepare.memory(c, parts, operand, address);
        if (
          isSplitLock(c, instruction, operand, address) ||
          c.isAmongCode(segment, address) ||
          isPartlyMapped(c, segment, size, address)
        )
          isUsable = false;
      }
      if (!isUsable) continue;
      if (prepare.after(c, parts) === false) continue;
    }
    c.view.setUint32(128, c.rip, true);
    const code = Uint8Array.from(made.code);
    const found = decode(code, 0, code.length, codeSize);
    return {
      before: c.before,
      code,
      place: c.place,
      patches: c.patches,
      instruction: found.kind === 'instruction' ? found : undefined,
    };
  }
}
