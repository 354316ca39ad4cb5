// What the manuals leave undefined, or to the processor, after an instruction that ran to its end. Each entry quotes or names
// the place: SDM Vol. 2, the instruction's own page ("Flags Affected", "FPU Flags Affected", "Operation") unless another is given.
import { FIELDS, STATE } from '@longmode/x86-vectors';
import { RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP } from './case-builder.mjs';

const CF = 1;
const PF = 4;
const AF = 0x10;
const ZF = 0x40;
const SF = 0x80;
const OF = 0x800;
const ALL = CF | PF | AF | ZF | SF | OF;
const C0 = 0x100;
const C1 = 0x200;
const C2 = 0x400;
const C3 = 0x4000;

const maskedCount = ({ width, count }) => count & (width === 64 ? 63 : 31);
function afterShift(instruction) {
  const count = maskedCount(instruction);
  if (count === 0) return 0;
  return AF | (count === 1 ? 0 : OF) | (count >= instruction.width ? CF : 0);
}
const afterRotate = (instruction) => (maskedCount(instruction) <= 1 ? 0 : OF);
function afterDoubleShift(instruction) {
  const count = maskedCount(instruction);
  if (count === 0) return 0;
  if (count > instruction.width) return ALL;
  return AF | (count === 1 ? 0 : OF);
}
const BIT_TEST = OF | SF | AF | PF;

/** Flags by mnemonic: bits, or a function of operand width and shift count. Each with the manual's words. */
export const UNDEFINED_FLAGS = {
  AND: [AF, 'the state of AF is undefined'],
  OR: [AF, 'the state of AF is undefined'],
  XOR: [AF, 'the state of AF is undefined'],
  TEST: [AF, 'the state of AF is undefined'],
  MUL: [SF | ZF | AF | PF, 'SF, ZF, AF and PF are undefined'],
  IMUL: [SF | ZF | AF | PF, 'SF, ZF, AF and PF are undefined'],
  DIV: [ALL, 'CF, OF, SF, ZF, AF and PF are undefined'],
  IDIV: [ALL, 'CF, OF, SF, ZF, AF and PF are undefined'],
  SHL: [
    afterShift,
    'AF undefined for a count other than 0; OF but for 1-bit shifts; CF for counts of the size or more',
  ],
  SAL: [afterShift, 'as SHL'],
  SHR: [afterShift, 'as SHL'],
  SAR: [(instruction) => afterShift(instruction) & ~CF, 'as SHL, but CF is defined for every count'],
  ROL: [afterRotate, 'OF is defined for 1-bit rotates only'],
  ROR: [afterRotate, 'OF is defined for 1-bit rotates only'],
  RCL: [afterRotate, 'OF is defined for 1-bit rotates only'],
  RCR: [afterRotate, 'OF is defined for 1-bit rotates only'],
  SHLD: [afterDoubleShift, 'AF undefined; OF but for 1-bit shifts; all flags for counts greater than the operand size'],
  SHRD: [afterDoubleShift, 'as SHLD'],
  BT: [BIT_TEST, 'OF, SF, AF and PF are undefined'],
  BTS: [BIT_TEST, 'OF, SF, AF and PF are undefined'],
  BTR: [BIT_TEST, 'OF, SF, AF and PF are undefined'],
  BTC: [BIT_TEST, 'OF, SF, AF and PF are undefined'],
  BSF: [ALL & ~ZF, 'CF, OF, SF, AF and PF are undefined'],
  BSR: [ALL & ~ZF, 'CF, OF, SF, AF and PF are undefined'],
  AAA: [OF | SF | ZF | PF, 'OF, SF, ZF and PF are undefined'],
  AAS: [OF | SF | ZF | PF, 'OF, SF, ZF and PF are undefined'],
  AAM: [OF | AF | CF, 'OF, AF and CF are undefined'],
  AAD: [OF | AF | CF, 'OF, AF and CF are undefined'],
  DAA: [OF, 'OF is undefined'],
  DAS: [OF, 'OF is undefined'],
  RDRAND: [CF, 'random'],
  RDSEED: [CF, 'random'],
};

