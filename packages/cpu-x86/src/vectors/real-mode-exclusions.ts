import { VECTOR_GP, VECTOR_SS, VECTOR_UD } from '../state/exceptions.ts';
import type { RealModeCase, RealModeRegister } from './real-mode-case.ts';

/** A class of recorded cases in which processors since the 386 differ from the 80286 that the cases come from. */
export interface RealModeExclusion {
  /** What differs, and where it is written. */
  readonly reason: string;
  /** @param form the opcode in hexadecimal, with ModR/M.reg behind a point where that selects the instruction */
  readonly matches: (test: RealModeCase, form: string) => boolean;
  /** The exception that the instruction raises now. Absent: see `ignored`; and without that nothing is compared. */
  readonly vector?: number;
  /** Registers that differ; all the rest is compared. */
  readonly ignored?: readonly RealModeRegister[];
}

const SEGMENT_PREFIXES: ReadonlySet<number> = new Set([0x26, 0x2e, 0x36, 0x3e]);
const LOCK = 0xf0;
const REPNE = 0xf2;
const REPE = 0xf3;
const OVERRIDE_SS = 0x36;

interface EncodedCase {
  /** Bytes without the HLT behind the instruction. */
  readonly length: number;
  readonly isLocked: boolean;
  readonly isRepeated: boolean;
  /** The segment prefix that counts, or 0. */
  readonly segmentPrefix: number;
  readonly opcode: number;
  /** The byte after the opcode: ModR/M, where the opcode has one. */
  readonly modRm: number;
}

function encodingOf(test: RealModeCase): EncodedCase {
  const bytes = test.bytes.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
  let isLocked = false;
  let isRepeated = false;
  let segmentPrefix = 0;
  let at = 0;
  for (; ; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === LOCK) isLocked = true;
    else if (SEGMENT_PREFIXES.has(byte)) segmentPrefix = byte;
    else if (byte === REPE || byte === REPNE) isRepeated = true;
    else break;
  }
  const [opcode = 0, modRm = 0] = bytes.slice(at);
  return { length: bytes.length - 1, isLocked, isRepeated, segmentPrefix, opcode, modRm };
}

/** Instructions that take LOCK with a memory destination: those that a 286 has. @source SDM Vol. 2A "LOCK" */
function isLockable({ opcode, modRm }: EncodedCase): boolean {
  const digit = (modRm >> 3) & 7;
  if (modRm >= 0xc0) return false;
  if (opcode < 0x38) return (opcode & 7) < 2;
  if (opcode >= 0x80 && opcode <= 0x83) return digit !== 7;
  if (opcode === 0x86 || opcode === 0x87) return true;
  if (opcode === 0xf6 || opcode === 0xf7) return digit === 2 || digit === 3;
  return (opcode === 0xfe || opcode === 0xff) && digit < 2;
}

/** Words that instructions read from the stack, at SP or (LEAVE) at BP. */
const STACK_READS: Readonly<Record<string, number>> = {
  '07': 1,
  '17': 1,
  '1F': 1,
  '58': 1,
  '59': 1,
  '5A': 1,
  '5B': 1,
  '5C': 1,
  '5D': 1,
  '5E': 1,
  '5F': 1,
  '61': 8,
  '8F': 1,
  '9D': 1,
  C2: 1,
  C3: 1,
  C9: 1,
  CA: 2,
  CB: 2,
  CF: 3,
};
/** String instructions on words, and which of them read through SI. */
const WORD_STRING_FORMS: ReadonlySet<string> = new Set(['6D', '6F', 'A5', 'A7', 'AB', 'AD', 'AF']);
const SOURCE_STRING_FORMS: ReadonlySet<string> = new Set(['6F', 'A5', 'A7', 'AD']);
const FLAG_DF = 0x400;

const isSegmentOverrun = (test: RealModeCase): boolean => test.exception?.number === VECTOR_GP;

