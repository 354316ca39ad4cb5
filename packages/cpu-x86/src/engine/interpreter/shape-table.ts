import { CS, FS, type Instruction, NO_REGISTER } from '../../decode/instruction.ts';
import type { Row } from '../../opcodes/row.ts';
import { MODE_BITS } from '../../state/mode.ts';
import { memoryOperand, type Shape, shapeOf } from './shape.ts';

/** Shapes by row and form: to spell one out takes several times as long as to find it again. */
export class ShapeTable {
  readonly #shapes = new Map<Row, Map<number, Shape>>();

  /** As the function {@link shapeOf}; equal shapes of a row are one object. */
  shapeOf(instruction: Instruction, mode: number, flagsDead: boolean): Shape {
    let ofRow = this.#shapes.get(instruction.encoding);
    if (ofRow === undefined) {
      ofRow = new Map();
      this.#shapes.set(instruction.encoding, ofRow);
    }
    const form = formOf(instruction, mode, flagsDead);
    let shape = ofRow.get(form);
    if (shape === undefined) {
      shape = shapeOf(instruction, mode, flagsDead);
      ofRow.set(form, shape);
    }
    return shape;
  }
}

/** Everything beside its row that decides the shape of an instruction, as a number. */
function formOf(instruction: Instruction, mode: number, flagsDead: boolean): number {
  // Sizes are 16, 32 and 64; repeat prefixes F2h and F3h.
  let form = mode | ((flagsDead ? 1 : 0) << MODE_BITS);
  form = (form << 2) | (instruction.addressSize >> 5);
  form = (form << 2) | (instruction.operandSize >> 5);
  form = (form << 2) | (instruction.repeat & 3);
  const memory = memoryOperand(instruction);
  const segment = memory === undefined ? 0 : memory.segment >= FS ? 1 : memory.segment === CS ? 2 : 3;
  form = (form << 3) | (segment << 1) | (memory !== undefined && memory.index !== NO_REGISTER ? 1 : 0);
  let wide = 0;
  for (const operand of instruction.operands) {
    if (operand.kind === 'immediate' && operand.width === 64 && operand.high !== operand.low >> 31) wide = 1;
  }
  return (form << 2) | (wide << 1) | (memory === undefined ? 0 : 1);
}
