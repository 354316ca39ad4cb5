import type { ModuleBuilder } from '@longmode/wasm-encoder';

/**
 * Functions that handlers call, by name: defined in the core module, imported by modules of further handlers. Indexes are
 * those of the module that is being written.
 */
export interface CoreFunctions {
  /** (linear: i64, info: i32) -> host address or 0 for a fault; 1 where compiled code must leave it to the interpreter */
  readonly readSlow: number;
  /** (linear: i64, info: i32) -> host address for read-modify-write, the bounce buffer included, or 0 for a fault */
  readonly openSlow: number;
  /** (linear: i64, info: i32, value: i64) -> 0; 1 for a fault; 2 where compiled code must leave it to the interpreter */
  readonly writeSlow: number;
  /** As `writeSlow`, for a v128 value */
  readonly writeVectorSlow: number;
  /** () -> nothing: writes the bounce buffer to where the last `openSlow` came from */
  readonly commit: number;
  /** (offset: i64, info: i32, segment: i32) -> linear address, or -1 for a fault */
  readonly segment: number;
  /** () -> the six arithmetic flags in place */
  readonly flags: number;
  /** () -> CF as 0 or 1 */
  readonly carry: number;
  /** (code: i32) -> a condition as 0 or 1 */
  readonly condition: number;
  /** (record: i32) -> `STATUS_*`: runs the record's system operation */
  readonly system: number;
}

/** Types of the core functions, in the order of their definition. */
export const CORE_FUNCTION_TYPES = {
  readSlow: { params: ['i64', 'i32'], results: ['i32'] },
  openSlow: { params: ['i64', 'i32'], results: ['i32'] },
  writeSlow: { params: ['i64', 'i32', 'i64'], results: ['i32'] },
  writeVectorSlow: { params: ['i64', 'i32', 'v128'], results: ['i32'] },
  commit: { params: [], results: [] },
  segment: { params: ['i64', 'i32', 'i32'], results: ['i64'] },
  flags: { params: [], results: ['i32'] },
  carry: { params: [], results: ['i32'] },
  condition: { params: ['i32'], results: ['i32'] },
  system: { params: ['i32'], results: ['i32'] },
} as const;

export type CoreFunctionName = keyof typeof CORE_FUNCTION_TYPES;
const CORE_FUNCTION_NAMES = Object.keys(CORE_FUNCTION_TYPES) as CoreFunctionName[];

/**
 * The core functions as imports of a module whose bodies are written first: those that the bodies use, in the order of their
 * first use. Imports are what a small module costs most, in V8 some hundred microseconds for all of them.
 */
export class ImportedCoreFunctions {
  readonly functions: CoreFunctions;
  readonly #used: CoreFunctionName[] = [];

  constructor() {
    const used = this.#used;
    const indexOf = (name: CoreFunctionName): number => {
      const known = used.indexOf(name);
      return known >= 0 ? known : used.push(name) - 1;
    };
    const functions = {};
    for (const name of CORE_FUNCTION_NAMES) Object.defineProperty(functions, name, { get: () => indexOf(name) });
    this.functions = functions as CoreFunctions;
  }

  /** Adds the imports to a module that has no other functions yet. */
  addTo(module: ModuleBuilder): void {
    for (const name of this.#used) module.importFunction('core', name, CORE_FUNCTION_TYPES[name]);
  }
}

/** What an out-of-line handler returns: these, or the `Outcome` of a system operation, which has the same numbers. */
export const STATUS_NEXT = 0;
/** RIP in the state is where execution goes on. */
export const STATUS_BRANCH = 1;
export const STATUS_FAULT = 2;
/** As `STATUS_BRANCH`, and the run loop must look at what happened. */
export const STATUS_EXIT = 3;
/** The record's branch is taken. */
export const STATUS_TAKEN = 4;
/** Added to `STATUS_BRANCH` and `STATUS_EXIT`: what the engine keeps of the processor's mode must be made anew. */
export const STATUS_MODE_CHANGED = 4;
