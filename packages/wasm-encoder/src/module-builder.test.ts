// wabt as an independent reader and writer of the same format; the host's engine as its judge.
import { beforeAll, describe, expect, it } from 'vitest';
import loadWabt from 'wabt';
import { CodeBuilder } from './code-builder.ts';
import { ModuleBuilder } from './module-builder.ts';
import { MEMORY_OPCODE, type MemoryOpcode, OPCODE, type Opcode, VECTOR_OPCODE, type VectorOpcode } from './opcodes.ts';

type Wabt = Awaited<ReturnType<typeof loadWabt>>;
let wabt: Wabt;
beforeAll(async () => {
  wabt = await loadWabt();
});

const FEATURES = {
  bulk_memory: true,
  multi_value: true,
  mutable_globals: true,
  sign_extension: true,
  simd: true,
  threads: true,
};

/** The text of a binary module, as wabt reads it. */
function toText(bytes: Uint8Array): string {
  const module = wabt.readWasm(bytes, { readDebugNames: true, check: false, ...FEATURES });
  try {
    return module.toText({ foldExprs: false, inlineExport: false });
  } finally {
    module.destroy();
  }
}

/** The text that wabt makes of its own binary of a text. */
function normal(source: string): string {
  const module = wabt.parseWat('test.wat', source, FEATURES);
  try {
    return toText(module.toBinary({ write_debug_names: true }).buffer);
  } finally {
    module.destroy();
  }
}

/** A module whose only function, `f`, takes and gives i32 values. */
function withBody(write: (code: CodeBuilder) => void, params = 1): ModuleBuilder {
  const module = new ModuleBuilder();
  const { index, code } = module.addFunction({ params: Array(params).fill('i32'), results: ['i32'] });
  write(code);
  module.export('f', 'func', index);
  return module;
}

function instantiate(module: ModuleBuilder, imports: WebAssembly.Imports = {}): (...args: number[]) => number {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), imports);
  return instance.exports.f as (...args: number[]) => number;
}

describe('an instruction', () => {
  it.each(Object.keys(OPCODE) as Opcode[])('%s is what wabt reads', (name) => {
    const lines = toText(withBody((code) => code.op('nop').op(name)).toBytes()).split('\n');
    const at = lines.findIndex((line) => line.trim() === 'nop');
    expect(lines[at + 1]?.trim().replace(/\)+$/, '')).toBe(name);
  });

  it.each(Object.keys(VECTOR_OPCODE) as VectorOpcode[])('%s is what wabt reads, with its lanes', (name) => {
    const bytes = Array.from({ length: 16 }, (_, i) => i);
    const isLane = name.includes('_lane');
    const immediates = isLane ? [1] : name === 'v128.const' || name === 'i8x16.shuffle' ? bytes : [];
    const lines = toText(withBody((code) => code.op('nop').vector(name, immediates)).toBytes()).split('\n');
    const at = lines.findIndex((line) => line.trim() === 'nop');
    const found = lines[at + 1]?.trim().replace(/\)+$/, '');
    const constant = 'v128.const i32x4 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c';
    const shuffle = `i8x16.shuffle ${bytes.join(' ')}`;
    expect(found).toBe(
      name === 'v128.const' ? constant : name === 'i8x16.shuffle' ? shuffle : isLane ? `${name} 1` : name,
    );
  });

  it.each(Object.keys(MEMORY_OPCODE) as MemoryOpcode[])(
    '%s is what wabt reads, with its offset and alignment',
    (name) => {
      const write = (code: CodeBuilder) => code.memory(name, 0).memory(name, 300).memory(name, 300, 0);
      const text = toText(withBody(write).toBytes());
      const isByte = /(load|store)8/.test(name);
      const lines = text.split('\n').flatMap((line) => (line.includes(name) ? [line.trim().replace(/\)+$/, '')] : []));
      expect(lines).toEqual([name, `${name} offset=300`, `${name} offset=300${isByte ? '' : ' align=1'}`]);
    },
  );
});

