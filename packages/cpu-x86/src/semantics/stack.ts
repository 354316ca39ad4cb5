/** @source SDM Vol. 2, "PUSH", "POP", "PUSHA/PUSHAD", "POPA/POPAD", "LEAVE" */
import { SS } from '../decode/instruction.ts';
import { segmentBaseField } from '../state/segment-register.ts';
import type { Value, Width } from './language.ts';
import type { Operand, Semantics, SemanticsFn } from './stage.ts';

const RSP = 4;
const RBP = 5;

/** Pushes one value; RSP moves only after the store has succeeded. */
export const push = (s: Semantics, value: Value, width: Width): void => {
  const pointer = s.readGpr(RSP, s.stackWidth);
  const next = s.let(s.truncate(s.sub(pointer, s.like(pointer, width / 8)), s.stackWidth));
  s.store(SS, next, width, value);
  s.writeGpr(RSP, s.stackWidth, next);
};

/** Reads the top of the stack and gives the stack pointer after it, without moving it yet. */
export const peek = (s: Semantics, width: Width): { value: Value; next: Value } => {
  const pointer = s.readGpr(RSP, s.stackWidth);
  const value = s.load(SS, pointer, width);
  return { value, next: s.let(s.truncate(s.add(pointer, s.like(pointer, width / 8)), s.stackWidth)) };
};

export const PUSH: SemanticsFn = (s) => push(s, (s.operands[0] as Operand).read(), s.width);

/** The address of a memory destination is computed with RSP after the pop; a fault puts RSP back. */
export const POP: SemanticsFn = (s) => {
  const dst = s.operands[0] as Operand;
  const { value, next } = peek(s, s.width);
  if (!dst.isMemory) {
    s.writeGpr(RSP, s.stackWidth, next);
    dst.write(value);
    return;
  }
  const before = s.readGpr(RSP, 64);
  s.writeGpr(RSP, s.stackWidth, next);
  s.undoOnFault(
    () => s.writeGpr(RSP, 64, before),
    () => dst.write(value),
  );
};

/** AX, CX, DX, BX, the original SP, BP, SI, DI. Nothing is stored unless all can be: compiled code leaves before or behind. */
export const PUSHA: SemanticsFn = (s) => {
  const size = s.width / 8;
  const pointer = s.readGpr(RSP, s.stackWidth);
  const frameSize = s.i32(8 * size);
  const end = s.let(s.add(s.readField(segmentBaseField(SS), 32), pointer));
  const pagesDiffer = s.shrU(s.xor(s.sub(end, s.i32(1)), s.sub(end, frameSize)), s.i32(12));
  s.refuseIf(s.or(pagesDiffer, s.ltU(pointer, frameSize)));
  for (let i = 0; i < 8; i++) {
    const at = s.let(s.truncate(s.sub(pointer, s.like(pointer, (i + 1) * size)), s.stackWidth));
    s.store(SS, at, s.width, s.readGpr(i, s.width));
  }
  s.writeGpr(RSP, s.stackWidth, s.truncate(s.sub(pointer, s.like(pointer, 8 * size)), s.stackWidth));
};

/** The slot of SP is read, and its value thrown away. Everything is read before anything is written. */
export const POPA: SemanticsFn = (s) => {
  const size = s.width / 8;
  const pointer = s.readGpr(RSP, s.stackWidth);
  const values: [register: number, value: Value][] = [];
  for (let i = 0; i < 8; i++) {
    const at = s.let(s.truncate(s.add(pointer, s.like(pointer, i * size)), s.stackWidth));
    const value = s.load(SS, at, s.width);
    if (7 - i !== RSP) values.push([7 - i, value]);
  }
  for (const [register, value] of values) s.writeGpr(register, s.width, value);
  s.writeGpr(RSP, s.stackWidth, s.truncate(s.add(pointer, s.like(pointer, 8 * size)), s.stackWidth));
};

export const LEAVE: SemanticsFn = (s) => {
  const frame = s.readGpr(RBP, s.stackWidth);
  const value = s.load(SS, frame, s.width);
  s.writeGpr(RSP, s.stackWidth, s.truncate(s.add(frame, s.like(frame, s.width / 8)), s.stackWidth));
  s.writeGpr(RBP, s.width, value);
};
