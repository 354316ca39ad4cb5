import { CodeBuilder, ModuleBuilder } from '@longmode/wasm-encoder';
import { LocalPool, type Value } from '../../semantics/language.ts';
import { RIP } from '../../state/layout.ts';
import { CPU_BASE, WASM_PAGE_SIZE_BYTES } from '../memory-plan.ts';
import { ImportedCoreFunctions, STATUS_BRANCH, STATUS_FAULT, STATUS_NEXT, STATUS_TAKEN } from './core-functions.ts';
import { writeHandlerBody } from './handler-body.ts';
import { HandlerStage } from './handler-stage.ts';
import { importGuestMemory } from './memory-import.ts';
import { HANDLER_FIRST_SHAPE } from './run-function.ts';
import { FLAGS_DEAD_SUFFIX, type Shape } from './shape.ts';
import { tableFunction } from './table-function.ts';

/** A module with a function `h0`, `h1`, ... for each key. */
export interface PrebuiltHandlers {
  readonly shapeKeys: readonly string[];
  module(): WebAssembly.Module;
}

/** A function that was installed for records: `(record) -> STATUS_*`. */
export type InstalledFunction = (record: number) => number;

/**
 * Numbers the handlers. Inline shapes come first; any other shape gets a function of its own when it is first decoded.
 * Functions are made in batches, so that a block of new shapes costs one module. These modules import functions and the
 * memory, not the table, which some engines copy for every instance.
 */
export class HandlerRegistry {
  readonly #numbers = new Map<string, number>();
  readonly #memory: WebAssembly.Memory;
  readonly #exports: WebAssembly.Exports;
  readonly #intercept: ((record: number, run: InstalledFunction) => number) | undefined;
  readonly #firstOutOfLine: number;
  readonly #prebuiltEnd: number;
  #prebuilt: PrebuiltHandlers | undefined;
  #pending: Shape[] = [];
  #free: number[] = [];
  #next: number;
  /** Shapes whose handlers were made on demand. */
  readonly made: Shape[] = [];

  constructor(parts: {
    memory: WebAssembly.Memory;
    coreExports: WebAssembly.Exports;
    /** Keys of the core module's inline handlers, in their order. */
    inlineKeys: readonly string[];
    /** Handlers made ahead of time, see `Prebuilt`. */
    prebuilt?: PrebuiltHandlers;
    /** Called in the place of installed functions. */
    intercept?: (record: number, run: InstalledFunction) => number;
  }) {
    this.#memory = parts.memory;
    this.#exports = parts.coreExports;
    this.#intercept = parts.intercept;
    parts.inlineKeys.forEach((key, index) => {
      this.#numbers.set(key, HANDLER_FIRST_SHAPE + index);
    });
    this.#firstOutOfLine = HANDLER_FIRST_SHAPE + parts.inlineKeys.length;
    // Element 0 of the table is the system operations' function.
    this.#next = this.#firstOutOfLine + 1;
    this.#prebuilt = parts.prebuilt;
    for (const key of parts.prebuilt?.shapeKeys ?? []) this.#numbers.set(key, this.#next++);
    this.#prebuiltEnd = this.#next;
  }

  /** Number of the handler that runs system operations. */
  get systemHandler(): number {
    return this.#firstOutOfLine;
  }

  /** Out-of-line handlers made so far. */
  get outOfLineCount(): number {
    return this.#next - this.#firstOutOfLine - 1;
  }

  /** @returns the handler of a shape, to exist once `compile` has run */
  numberOf(shape: Shape): number {
    const known = this.#numbers.get(shape.key) ?? this.#inlineSettingFlags(shape);
    if (known !== undefined) {
      if (this.#prebuilt !== undefined && known > this.#firstOutOfLine && known < this.#prebuiltEnd)
        this.#usePrebuilt();
      return known;
    }
    const number = this.#next++;
    this.#numbers.set(shape.key, number);
    this.#pending.push(shape);
    return number;
  }

  /** To set flags that nobody reads, inline, costs less than a call that sets none. */
  #inlineSettingFlags(shape: Shape): number | undefined {
    if (!shape.flagsDead) return undefined;
    const number = this.#numbers.get(shape.key.slice(0, -FLAGS_DEAD_SUFFIX.length));
    return number !== undefined && number < this.#firstOutOfLine ? number : undefined;
  }

