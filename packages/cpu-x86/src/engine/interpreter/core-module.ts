import { type CodeBuilder, type DefinedFunction, ModuleBuilder } from '@longmode/wasm-encoder';
import { SS } from '../../decode/instruction.ts';
import { Emitter, LocalPool, type Value } from '../../semantics/language.ts';
import { VECTOR_GP, VECTOR_SS } from '../../state/exceptions.ts';
import {
  BOUNCE,
  FAULT_ERROR_CODE,
  FAULT_VECTOR,
  SEGMENT_BASE,
  SEGMENT_HIGH,
  SEGMENT_LOW,
  SEGMENT_RIGHTS,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
} from '../../state/layout.ts';
import { RIGHT_READ, RIGHT_WRITE } from '../../state/segment-register.ts';
import { CPU_BASE } from '../memory-plan.ts';
import { ACCESS_INFO_WRITE } from '../tlb-probe.ts';
import { CORE_FUNCTION_TYPES, type CoreFunctionName, type CoreFunctions } from './core-functions.ts';
import { writeCarryFunction, writeConditionFunction, writeFlagsFunction } from './flag-functions.ts';
import type { InlineHandler } from './inline-handlers.ts';
import { importGuestMemory } from './memory-import.ts';
import { writeRunFunction } from './run-function.ts';

/** Elements of the table of out-of-line handlers; element 0 calls the system operations. */
export const HANDLER_TABLE_SIZE = 16384;

/** What the core module imports from TypeScript: i32 arguments only, because a bigint costs as much as the call. */
export interface CoreImports {
  /** @returns host address for reading (the bounce buffer, filled, where there is none), or 0 with the fault recorded */
  translateRead(low: number, high: number, info: number): number;
  /** @returns host address for writing, or the bounce buffer, to be followed by `commit`; 0 with the fault recorded */
  translateWrite(low: number, high: number, info: number): number;
  /** As `translateWrite`, with the bounce buffer filled: for read-modify-write. */
  translateOpen(low: number, high: number, info: number): number;
  /** Writes the bounce buffer to where the last `translateWrite` or `translateOpen` said. */
  commit(): void;
  /** Runs the system operation of a record. @returns `STATUS_*` */
  system(record: number): number;
  /** Finds or makes the record for the state's RIP. @returns its address, or 0 when `run` must return */
  lookup(): number;
  /** The processor's mode has changed. */
  modeChanged(): void;
  /** A block has run so often that it is worth compiling: its head. */
  hot(head: number): void;
}

/** Writes the segmentation function: `(offset, info, segment) -> linear address, or -1`. */
function writeSegmentFunction(code: CodeBuilder): void {
  const e = new Emitter(code, new LocalPool(code));
  const offset = e.local('i64', 0);
  const info = e.local('i32', 1);
  const segment = e.local('i32', 2);
  const at = e.let(e.shl(segment, e.i32(Math.log2(SEGMENT_SIZE_BYTES))));
  const field = (name: number): number => CPU_BASE + SEGMENTS + name;
  const first = e.let(e.wrap(offset));
  const last = e.let(e.add(first, e.sub(e.and(info, e.i32(0xff)), e.i32(1))));
  const low = e.loadFrom(at, field(SEGMENT_LOW), 32, 2);
  const high = e.loadFrom(at, field(SEGMENT_HIGH), 32, 2);
  const rights = e.loadFrom(at, field(SEGMENT_RIGHTS), 32, 2);
  const isWrite = e.and(info, e.i32(ACCESS_INFO_WRITE));
  const needed = e.select(isWrite, e.i32(RIGHT_WRITE), e.i32(RIGHT_READ));
  // In a flat segment of 4 GiB offsets wrap; elsewhere an access that does is beyond a bound.
  const base = e.loadFrom(at, field(SEGMENT_BASE), 64, 3);
  const isWhole = e.and(e.eqz(e.or(low, e.xor(high, e.i32(-1)))), e.eqz(base));
  const inOrder = e.or(e.geU(last, first), isWhole);
  const inBounds = e.and(e.and(e.geU(first, low), e.leU(last, high)), inOrder);
  const allowed = e.and(inBounds, e.isNonZero(e.and(rights, needed)));
  e.if(e.eqz(allowed), () => {
    const vector = e.select(e.eq(segment, e.i32(SS)), e.i32(VECTOR_SS), e.i32(VECTOR_GP));
    e.storeTo(e.i32(0), CPU_BASE + FAULT_VECTOR, 32, vector, 2);
    e.storeTo(e.i32(0), CPU_BASE + FAULT_ERROR_CODE, 32, e.i32(0), 2);
    code.i64Const(-1).op('return');
  });
  e.push(e.and(e.add(e.loadFrom(at, field(SEGMENT_BASE), 64, 3), offset), e.i64(0xffffffff)));
}

