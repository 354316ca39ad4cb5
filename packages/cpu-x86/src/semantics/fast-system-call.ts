/**
 * SYSCALL, SYSRET, SWAPGS, as on Intel 64 processors: in 64-bit mode only. Why one of them is not allowed, their
 * refusals say (`system/fast-system-call.ts`).
 *
 * @source SDM Vol. 2B "SYSCALL", "SYSRET", "SWAPGS"
 */
import { CS, GS, SS } from '../decode/instruction.ts';
import { CR0_AM, CR4_SMAP, EFER_SCE } from '../state/control-registers.ts';
import {
  CANONICAL_SHIFT,
  CPL,
  CR0,
  CR4,
  INTERRUPT_REQUEST,
  MSR_EFER,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_STAR,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_HIGH,
  SEGMENT_LIMIT,
  SEGMENT_LOW,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
  STEP_PENDING,
  SYSTEM_FLAGS,
} from '../state/layout.ts';
import {
  FLAG_AC,
  FLAG_IF,
  FLAG_RESERVED_1,
  FLAG_RF,
  FLAG_TF,
  FLAG_VM,
  FLAGS_ARITHMETIC,
  FLAGS_DEFINED,
} from '../state/rflags.ts';
import { FLAT_CODE, FLAT_DATA, flatAttributes, rightsOf, segmentBaseField } from '../state/segment-register.ts';
import { readRflags } from './flags-register.ts';
import type { Value } from './language.ts';
import type { Semantics, SemanticsFn } from './stage.ts';

const RCX = 1;
const R11 = 11;
/** Bits 63:32 of IA32_STAR: the selectors of SYSCALL below those of SYSRET. */
const MSR_STAR_HIGH = MSR_STAR + 4;
/** RFLAGS that SYSRET takes from R11: RF and VM are cleared. */
const SYSRET_FLAGS = FLAGS_DEFINED & ~(FLAG_RF | FLAG_VM);

/** Loads a register with a flat segment without looking at a descriptor. @param selector its RPL is that of `cpl` */
function loadFlat(s: Semantics, index: number, selector: Value, attributes: number): void {
  const at = SEGMENTS + index * SEGMENT_SIZE_BYTES;
  s.writeField(at + SEGMENT_BASE, 64, s.i64(0));
  s.writeField(at + SEGMENT_LOW, 32, s.i32(0));
  s.writeField(at + SEGMENT_HIGH, 32, s.i32(-1));
  s.writeField(at + SEGMENT_LIMIT, 32, s.i32(-1));
  s.writeField(at + SEGMENT_SELECTOR, 32, s.and(selector, s.i32(0xffff)));
  s.writeField(at + SEGMENT_ATTRIBUTES, 32, s.i32(attributes));
  s.writeField(at + SEGMENT_RIGHTS, 32, s.i32(rightsOf(attributes)));
}

/** Loads CS and, 8 above it, SS. @param selector of CS, its low bits ignored */
function loadFlatSegments(s: Semantics, selector: Value, ss: Value, cpl: 0 | 3, isLong: boolean): void {
  const withRpl = (value: Value): Value => s.or(s.and(value, s.i32(0xfffc)), s.i32(cpl));
  loadFlat(s, CS, withRpl(selector), flatAttributes(FLAT_CODE, cpl, isLong));
  loadFlat(s, SS, withRpl(ss), flatAttributes(FLAT_DATA, cpl, isLong));
}

/** All of RFLAGS from a value whose bits are those that may be set. */
function writeRflags(s: Semantics, flags: Value): void {
  s.setExplicitFlags(s.let(s.and(flags, s.i32(FLAGS_ARITHMETIC))));
  s.writeField(SYSTEM_FLAGS, 32, s.and(flags, s.i32(~(FLAGS_ARITHMETIC | FLAG_RESERVED_1))));
}

const lacksSystemCall = (s: Semantics): Value => s.eqz(s.and(s.readField(MSR_EFER, 32), s.i32(EFER_SCE)));
const isUser = (s: Semantics): Value => s.isNonZero(s.readField(CPL, 32));
/** With SMAP, and where alignment is checked, what accesses may do depends on more than the privilege level. */
const dependsOnAc = (s: Semantics, flags: Value): Value => {
  const isAligned = s.and(
    s.isNonZero(s.and(flags, s.i32(FLAG_AC))),
    s.isNonZero(s.and(s.readField(CR0, 32), s.i32(CR0_AM))),
  );
  return s.or(s.isNonZero(s.and(s.readField(CR4, 32), s.i32(CR4_SMAP))), isAligned);
};

export const SYSCALL: SemanticsFn = (s) => {
  s.refuseIf(s.is64BitMode ? lacksSystemCall(s) : s.i32(1));
  const flags = readRflags(s);
  const kept = s.let(s.and(flags, s.not(s.readField(MSR_FMASK, 32))));
  s.writeGpr(RCX, 64, s.nextRip());
  s.writeGpr(R11, 64, s.zeroExtend64(flags));
  writeRflags(s, kept);
  const selector = s.readField(MSR_STAR_HIGH, 32);
  loadFlatSegments(s, selector, s.add(s.and(selector, s.i32(0xfffc)), s.i32(8)), 0, true);
  s.transfer(s.readField(MSR_LSTAR, 64), { cpl: 0, changesMode: dependsOnAc(s, flags) });
};

/**
 * Unlike POPF and IRET, SYSRET counts for single-stepping with the TF that it loads: the trap is before the first instruction
 * of the user.
 */
export const SYSRET: SemanticsFn = (s) => {
  s.refuseIf(s.is64BitMode ? s.or(lacksSystemCall(s), isUser(s)) : s.i32(1));
  const isLong = s.width === 64;
  const target = s.let(s.zeroExtend64(s.readGpr(RCX, isLong ? 64 : 32)));
  if (isLong) {
    const shift = s.zeroExtend64(s.readField(CANONICAL_SHIFT, 32));
    s.refuseIf(s.ne(s.shrS(s.shl(target, shift), shift), target));
  }
  const flags = s.let(s.and(s.readGpr(R11, 32), s.i32(SYSRET_FLAGS)));
  writeRflags(s, flags);
  const step = s.let(s.and(flags, s.i32(FLAG_TF)));
  s.writeField(STEP_PENDING, 32, step);
  const selector = s.let(s.shrU(s.readField(MSR_STAR_HIGH, 32), s.i32(16)));
  const cs = s.add(selector, s.i32(isLong ? 16 : 0));
  loadFlatSegments(s, cs, s.add(selector, s.i32(8)), 3, isLong);
  const interrupt = s.and(s.isNonZero(s.and(flags, s.i32(FLAG_IF))), s.readField(INTERRUPT_REQUEST, 32));
  s.transfer(target, {
    cpl: 3,
    changesMode: isLong ? dependsOnAc(s, flags) : s.i32(1),
    isAttended: s.or(interrupt, step),
  });
};

/** Exchanges GS.base with IA32_KERNEL_GS_BASE. */
export const SWAPGS: SemanticsFn = (s) => {
  s.refuseIf(s.is64BitMode ? isUser(s) : s.i32(1));
  const base = s.readField(segmentBaseField(GS), 64);
  s.writeField(segmentBaseField(GS), 64, s.readField(MSR_KERNEL_GS_BASE, 64));
  s.writeField(MSR_KERNEL_GS_BASE, 64, base);
};
