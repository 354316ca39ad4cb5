/**
 * Near transfers. That a relative target is outside the code segment or not canonical, the engine finds where it would go on.
 *
 * @source SDM Vol. 2, "JMP", "Jcc", "CALL", "RET", "LOOP/LOOPcc", "JCXZ/JECXZ/JRCXZ"
 */
import { SS } from '../decode/instruction.ts';
import type { Value } from './language.ts';
import { peek, push } from './stack.ts';
import type { Operand, Semantics, SemanticsFn } from './stage.ts';

const RSP = 4;
const RCX = 1;
const CONDITION_Z = 4;

/** Relative operands jump by themselves; register and memory operands hold the new RIP. */
const isRelative = (s: Semantics): boolean => s.operands.length === 0;

export const JMP: SemanticsFn = (s) => {
  if (isRelative(s)) {
    s.jump();
    return;
  }
  const target = s.let(s.zeroExtend64((s.operands[0] as Operand).read()));
  s.checkTarget(target);
  s.jumpIndirect(target);
};

export const Jcc: SemanticsFn = (s) => s.jumpIf(s.readCondition(s.conditionCode));

export const CALL: SemanticsFn = (s) => {
  if (isRelative(s)) {
    push(s, s.resize(s.nextRip(), s.width), s.width);
    s.jump();
    return;
  }
  const target = s.let(s.zeroExtend64((s.operands[0] as Operand).read()));
  // The manual's order: the stack's faults come before the target's.
  const pointer = s.readGpr(RSP, s.stackWidth);
  const next = s.let(s.truncate(s.sub(pointer, s.like(pointer, s.width / 8)), s.stackWidth));
  const slot = s.openMemory(SS, next, s.width);
  s.checkTarget(target);
  slot.write(s.resize(s.nextRip(), s.width));
  s.writeGpr(RSP, s.stackWidth, next);
  s.jumpIndirect(target);
};

export const RET: SemanticsFn = (s) => {
  const { value, next } = peek(s, s.width);
  const target = s.let(s.zeroExtend64(value));
  s.checkTarget(target);
  let pointer = next;
  if (s.operands.length > 0) {
    const extra = s.resize(s.and(s.wrap((s.operands[0] as Operand).read()), s.i32(0xffff)), s.stackWidth);
    pointer = s.let(s.truncate(s.add(next, extra), s.stackWidth));
  }
  s.writeGpr(RSP, s.stackWidth, pointer);
  s.jumpIndirect(target);
};

const loop =
  (also?: (s: Semantics) => Value): SemanticsFn =>
  (s) => {
    const count = s.readGpr(RCX, s.addressWidth);
    const next = s.let(s.truncate(s.sub(count, s.like(count, 1)), s.addressWidth));
    const again = also ? s.let(s.and(s.isNonZero(next), also(s))) : s.let(s.isNonZero(next));
    s.writeGpr(RCX, s.addressWidth, next);
    s.jumpIf(again);
  };
export const LOOP: SemanticsFn = loop();
export const LOOPE: SemanticsFn = loop((s) => s.readCondition(CONDITION_Z));
export const LOOPNE: SemanticsFn = loop((s) => s.readCondition(CONDITION_Z | 1));

export const JCXZ: SemanticsFn = (s) => s.jumpIf(s.eqz(s.readGpr(RCX, s.addressWidth)));