/** Registers that say something about the processor or the moment. */
export const MACHINE_REGISTERS = {
  CPUID: [RAX, RBX, RCX, RDX],
  RDTSC: [RAX, RDX],
  RDTSCP: [RAX, RCX, RDX],
  RDPMC: [RAX, RDX],
  XGETBV: [RAX, RDX],
};

/** Condition codes of the status word by mnemonic ("FPU Flags Affected"). */
const NOT_C1 = C0 | C2 | C3;
const CONDITION_RULES = [
  [/^F(U?COMI?P?P?|I?COMP?|TST|XAM|PREM1?|LDENV|RSTOR|NSAVE|NINIT|U?COMIP?|NENI|NDISI|NSETPM)$/, 0],
  [/^F(SIN|COS|SINCOS|PTAN)$/, C0 | C3],
  [/^F(FREEP?|LDCW|NCLEX|NSTCW|NSTENV|NSTSW|NOP|WAIT)$/, NOT_C1 | C1],
  [/^F(?!X(SAVE|RSTOR))/, NOT_C1],
];
export const undefinedConditions = (mnemonic) => CONDITION_RULES.find(([pattern]) => pattern.test(mnemonic))?.[1] ?? 0;

const fieldNumber = (name) => FIELDS.findIndex((field) => field.name === name);
const FOP = fieldNumber('fop');
const FDP = fieldNumber('fdp');
const FTW = fieldNumber('ftw');
const ST_FIELDS = Array.from({ length: 8 }, (_, i) => fieldNumber(`st${i}`));
const TOP = 0x3800;
const isX87 = ({ map, opcode }) => map === 'one-byte' && opcode >= 0xd8 && opcode <= 0xdf;

/** Parts of memory images of the x87 state that depend on the processor. */
function imageParts(c, { row, instruction }) {
  const operand = instruction.operands.find(({ kind }) => kind === 'memory');
  if (operand === undefined) return [];
  const start = c.addressOf(operand);
  const part = (offset, sizeBytes) => ({ offset: start + offset, sizeBytes });
  switch (row.mnemonic) {
    case 'FNSTENV':
    case 'FNSAVE':
      // Opcode, data pointer and the selectors: SDM Vol. 1 "x87 FPU Instruction and Data (Operand) Pointers".
      return instruction.operandSize === 16 ? [part(8, 6)] : [part(16, 12)];
    case 'FXSAVE':
      // And what FXSAVE need not write; MXCSR_MASK.
      return [part(6, 2), part(12, 12), part(28, 4), part(416, 96)];
    case 'FXSAVE64':
      return [part(6, 2), part(16, 8), part(28, 4), part(416, 96)];
    case 'XSAVE':
    case 'XSAVEC':
      return [part(6, 2), part(12, 12), part(28, 4), part(416, 96)];
    case 'XSAVE64':
    case 'XSAVEC64':
      return [part(6, 2), part(16, 8), part(28, 4), part(416, 96)];
    case 'XSAVEOPT':
    case 'XSAVEOPT64':
      // What has not been modified since the last XRSTOR need not be written ("modified optimization").
      return [part(0, 512)];
    default:
      return [];
  }
}

export const nothingUndefined = () => ({ flags: 0, fsw: 0, fields: [], upperHalves: [], cr2: false, memory: [] });

/** Instructions that push more than one item: a fault after the first leaves memory below the stack pointer changed. */
/** Instructions with an operand of many bytes, which no manual says in which order they are accessed. */
const LARGE_OPERAND = /XSAVE|XRSTOR|FXSAVE|FXRSTOR|FN?SAVE|FRSTOR|FLDENV|FNSTENV/;
const isLargeOperand = ({ mnemonic, operands }) => LARGE_OPERAND.test(mnemonic) || operands === 'Mt';
const PUSHES_SEVERAL = /^(CALL|ENTER|PUSHA)/;

/**
 * What a case leaves undefined besides: after an exception, and in repeated string instructions.
 *
 * @param test as for `undefinedParts`, with `changes` of memory and whether the instruction raised a fault
 */