describe('branches', () => {
  it('takes a body that was begun before it knew its imports', () => {
    const code = new CodeBuilder(['i32']);
    code.localGet(0).call(0);
    const module = new ModuleBuilder();
    const type = { params: ['i32'], results: ['i32'] } as const;
    module.importFunction('host', 'twice', type);
    module.export('main', 'func', module.addFunction(type, 'main', code).index);
    const host = { twice: (x: number) => 2 * x };
    const { main } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { host }).exports;
    expect((main as (x: number) => number)(21)).toBe(42);
  });

  it('go to labels, however deep they are written', () => {
    const f = instantiate(
      withBody((code) => {
        const outer = code.block();
        const inner = code.block();
        const innermost = code.block();
        code.localGet(0).brTable([innermost, inner], outer);
        code.end().i32Const(10).op('return');
        code.end().i32Const(11).op('return');
        code.end().i32Const(12);
      }),
    );
    expect([0, 1, 2, -1].map((value) => f(value))).toEqual([10, 11, 12, 12]);
  });

  it('go back in a loop, and give the results of blocks', () => {
    const f = instantiate(
      withBody((code) => {
        const sum = code.addLocal('i32');
        const done = code.block('i32');
        const again = code.loop();
        code.localGet(sum).localGet(0).op('i32.add').localTee(sum);
        code.localGet(0).op('i32.eqz').brIf(done).op('drop');
        code.localGet(0).i32Const(1).op('i32.sub').localSet(0).br(again).end();
        code.op('unreachable').end();
      }),
    );
    expect([0, 1, 10, 1000].map((value) => f(value))).toEqual([0, 1, 55, 500500]);
  });

  it('choose in an if with else', () => {
    const f = instantiate(
      withBody((code) => {
        code.localGet(0).if('i32');
        code.i32Const(1).else().i32Const(-1).end();
      }),
    );
    expect([f(5), f(0)]).toEqual([1, -1]);
  });

  it('give several results by a type of the module', () => {
    const module = new ModuleBuilder();
    const pair = module.typeIndex({ params: [], results: ['i32', 'i32'] });
    const { index, code } = module.addFunction({ params: ['i32'], results: ['i32'] });
    code.block(pair);
    code.localGet(0).i32Const(3).end().op('i32.sub');
    module.export('f', 'func', index);
    expect(instantiate(module)(10)).toBe(7);
  });
});

describe('a function', () => {
  it('numbers its locals after its parameters, in the order of declaration', () => {
    const module = withBody((code) => {
      const locals = (['i32', 'i32', 'i64', 'i32'] as const).map((type) => code.addLocal(type));
      expect(locals).toEqual([2, 3, 4, 5]);
      code.i64Const(5n).localSet(4).localGet(4).op('i32.wrap_i64').localSet(5);
      code.localGet(0).localGet(1).op('i32.sub').localGet(5).op('i32.add');
    }, 2);
    expect(instantiate(module)(10, 1)).toBe(14);
  });

  it('may be written after others call it', () => {
    const module = new ModuleBuilder();
    const type = { params: ['i32'], results: ['i32'] } as const;
    const caller = module.addFunction(type);
    const callee = module.addFunction(type);
    caller.code.localGet(0).call(callee.index);
    callee.code.localGet(0).i32Const(2).op('i32.mul');
    module.export('f', 'func', caller.index);
    expect(instantiate(module)(21)).toBe(42);
  });

  it('shares its type with others of the same', () => {
    const module = new ModuleBuilder();
    const same = { params: ['i32', 'i64'], results: ['i64'] } as const;
    expect(module.typeIndex(same)).toBe(module.typeIndex({ ...same }));
    expect(module.typeIndex({ params: ['i32'], results: ['i64', 'i64'] })).not.toBe(module.typeIndex(same));
    expect(module.typeIndex({ params: ['i32', 'i64', 'i64'], results: [] })).not.toBe(module.typeIndex(same));
  });
});

