import type { CodeBuilder, Label } from '@longmode/wasm-encoder';
import { CS } from '../../decode/instruction.ts';
import { Emitter, LocalPool, type Value } from '../../semantics/language.ts';
import { BUDGET, CANONICAL_SHIFT, CODE_BASE, JUMP_TAG, MODE, RECORD, RIP, RIP_BASE } from '../../state/layout.ts';
import { MODE_CODE_64, MODE_CODE_MASK } from '../../state/mode.ts';
import { segmentHighField } from '../../state/segment-register.ts';
import { CPU_BASE, JUMP_CACHE, JUMP_CACHE_ENTRY_COUNT, JUMP_CACHE_ENTRY_SIZE_BYTES } from '../memory-plan.ts';
import {
  type CoreFunctions,
  STATUS_EXIT,
  STATUS_FAULT,
  STATUS_MODE_CHANGED,
  STATUS_NEXT,
  STATUS_TAKEN,
} from './core-functions.ts';
import { writeHandlerBody } from './handler-body.ts';
import { HandlerStage } from './handler-stage.ts';
import type { InlineHandler } from './inline-handlers.ts';
import {
  BLOCK_LENGTH_MAX,
  RECORD_COUNT,
  RECORD_DISPLACEMENT,
  RECORD_HANDLER,
  RECORD_LINK,
  RECORD_NO_LINK,
  RECORD_OFFSET,
  RECORD_SCALE,
  RECORD_SEGMENT,
  RECORD_SIZE_BYTES,
  RECORD_USES_LEFT,
} from './record.ts';

/** Handler of a record that stands for code changed since it was decoded: looks its own RIP up again. */
export const HANDLER_STALE = 0;
/** Handler of the record behind a block's last instruction: goes on at its RIP. */
export const HANDLER_END = 1;
/** Handler of a block's head: counts how often the block runs, until it is worth compiling. */
export const HANDLER_HEAD = 2;
/** With less budget compiled code leaves blocks to the interpreter: that a block runs then does not make it hot. */
const COUNTED_BUDGET_MIN = 1024;
/** Number of the first shape's handler. */
export const HANDLER_FIRST_SHAPE = 3;

/** Why `run` returned. */
export const RUN_LIMIT = 0;
export const RUN_FAULT = 1;
export const RUN_EXIT = 2;
export const RUN_LOOKUP = 3;
/** A relative branch leads beyond the code segment or the canonical addresses: RIP is its target, the record its own. */
export const RUN_OUTSIDE = 4;

/**
 * Writes the interpreter: `(record, budget) -> RUN_*`. One loop dispatches on the record's handler number; the tails that
 * follow the cases are shared: a taken branch, a jump to any RIP, a fault.
 */