/** Words from `pointer` on, upwards or downwards, until one reaches beyond offset FFFFh. */
function wordsUntilOverrun(pointer: number, down = false): number {
  if (pointer % 2 === 0) return Number.POSITIVE_INFINITY;
  return ((down ? pointer - 0xffff : 0xffff - pointer) & 0xffff) / 2;
}

/** Whether the access that reached beyond offset FFFFh went through SS. */
function isOverrunThroughStackSegment(test: RealModeCase, form: string): boolean {
  if (!isSegmentOverrun(test)) return false;
  const { sp = 0, bp = 0, si = 0, di = 0, flags = 0 } = test.initial.regs;
  const { segmentPrefix, modRm } = encodingOf(test);
  if (wordsUntilOverrun(form === 'C9' ? bp : sp) < (STACK_READS[form] ?? 0)) return true;
  if (WORD_STRING_FORMS.has(form)) {
    const isSourceFirst =
      wordsUntilOverrun(si, (flags & FLAG_DF) !== 0) <= wordsUntilOverrun(di, (flags & FLAG_DF) !== 0);
    return segmentPrefix === OVERRIDE_SS && SOURCE_STRING_FORMS.has(form) && isSourceFirst;
  }
  if (STACK_READS[form] !== undefined && form !== '8F') return false;
  const isBasedOnBp = (modRm & 6) === 2 || ((modRm & 7) === 6 && modRm >= 0x40);
  return modRm < 0xc0 && (segmentPrefix === OVERRIDE_SS || (segmentPrefix === 0 && isBasedOnBp));
}

/** The classes, in the order in which they are tried: the first that matches a case decides. */
export const REAL_MODE_EXCLUSIONS: readonly RealModeExclusion[] = [
  {
    reason:
      'LOCK before an instruction that cannot take it is #UD since the 386; the 286 takes it before any ' +
      '(SDM Vol. 3B "Architecture Compatibility", LOCK prefix).',
    matches: (test) => {
      const encoding = encodingOf(test);
      return encoding.isLocked && !isLockable(encoding);
    },
    vector: VECTOR_UD,
  },
  {
    reason: 'The 286 had no 80287, and passed by what is for one; this processor has its FPU inside.',
    matches: (_, form) => form === 'D8',
  },
  {
    reason:
      "An instruction may have 15 bytes since the 386, but 10 on the 286 (80286 Programmer's Reference, interrupt 13).",
    matches: (test) => isSegmentOverrun(test) && encodingOf(test).length > 10,
  },
  {
    reason: 'ModR/M.reg 4 and 5 of MOV to and from segment registers are FS and GS since the 386 (SDM Vol. 2B "MOV").',
    matches: (test, form) => (form === '8C' || form === '8E') && ((encodingOf(test).modRm >> 4) & 3) === 2,
  },
  {
    reason:
      'A word at offset FFFFh of the stack segment is #SS since the 386 (SDM Vol. 2 "POP", "RET", "LEAVE", real-address ' +
      'mode exceptions); the 286 has one segment overrun exception, 13, for all segments.',
    matches: isOverrunThroughStackSegment,
    vector: VECTOR_SS,
  },
  {
    reason:
      'Repeated comparisons that fault show the flags from before the instruction, as a current processor does (recorded); ' +
      'the 286 shows those of the last element.',
    matches: (test, form) => isSegmentOverrun(test) && (form === 'A7' || form === 'AF') && encodingOf(test).isRepeated,
  },
  {
    reason:
      'A fault leaves the registers of a string instruction as they were before the element (SDM Vol. 2B "REP"); the ' +
      '286 has moved the index registers and the count on.',
    matches: (test, form) => isSegmentOverrun(test) && WORD_STRING_FORMS.has(form),
    ignored: ['si', 'di', 'cx'],
  },
  {
    reason:
      'A fault of POP leaves SP as it was (SDM Vol. 3A "Exception Classifications": faults restore the state); when the ' +
      'store fails, the 286 has moved SP on.',
    matches: (test, form) => isSegmentOverrun(test) && form === '8F',
    vector: VECTOR_GP,
  },
];
