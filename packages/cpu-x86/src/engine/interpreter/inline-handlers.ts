import type { ConditionForm } from './fusion.ts';
import type { Shape } from './shape.ts';

/** A case of the interpreter's dispatch: one instruction, or one with the conditional branch behind it. */
export interface InlineHandler {
  /** The shape's key, or the fused key. */
  readonly key: string;
  readonly shape: Shape;
  readonly branch?: { readonly shape: Shape; readonly form: ConditionForm };
}