export function writeRunFunction(
  code: CodeBuilder,
  options: {
    core: CoreFunctions;
    lookup: number;
    modeChanged: number;
    hot: number;
    handlerType: number;
    inlineHandlers: readonly InlineHandler[];
  },
): void {
  const { core, inlineHandlers } = options;
  const inlineCount = HANDLER_FIRST_SHAPE + inlineHandlers.length;
  const recordLocal = 0;
  const budgetLocal = 1;
  const ripLocal = code.addLocal('i64');
  const locals = new LocalPool(code);
  const e = new Emitter(code, locals);
  const zero = e.i32(0);
  const record = e.local('i32', recordLocal) as Extract<ReturnType<Emitter['local']>, { kind: 'local' }>;
  const budget = e.local('i32', budgetLocal) as typeof record;
  const rip = e.local('i64', ripLocal) as typeof record;
  const ripBase = () => e.loadFrom(zero, CPU_BASE + RIP_BASE, 64, 3);
  const count = () => e.loadFrom(record, RECORD_COUNT, 8);
  const leave = (reason: number): void => {
    e.storeTo(zero, CPU_BASE + BUDGET, 32, budget, 2);
    code.i32Const(reason).op('return');
  };

  // No variable but the record and the budget lives from one turn of the loop to the next: said explicitly, it spares the
  // optimizing compiler a merge of all of them at every case.
  const goNext = (): void => {
    locals.clear('used');
    code.br(next);
  };
  const goNextFromTail = (): void => {
    code.i64Const(0).localSet(ripLocal);
    goNext();
  };

  const faultTail = code.block();
  const next = code.loop();
  const goTail = code.block();
  const takenTail = code.block();
  const defaultCase = code.block();
  const cases: Label[] = [];
  for (let i = 0; i < inlineCount; i++) cases.unshift(code.block());
  locals.release();
  e.push(e.loadFrom(record, RECORD_HANDLER, 16, 1));
  code.brTable(cases, defaultCase);
  code.end();

  // HANDLER_STALE: its own instruction has not run.
  locals.release();
  e.assign(budget, e.sub(budget, e.sub(count(), e.i32(1))));
  e.assign(rip, e.add(ripBase(), e.zeroExtend64(e.loadFrom(record, RECORD_OFFSET, 16, 1))));
  code.br(goTail).end();

  // HANDLER_END: counts the block's instructions, and is none itself.
  locals.release();
  e.assign(budget, e.sub(budget, count()));
  e.assign(rip, e.add(ripBase(), e.zeroExtend64(e.loadFrom(record, RECORD_OFFSET, 16, 1))));
  code.br(goTail).end();

  // HANDLER_HEAD
  locals.release();
  const isCounted = e.geS(budget, e.i32(COUNTED_BUDGET_MIN));
  const uses = e.let(e.sub(e.loadFrom(record, RECORD_USES_LEFT, 32, 2), isCounted));
  e.storeTo(record, RECORD_USES_LEFT, 32, uses, 2);
  e.if(e.eqz(uses), () => {
    e.storeTo(zero, CPU_BASE + BUDGET, 32, budget, 2);
    code.localGet(recordLocal).call(options.hot);
  });
  e.assign(record, e.add(record, e.i32(RECORD_SIZE_BYTES)));
  goNext();
  code.end();

  inlineHandlers.forEach(({ shape, branch }, index) => {
    locals.release();
    const exits = {
      fault: () => void code.br(faultTail),
      taken: () => void code.br(takenTail),
      indirect: (target: Parameters<Emitter['push']>[0]) => {
        e.assign(rip, target);
        e.assign(budget, e.sub(budget, count()));
        code.br(goTail);
      },
      again: () => {
        throw new Error(`${shape.key}: repeated instructions are not inlined`);
      },
      assist: () => {
        throw new Error(`${shape.key}: what TypeScript may do is not inlined`);
      },
      transfer: () => {
        throw new Error(`${shape.key}: instructions of the system are not inlined`);
      },
      locate: () => {
        e.storeTo(zero, CPU_BASE + BUDGET, 32, budget, 2);
        e.storeTo(zero, CPU_BASE + RECORD, 32, record, 2);
      },
      relocate: () => e.assign(budget, e.loadFrom(zero, CPU_BASE + BUDGET, 32, 2)),
    };
    const stage = new HandlerStage({ code, locals }, { shape, core, exits, recordLocal });
    writeHandlerBody(stage, shape);
    e.assign(record, e.add(record, e.i32(RECORD_SIZE_BYTES)));
    if (branch) {
      const flags = stage.lastFlags;
      if (flags === undefined) throw new Error(`${shape.key} sets no flags to fuse with`);
      const known = { flags, form: branch.form };
      // Device memory asked to stop behind the first half: the branch runs by its own record, if at all.
      if (shape.addressing) e.if(e.ltS(budget, e.i32(BLOCK_LENGTH_MAX)), goNext);
      writeHandlerBody(
        new HandlerStage({ code, locals }, { shape: branch.shape, core, exits, recordLocal, known }),
        branch.shape,
      );
      e.assign(record, e.add(record, e.i32(RECORD_SIZE_BYTES)));
    }
    goNext();
    // The last case ends with the block of the default case, below.
    if (index < inlineHandlers.length - 1) code.end();
  });
  code.end();

  // Out-of-line handlers.
  locals.release();
  e.storeTo(zero, CPU_BASE + BUDGET, 32, budget, 2);
  e.storeTo(zero, CPU_BASE + RECORD, 32, record, 2);
  code.localGet(recordLocal);
  e.push(e.sub(e.loadFrom(record, RECORD_HANDLER, 16, 1), e.i32(inlineCount)));
  code.callIndirect(options.handlerType);
  const status = e.local('i32', locals.take('i32')) as typeof record;
  code.localSet(status.index);
  e.assign(budget, e.loadFrom(zero, CPU_BASE + BUDGET, 32, 2));
  // Compiled code leaves at another record than it was entered by.
  e.assign(record, e.loadFrom(zero, CPU_BASE + RECORD, 32, 2));
  e.if(e.eq(status, e.i32(STATUS_NEXT)), () => {
    e.assign(record, e.add(record, e.i32(RECORD_SIZE_BYTES)));
    goNext();
  });
  e.if(e.eq(status, e.i32(STATUS_TAKEN)), () => void code.br(takenTail));
  e.if(e.eq(status, e.i32(STATUS_FAULT)), () => void code.br(faultTail));
  e.assign(budget, e.sub(budget, count()));
  e.if(e.and(status, e.i32(STATUS_MODE_CHANGED)), () => void code.call(options.modeChanged));
  e.if(e.eq(e.and(status, e.i32(STATUS_EXIT)), e.i32(STATUS_EXIT)), () => leave(RUN_EXIT));
  e.assign(rip, e.loadFrom(zero, CPU_BASE + RIP, 64, 3));
  code.br(goTail).end();

  // A taken branch: along its link, or to a target that is computed here.
  locals.release();
  locals.clear('all');
  e.assign(budget, e.sub(budget, count()));
  const link = e.loadFrom(record, RECORD_LINK, 32, 2);
  e.if(e.and(e.geS(budget, e.i32(BLOCK_LENGTH_MAX)), e.isNonZero(link)), () => {
    e.assign(record, link);
    goNextFromTail();
  });
  const target = e.add(ripBase(), e.loadFrom(record, RECORD_DISPLACEMENT, 64, 3));
  const cleared = e.zeroExtend64(e.loadFrom(record, RECORD_SCALE, 8));
  e.assign(rip, e.and(target, e.shrU(e.i64(-1), cleared)));
  writeLinkedGo();
  e.if(isOutside(), () => {
    e.storeTo(zero, CPU_BASE + RIP, 64, rip, 3);
    e.storeTo(zero, CPU_BASE + RECORD, 32, record, 2);
    leave(RUN_OUTSIDE);
  });
  code.end();

  // To any RIP.
  locals.release();
  locals.clear('all');
  writeGo();
  code.end();
  // The loop is left only by branches out of it or by returns.
  code.op('unreachable');
  code.end();
  e.storeTo(zero, CPU_BASE + RECORD, 32, record, 2);
  leave(RUN_FAULT);
  code.op('unreachable');

  /** Whether no instruction can be at `rip`. Code that is known already lies within all limits. */
  function isOutside(): Value {
    const shift = e.zeroExtend64(e.loadFrom(zero, CPU_BASE + CANONICAL_SHIFT, 32, 2));
    const isNotCanonical = e.ne(e.shrS(e.shl(rip, shift), shift), rip);
    const limit = e.loadFrom(zero, CPU_BASE + segmentHighField(CS), 32, 2);
    const codeSize = e.and(e.loadFrom(zero, CPU_BASE + MODE, 32, 2), e.i32(MODE_CODE_MASK));
    const is64 = e.eq(codeSize, e.i32(MODE_CODE_64));
    return e.select(is64, isNotCanonical, e.gtU(rip, e.zeroExtend64(limit)));
  }
  /** The jump cache's entry for the linear address of `rip`. */
  function cacheEntry(linear: Value) {
    const hash = e.xor(e.wrap(linear), e.wrap(e.shrU(linear, e.i32(12))));
    const mask = (JUMP_CACHE_ENTRY_COUNT - 1) * JUMP_CACHE_ENTRY_SIZE_BYTES;
    return e.let(e.and(e.shl(hash, e.i32(Math.log2(JUMP_CACHE_ENTRY_SIZE_BYTES))), e.i32(mask)));
  }
  /** Runs `found` with the record that the jump cache holds for `rip`, if it holds one. */
  function ifCached(found: (record: Value) => void): void {
    const linear = e.let(e.add(rip, e.loadFrom(zero, CPU_BASE + CODE_BASE, 64, 3)));
    const entry = cacheEntry(linear);
    const isSame = e.eq(e.loadFrom(entry, JUMP_CACHE, 64, 3), linear);
    const tag = e.loadFrom(zero, CPU_BASE + JUMP_TAG, 32, 2);
    e.if(e.and(isSame, e.eq(e.loadFrom(entry, JUMP_CACHE + 8, 32, 2), tag)), () =>
      found(e.loadFrom(entry, JUMP_CACHE + 12, 32, 2)),
    );
  }
  /** Goes to `rip` by the jump cache if that knows it, and links the branch to it if it lies in the same page. */
  function writeLinkedGo(): void {
    e.if(e.geS(budget, e.i32(BLOCK_LENGTH_MAX)), () => {
      ifCached((found) => {
        const base = e.let(e.sub(rip, e.zeroExtend64(e.loadFrom(found, RECORD_OFFSET, 16, 1))));
        const mayLink = e.eqz(e.and(e.loadFrom(found, RECORD_SEGMENT, 8), e.i32(RECORD_NO_LINK)));
        e.if(e.and(e.eq(base, ripBase()), mayLink), () => e.storeTo(record, RECORD_LINK, 32, found, 2));
        e.storeTo(zero, CPU_BASE + RIP_BASE, 64, base, 3);
        e.assign(record, found);
        goNextFromTail();
      });
    });
  }
  function writeGo(): void {
    e.if(e.ltS(budget, e.i32(BLOCK_LENGTH_MAX)), () => {
      e.storeTo(zero, CPU_BASE + RIP, 64, rip, 3);
      leave(RUN_LIMIT);
    });
    ifCached((found) => {
      e.assign(record, found);
      const base = e.sub(rip, e.zeroExtend64(e.loadFrom(record, RECORD_OFFSET, 16, 1)));
      e.storeTo(zero, CPU_BASE + RIP_BASE, 64, base, 3);
      goNextFromTail();
    });
    e.storeTo(zero, CPU_BASE + RIP, 64, rip, 3);
    e.storeTo(zero, CPU_BASE + BUDGET, 32, budget, 2);
    e.assign(record, e.callFor(options.lookup, 'i32'));
    // Less, where device memory asked to stop while code was fetched from it.
    e.assign(budget, e.loadFrom(zero, CPU_BASE + BUDGET, 32, 2));
    e.if(record, goNextFromTail);
    leave(RUN_LOOKUP);
  }
}
