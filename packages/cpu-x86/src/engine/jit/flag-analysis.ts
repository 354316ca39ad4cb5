import type { RegisterOperand } from '../../decode/instruction.ts';
import type { Width } from '../../semantics/language.ts';
import { explicitOperands } from '../interpreter/shape.ts';
import { effectsOf, type InstructionEffects } from './instruction-effects.ts';
import { type BasicBlock, type Region, type RegionInstruction, successorsOf } from './region.ts';

/** The lazy kind that the flags have at a place, or `'dynamic'` where that depends on the way taken. */
export type FlagForm = { readonly kind: number; readonly width: Width } | 'dynamic';

export interface FlagAnalysis {
  /** By block: the form of the flags at its beginning. */
  readonly formAt: readonly FlagForm[];
  /** By block: whether anything may see the flags that hold at its beginning. */
  readonly liveAt: readonly boolean[];
  /** General registers that the region uses. */
  readonly registers: number;
  /** All forms but the dynamic one that the flags have anywhere, by `keyOfForm`. */
  readonly forms: ReadonlyMap<number, Exclude<FlagForm, 'dynamic'>>;
}

export const keyOfForm = ({ kind, width }: Exclude<FlagForm, 'dynamic'>): number => kind * 0x100 + width;

/** @returns the effects of an instruction, as far as its constants decide them */
export function effectsOfInstruction({ instruction, shape }: RegionInstruction): InstructionEffects {
  const immediate = instruction.operands.find((operand) => operand.kind === 'immediate' && operand.width === 8);
  return effectsOf(shape, immediate?.kind === 'immediate' ? immediate.low : undefined);
}

const isGeneral = ({ file }: RegisterOperand): boolean => file === 'gpr' || file === 'gpr8high';

/** @returns mask of the general registers that an instruction may write */
export function registersWrittenBy(item: RegionInstruction): number {
  const { writtenRegisters, writtenOperands } = effectsOfInstruction(item);
  let mask = writtenRegisters;
  explicitOperands(item.instruction).forEach((operand, position) => {
    if (operand.kind === 'register' && isGeneral(operand) && (writtenOperands >> position) & 1)
      mask |= 1 << operand.index;
  });
  return mask;
}

/** Whether control may leave the region behind the block, where everything is seen. */
const mayLeave = (block: BasicBlock): boolean =>
  block.ending === 'indirect' ||
  block.ending === 'return' ||
  block.ending === 'transfer' ||
  block.ending === 'leave' ||
  (block.ending !== 'jump' && block.next === undefined) ||
  ((block.ending === 'jump' || block.ending === 'branch') && block.taken === undefined);

const sameForm = (a: FlagForm, b: FlagForm): boolean =>
  a === b || (a !== 'dynamic' && b !== 'dynamic' && a.kind === b.kind && a.width === b.width);

/**
 * Follows the flags through a region: forwards, which form they have where ways meet, so that most need none of it at run
 * time; backwards, where nobody will look at them.
 *
 * @param isOpen whether a block may be entered from outside, or left at its beginning
 */
export function analyzeFlags(region: Region, isOpen: (id: number) => boolean): FlagAnalysis {
  const { blocks } = region;
  let registers = 0;
  const forms = new Map<number, Exclude<FlagForm, 'dynamic'>>();
  const summaries = blocks.map((block) => {
    let isRead: boolean | undefined;
    let leaves: FlagForm | 'same' = 'same';
    for (const item of block.instructions) {
      const effects = effectsOfInstruction(item);
      registers |= effects.registers;
      if (effects.readsFlags) isRead ??= true;
      if (effects.leaves) {
        forms.set(keyOfForm(effects.leaves), effects.leaves);
        isRead ??= false;
        leaves = effects.leaves;
      } else if (effects.mayChangeFlags) leaves = 'dynamic';
    }
    return { isRead, leaves };
  });
  const successors = blocks.map((block) => successorsOf(block, region));

  const formAt: (FlagForm | undefined)[] = blocks.map(({ id }) => (isOpen(id) ? 'dynamic' : undefined));
  const pending = blocks.map(({ id }) => id).filter((id) => formAt[id] !== undefined);
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const { leaves } = summaries[id] as (typeof summaries)[number];
    const out = leaves === 'same' ? (formAt[id] as FlagForm) : leaves;
    for (const to of successors[id] as readonly number[]) {
      const before = formAt[to];
      const after: FlagForm = before === undefined || sameForm(before, out) ? out : 'dynamic';
      if (before !== undefined && sameForm(before, after)) continue;
      formAt[to] = after;
      pending.push(to);
    }
  }

  const liveAt: boolean[] = blocks.map(() => false);
  for (let changed = true; changed; ) {
    changed = false;
    for (let id = blocks.length - 1; id >= 0; id--) {
      const block = blocks[id] as BasicBlock;
      const { isRead } = summaries[id] as (typeof summaries)[number];
      const isLiveOut = mayLeave(block) || (successors[id] as readonly number[]).some((to) => liveAt[to]);
      const isLive = isOpen(id) || (isRead ?? isLiveOut);
      if (isLive === liveAt[id]) continue;
      liveAt[id] = isLive;
      changed = true;
    }
  }
  return { formAt: formAt.map((form) => form ?? 'dynamic'), liveAt, registers, forms };
}
