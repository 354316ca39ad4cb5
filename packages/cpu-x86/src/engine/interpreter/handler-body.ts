import { EMITTED_SEMANTICS, type EmittedSemanticsKey } from '../../semantics/index.ts';
import type { Semantics } from '../../semantics/stage.ts';
import type { Shape } from './shape.ts';

/** Writes what an instruction of this shape does; execution that falls out of it goes on with the next record. */
export function writeHandlerBody(stage: Semantics, shape: Shape): void {
  EMITTED_SEMANTICS[shape.semantics as EmittedSemanticsKey](stage);
}