  /** @returns the fused handler of this key, if there is one */
  fusedNumberOf(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  /** Puts a function `(record) -> STATUS_*` of a module that imports what handlers do behind a number of its own. */
  install(module: WebAssembly.Module, name: string): number {
    const number = this.#free.pop() ?? this.#next++;
    const run = this.instantiate(module, name);
    const intercept = this.#intercept;
    this.#set(number, intercept === undefined ? run : tableFunction((record) => intercept(record, run)));
    return number;
  }
  /** @returns a function of a module that imports what handlers do, without a number */
  instantiate(module: WebAssembly.Module, name: string): InstalledFunction {
    const instance = new WebAssembly.Instance(module, { core: this.#exports, host: { memory: this.#memory } });
    return instance.exports[name] as InstalledFunction;
  }
  /** Frees the number of an installed function. */
  uninstall(number: number): void {
    this.#set(number, null);
    this.#free.push(number);
  }

  /** Makes the functions for all shapes that were numbered since the last call. */
  compile(): void {
    if (this.#pending.length === 0) return;
    const shapes = this.#pending;
    this.#pending = [];
    this.made.push(...shapes);
    this.#instantiate(
      new WebAssembly.Module(generateHandlerModule(shapes, this.#memory.buffer.byteLength / WASM_PAGE_SIZE_BYTES)),
      shapes.map(({ key }) => key),
    );
  }

  #usePrebuilt(): void {
    const prebuilt = this.#prebuilt;
    this.#prebuilt = undefined;
    if (prebuilt) this.#instantiate(prebuilt.module(), prebuilt.shapeKeys);
  }

  #instantiate(module: WebAssembly.Module, keys: readonly string[]): void {
    const instance = new WebAssembly.Instance(module, { core: this.#exports, host: { memory: this.#memory } });
    for (const [index, key] of keys.entries()) {
      this.#set(this.#numbers.get(key) as number, instance.exports[`h${index}`] as InstalledFunction);
    }
  }
  #set(number: number, handler: InstalledFunction | null): void {
    const table = this.#exports.handlers as WebAssembly.Table;
    const element = number - this.#firstOutOfLine;
    if (element >= table.length) table.grow(table.length);
    table.set(element, handler);
  }
}

/** Generates a module with one exported function `h0`, `h1`, ... for each shape: `(record) -> STATUS_*`. */
export function generateHandlerModule(shapes: readonly Shape[], memoryPages: number): Uint8Array<ArrayBuffer> {
  const core = new ImportedCoreFunctions();
  const bodies = shapes.map((shape) => {
    const code = new CodeBuilder(['i32']);
    const leave = (status: number): void => {
      code.i32Const(status);
      code.op('return');
    };
    const exits = {
      fault: () => leave(STATUS_FAULT),
      taken: () => leave(STATUS_TAKEN),
      indirect: (target: Value) => {
        stage.storeTo(stage.i32(0), CPU_BASE + RIP, 64, target, 3);
        leave(STATUS_BRANCH);
      },
      again: () => leave(STATUS_BRANCH),
      assist: () => void code.localGet(0).call(core.functions.system).op('return'),
      transfer: (target: Value, status: Value) => {
        stage.storeTo(stage.i32(0), CPU_BASE + RIP, 64, target, 3);
        stage.push(status);
        code.op('return');
      },
      // The dispatch loop does both.
      locate: () => {},
      relocate: () => {},
    };
    const stage: HandlerStage = new HandlerStage(
      { code, locals: new LocalPool(code) },
      { shape, core: core.functions, exits, recordLocal: 0 },
    );
    writeHandlerBody(stage, shape);
    code.i32Const(STATUS_NEXT);
    return code;
  });
  const module = new ModuleBuilder();
  core.addTo(module);
  importGuestMemory(module, memoryPages);
  shapes.forEach(({ key }, index) => {
    const type = { params: ['i32'], results: ['i32'] } as const;
    module.export(`h${index}`, 'func', module.addFunction(type, key, bodies[index]).index);
  });
  return module.toBytes();
}