/** Writes a function that hands a 64-bit address to an import in two words. */
function writeSplitCall(code: CodeBuilder, importIndex: number): void {
  code.localGet(0).op('i32.wrap_i64');
  code.localGet(0).i64Const(32).op('i64.shr_u').op('i32.wrap_i64');
  code.localGet(1).call(importIndex);
}

/** What the slow stores call. */
type StoreImports = { readonly translateWrite: number; readonly commit: number };

/** Writes a slow store: `(linear, info, value) -> 1 for a fault`. @param store stores the value at a host address */
function writeSlowStore(code: CodeBuilder, imports: StoreImports, store: (e: Emitter, host: Value) => void): void {
  const e = new Emitter(code, new LocalPool(code));
  writeSplitCall(code, imports.translateWrite);
  const host: Value = e.local('i32', code.addLocal('i32'));
  code.localSet((host as { index: number }).index);
  e.if(e.eqz(host), () => {
    code.i32Const(1).op('return');
  });
  store(e, host);
  e.if(e.eq(host, e.i32(CPU_BASE + BOUNCE)), () => {
    code.call(imports.commit);
  });
  code.i32Const(0);
}

/** Stores as many bytes of an i64 as the access has. */
function storeInteger(e: Emitter, host: Value): void {
  const value = e.local('i64', 2);
  const size = e.and(e.local('i32', 1), e.i32(0xff));
  const narrow = e.wrap(value);
  e.if(
    e.eq(size, e.i32(8)),
    () => e.storeTo(host, 0, 64, value),
    () =>
      e.if(
        e.eq(size, e.i32(4)),
        () => e.storeTo(host, 0, 32, narrow),
        () =>
          e.if(
            e.eq(size, e.i32(2)),
            () => e.storeTo(host, 0, 16, narrow),
            () => e.storeTo(host, 0, 8, narrow),
          ),
      ),
  );
}

/**
 * Generates the core module: the functions that handlers share, the table of out-of-line handlers and the interpreter
 * itself, with a case for each of the inline shapes.
 */
export function generateCoreModule(options: {
  memoryPages: number;
  inlineHandlers: readonly InlineHandler[];
}): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const i32 = 'i32' as const;
  const three = { params: [i32, i32, i32], results: [i32] };
  const imports = {
    translateRead: module.importFunction('host', 'translateRead', three),
    translateWrite: module.importFunction('host', 'translateWrite', three),
    translateOpen: module.importFunction('host', 'translateOpen', three),
    commit: module.importFunction('host', 'commit', { params: [], results: [] }),
    system: module.importFunction('host', 'system', { params: [i32], results: [i32] }),
    lookup: module.importFunction('host', 'lookup', { params: [], results: [i32] }),
    modeChanged: module.importFunction('host', 'modeChanged', { params: [], results: [] }),
    hot: module.importFunction('host', 'hot', { params: [i32], results: [] }),
  };
  importGuestMemory(module, options.memoryPages);
  const table = module.addTable({ min: HANDLER_TABLE_SIZE });

  const functions = {} as Record<CoreFunctionName, DefinedFunction>;
  for (const name of Object.keys(CORE_FUNCTION_TYPES) as CoreFunctionName[]) {
    const { params, results } = CORE_FUNCTION_TYPES[name];
    functions[name] = module.addFunction({ params, results }, name);
    module.export(name, 'func', functions[name].index);
  }
  writeSplitCall(functions.readSlow.code, imports.translateRead);
  writeSplitCall(functions.openSlow.code, imports.translateOpen);
  writeSlowStore(functions.writeSlow.code, imports, storeInteger);
  writeSlowStore(functions.writeVectorSlow.code, imports, (e, host) => e.storeTo(host, 0, 128, e.local('v128', 2)));
  functions.commit.code.call(imports.commit);
  writeSegmentFunction(functions.segment.code);
  writeFlagsFunction(functions.flags.code);
  writeCarryFunction(functions.carry.code);
  writeConditionFunction(functions.condition.code, functions.flags.index);

  functions.system.code.localGet(0).call(imports.system);
  module.addElements(0, [functions.system.index]);

  const run = module.addFunction({ params: [i32, i32], results: [i32] }, 'run');
  const core = Object.fromEntries(
    Object.entries(functions).map(([name, definition]) => [name, definition.index]),
  ) as unknown as CoreFunctions;
  writeRunFunction(run.code, {
    core,
    lookup: imports.lookup,
    modeChanged: imports.modeChanged,
    hot: imports.hot,
    handlerType: module.typeIndex({ params: [i32], results: [i32] }),
    inlineHandlers: options.inlineHandlers,
  });
  module.export('run', 'func', run.index);
  module.export('handlers', 'table', table);
  return module.toBytes();
}
