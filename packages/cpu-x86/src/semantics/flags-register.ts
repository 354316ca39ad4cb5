/**
 * CLI, STI, PUSHF, POPF. Why one of them is not allowed, their refusals say (`system/flags.ts`).
 *
 * @source SDM Vol. 2A "CLI", SDM Vol. 2B "STI", "PUSHF/PUSHFD/PUSHFQ", "POPF/POPFD/POPFQ"
 */
import { CPL, INTERRUPT_REQUEST, INTERRUPT_SHADOW, SHADOW_STI, SYSTEM_FLAGS } from '../state/layout.ts';
import {
  FLAG_AC,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_IOPL_SHIFT,
  FLAG_RESERVED_1,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  FLAGS_ARITHMETIC,
  FLAGS_DEFINED,
} from '../state/rflags.ts';
import type { Value } from './language.ts';
import { peek, push } from './stack.ts';
import type { Semantics, SemanticsFn } from './stage.ts';

const RSP = 4;

/** RFLAGS (i32, fixed); RF is not in it, for it lasts as long as the instruction that executes. */
export const readRflags = (s: Semantics): Value => {
  const system = s.and(s.readField(SYSTEM_FLAGS, 32), s.i32(~FLAG_RF));
  return s.let(s.or(s.or(s.readFlags(), system), s.i32(FLAG_RESERVED_1)));
};

/** Whether CPL is above IOPL (i32), for which real-address mode counts as CPL 0 and virtual-8086 mode as CPL 3. */
const lacksIoPrivilege = (s: Semantics): Value => {
  const iopl = s.and(s.shrU(s.readField(SYSTEM_FLAGS, 32), s.i32(FLAG_IOPL_SHIFT)), s.i32(3));
  return s.gtU(s.readField(CPL, 32), iopl);
};

/** PUSHF and POPF are restricted in virtual-8086 mode only. */
const refuseInVirtual8086Mode = (s: Semantics): void => {
  if (s.is64BitMode) return;
  s.refuseIf(s.and(s.isNonZero(s.readSystemFlag(FLAG_VM)), lacksIoPrivilege(s)));
};

export const CLI: SemanticsFn = (s) => {
  s.refuseIf(lacksIoPrivilege(s));
  s.writeSystemFlag(FLAG_IF, false);
};

/** Interrupts are taken after the next instruction, if IF was clear. */
export const STI: SemanticsFn = (s) => {
  s.refuseIf(lacksIoPrivilege(s));
  s.if(s.eqz(s.readSystemFlag(FLAG_IF)), () => {
    s.writeSystemFlag(FLAG_IF, true);
    // Where nothing can come up behind this instruction, nobody can see that it would have to wait.
    s.if(s.or(s.readField(INTERRUPT_REQUEST, 32), s.mayStopNext()), () => {
      s.writeField(INTERRUPT_SHADOW, 32, s.i32(SHADOW_STI));
      s.transfer(s.nextRip(), { isAttended: s.i32(1) });
    });
  });
};

export const PUSHF: SemanticsFn = (s) => {
  refuseInVirtual8086Mode(s);
  const flags = s.and(readRflags(s), s.i32(~FLAG_VM));
  push(s, s.resize(flags, s.width), s.width);
};

/** The flags that POPF may change at the current privilege level (i32). */
const changeableFlags = (s: Semantics): Value => {
  const width = s.width === 16 ? 0xffff : -1;
  const all = FLAGS_DEFINED & ~(FLAG_VM | FLAG_VIF | FLAG_VIP | FLAG_RF) & width;
  const user = all & ~FLAG_IOPL;
  const byIopl = s.select(lacksIoPrivilege(s), s.i32(user & ~FLAG_IF), s.i32(user));
  return s.let(s.select(s.readField(CPL, 32), byIopl, s.i32(all)));
};

export const POPF: SemanticsFn = (s) => {
  refuseInVirtual8086Mode(s);
  const { value, next } = peek(s, s.width);
  const popped = s.let(s.wrap(value));
  const mask = changeableFlags(s);
  const before = s.readField(SYSTEM_FLAGS, 32);
  const kept = s.and(before, s.not(s.or(mask, s.i32(FLAG_RF))));
  const after = s.let(s.or(kept, s.and(s.and(popped, mask), s.i32(~FLAGS_ARITHMETIC))));
  s.writeGpr(RSP, s.stackWidth, next);
  s.setExplicitFlags(s.let(s.and(popped, s.i32(FLAGS_ARITHMETIC))));
  s.writeField(SYSTEM_FLAGS, 32, after);
  const changed = s.let(s.xor(before, after));
  const enables = s.isNonZero(s.and(s.and(changed, after), s.i32(FLAG_IF)));
  const isTraced = s.isNonZero(s.and(after, s.i32(FLAG_TF)));
  const isAttended = s.let(s.or(s.and(enables, s.readField(INTERRUPT_REQUEST, 32)), isTraced));
  const changesMode = s.let(s.and(changed, s.i32(FLAG_AC)));
  s.if(s.or(isAttended, changesMode), () => s.transfer(s.nextRip(), { isAttended, changesMode }));
};