describe('a module', () => {
  it('is what wabt makes of its text, every section of it', () => {
    const module = new ModuleBuilder();
    const unary = { params: ['i32'], results: ['i32'] } as const;
    const log = module.importFunction('host', 'log', { params: ['i32', 'i64'], results: [] });
    module.importMemory('host', 'memory', { min: 1, max: 2 });
    module.importGlobal('host', 'base', 'i32', false);
    const table = module.addTable({ min: 4, max: 8 });
    const counter = module.addGlobal({ type: 'i64', mutable: true, value: -(2n ** 40n) });
    module.addGlobal({ type: 'i32', mutable: false, value: 77 });
    const twice = module.addFunction(unary, 'twice');
    twice.code.localGet(0).i32Const(1).op('i32.shl');
    const main = module.addFunction(unary, 'main');
    const local = main.code.addLocal('i64');
    main.code.i64Const(7).localTee(local).globalSet(counter);
    main.code.localGet(0).globalGet(counter).call(log);
    main.code.i32Const(0).i32Const(16).i32Const(32).memoryCopy();
    main.code.i32Const(0).i32Const(255).i32Const(4).memoryFill();
    main.code.localGet(0).i32Const(2).callIndirect(module.typeIndex(unary), table);
    module.addElements(2, [twice.index, main.index]);
    module.addData(16, Uint8Array.of(1, 2, 254));
    module.export('main', 'func', main.index);
    module.export('memory', 'memory', 0);
    module.export('table', 'table', table);
    module.export('counter', 'global', counter);

    expect(WebAssembly.validate(module.toBytes())).toBe(true);
    expect(toText(module.toBytes())).toBe(
      normal(`(module
        (type (func (param i32 i64)))
        (type (func (param i32) (result i32)))
        (import "host" "log" (func $log (type 0)))
        (import "host" "memory" (memory 1 2))
        (import "host" "base" (global i32))
        (func $twice (type 1) (i32.shl (local.get 0) (i32.const 1)))
        (func $main (type 1) (local i64)
          (global.set 1 (local.tee 1 (i64.const 7)))
          (call $log (local.get 0) (global.get 1))
          (memory.copy (i32.const 0) (i32.const 16) (i32.const 32))
          (memory.fill (i32.const 0) (i32.const 255) (i32.const 4))
          (call_indirect (type 1) (local.get 0) (i32.const 2)))
        (table 4 8 funcref)
        (global (mut i64) (i64.const -1099511627776))
        (global i32 (i32.const 77))
        (export "main" (func $main))
        (export "memory" (memory 0))
        (export "table" (table 0))
        (export "counter" (global 1))
        (elem (i32.const 2) $twice $main)
        (data (i32.const 16) "\\01\\02\\fe"))`),
    );
  });

  it('is eight bytes when empty', () => {
    expect([...new ModuleBuilder().toBytes()]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  });

  it('is the same however often it is asked for', () => {
    const module = withBody((code) => code.localGet(0));
    expect(module.toBytes()).toEqual(module.toBytes());
  });

  it('counts imports first in each index space', () => {
    const module = new ModuleBuilder();
    const type = { params: [], results: [] } as const;
    expect([module.importFunction('a', 'f', type), module.importFunction('a', 'g', type)]).toEqual([0, 1]);
    expect([module.importGlobal('a', 'x', 'i32', true), module.importTable('a', 't', { min: 0 })]).toEqual([0, 0]);
    expect(module.addFunction(type).index).toBe(2);
    expect(module.addGlobal({ type: 'i32', mutable: true, value: 0 })).toBe(1);
    expect(module.addTable({ min: 0 })).toBe(1);
    expect(module.addMemory({ min: 1 })).toBe(0);
  });

  it('refuses to import a function after one was defined', () => {
    const module = new ModuleBuilder();
    const type = { params: [], results: [] } as const;
    module.addFunction(type);
    expect(() => module.importFunction('host', 'late', type)).toThrow('import host.late after a function was defined');
  });

  it('has a memory whose padded limits can be overwritten in place', () => {
    const limits = { min: 1, max: 2 } as const;
    const sizes = [limits, { ...limits, padded: true }].map((each) => {
      const module = new ModuleBuilder();
      module.addMemory(each);
      return module.toBytes();
    });
    expect(sizes.map((bytes) => WebAssembly.validate(bytes))).toEqual([true, true]);
    expect((sizes[1]?.length ?? 0) - (sizes[0]?.length ?? 0)).toBe(8);
    expect(toText(sizes[1] as Uint8Array)).toContain('(memory (;0;) 1 2)');
  });

  it('may have a memory that threads share', () => {
    const module = new ModuleBuilder();
    module.addMemory({ min: 1, max: 3, shared: true });
    expect(toText(module.toBytes())).toContain('(memory (;0;) 1 3 shared)');
  });
});