export function undefinedAnyway(parts, { row, instruction, isFault, after, before, changes }) {
  if (instruction === undefined) return;
  if (isFault && isLargeOperand(row)) parts.cr2 = true;
  // Nothing says that memory which no register points to keeps its contents when a fault undoes an instruction.
  if (isFault && (PUSHES_SEVERAL.test(row.mnemonic) || isLargeOperand(row))) {
    for (const { offset, bytes } of changes) parts.memory.push({ offset, sizeBytes: bytes.length });
  }
  // Whether a POPA that faults has loaded the registers before: AMD's processors have not, Intel's have.
  if (isFault && row.mnemonic.startsWith('POPA')) parts.fields.push(RCX, RDX, RBX, RBP, RSI, RDI);
  // Whether an MMX instruction that faults has made the x87 registers valid and TOP zero before: Intel's processors have.
  if (isFault && /(^|,)[PQN](q|d|pi)/.test(row.operands)) {
    parts.fsw |= TOP;
    parts.fields.push(FTW, ...ST_FIELDS);
  }
  // RETF imm16 between 64-bit and other code: the width of the stack pointer that parameters are released from is that of the
  // stack "in effect", which changes meanwhile. The recorded processor has it both ways, by the operand size.
  const segmentOf = (view) => view.getUint16(STATE.SELECTORS + 2, true);
  if (row.mnemonic === 'RETF' && row.operands === 'Iw' && segmentOf(before) !== segmentOf(after))
    parts.fields.push(RSP);
  if (instruction.repeat === 0 || !instruction.operands.some(({ kind }) => kind === 'memory')) return;
  // With 32-bit addresses in 64-bit mode: whether registers that no iteration changed are zero-extended. AMD's and Intel's
  // processors differ, and no manual says.
  if (instruction.addressSize === 32 && before.getUint32(8 * RCX, true) === after.getUint32(8 * RCX, true)) {
    parts.upperHalves.push(RCX, RSI, RDI);
  }
}

/**
 * @param test what ran: row, instruction, code, state before (as a DataView), and what memory operands read
 * @returns what to leave out of comparisons after it
 */
export function undefinedParts(test) {
  const { row, instruction, code, before } = test;
  const none = nothingUndefined();
  if (instruction === undefined) return none;
  const m = row.mnemonic;
  const [first] = instruction.operands;
  const width = first?.width ?? instruction.operandSize;
  const count = row.operands.endsWith(',1')
    ? 1
    : row.operands.endsWith(',CL')
      ? before.getUint8(8 * RCX)
      : code[code.length - 1];
  const rule = UNDEFINED_FLAGS[m]?.[0] ?? 0;
  const parts = { ...none, flags: typeof rule === 'number' ? rule : rule({ width, count }) };
  const putOperand = (operand) => {
    if (operand.kind === 'register' && operand.file.startsWith('gpr')) parts.fields.push(operand.index);
    else if (operand.kind === 'memory') {
      const offset = test.addressOf(operand);
      if (offset !== undefined && offset >= 0) parts.memory.push({ offset, sizeBytes: operand.width / 8 });
    }
  };
  const isDoubleShift = (m === 'SHLD' || m === 'SHRD') && maskedCount({ width, count }) > width;
  if (isDoubleShift || (m === 'BSWAP' && width === 16)) putOperand(first);
  // "If the content of the source operand is 0, the content of the destination operand is undefined."
  if ((m === 'BSF' || m === 'BSR') && test.contentsOf(instruction.operands[1]) === 0n) putOperand(first);
  if (m === 'RDRAND' || m === 'RDSEED') putOperand(first);
  parts.fields.push(...(MACHINE_REGISTERS[m] ?? []));
  if (isX87(row) || m === 'FWAIT') {
    parts.fsw = undefinedConditions(m);
    // SDM Vol. 1 "Fopcode Compatibility Sub-mode" and "x87 FPU Instruction and Data (Operand) Pointers".
    parts.fields.push(FOP, FDP);
  }
  if (/^F|^XSAVE/.test(m)) {
    const isInside = ({ offset, sizeBytes }) => offset >= 0 && offset + sizeBytes <= 0x3000;
    parts.memory.push(...imageParts(test, test).filter(isInside));
  }
  return parts;
}
