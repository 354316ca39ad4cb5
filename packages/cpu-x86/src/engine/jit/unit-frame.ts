import type { CodeBuilder } from '@longmode/wasm-encoder';
import { type Emitter, LocalPool, type Value } from '../../semantics/language.ts';
import { BUDGET, GPR, RIP_BASE, TLB_READ } from '../../state/layout.ts';
import type { CoreFunctions } from '../interpreter/core-functions.ts';
import { CPU_BASE } from '../memory-plan.ts';

/** A variable of the function. */
export type Local = Extract<Value, { readonly kind: 'local' }>;

/** The local variables of a unit that stand for the state while it runs. */
export class UnitFrame {
  readonly code: CodeBuilder;
  readonly locals: LocalPool;
  readonly core: CoreFunctions;
  /** Instructions that may still run when the current block begins. */
  readonly budget: Local;
  /** RIP of offset 0 of the region. */
  readonly ripBase: Local;
  readonly tlbTable: Local;
  /** Instructions of the current block before the one that is being written. */
  position = 0;
  /** An instruction of the current block has found SSE available. */
  isSseChecked = false;
  readonly #gprs: readonly (Local | undefined)[];

  /** @param registers mask of the general registers in use */
  constructor(code: CodeBuilder, core: CoreFunctions, registers: number) {
    this.code = code;
    this.core = core;
    this.budget = this.variable('i32');
    this.tlbTable = this.variable('i32');
    this.ripBase = this.variable('i64');
    this.#gprs = Array.from({ length: 16 }, (_, i) => ((registers >> i) & 1 ? this.variable('i64') : undefined));
    this.locals = new LocalPool(code);
  }

  variable(type: 'i32' | 'i64'): Local {
    return { kind: 'local', type, index: this.code.addLocal(type) };
  }

  gpr(index: number): Local {
    const found = this.#gprs[index];
    if (found === undefined) throw new Error(`register ${index} is not in the unit's frame`);
    return found;
  }

  /** From the state into the variables. */
  load(e: Emitter): void {
    const zero = e.i32(0);
    const fetch = (local: Local, field: number): void => {
      e.push(zero);
      e.code.memory(local.type === 'i64' ? 'i64.load' : 'i32.load', CPU_BASE + field).localSet(local.index);
    };
    fetch(this.budget, BUDGET);
    fetch(this.tlbTable, TLB_READ);
    fetch(this.ripBase, RIP_BASE);
    this.#gprs.forEach((local, index) => {
      if (local) fetch(local, GPR + 8 * index);
    });
  }
  /** From the variables into the state. */
  store(e: Emitter): void {
    e.storeTo(e.i32(0), CPU_BASE + BUDGET, 32, this.budget, 2);
    this.#gprs.forEach((local, index) => {
      if (local) e.storeTo(e.i32(0), CPU_BASE + GPR + 8 * index, 64, local, 3);
    });
  }
}
