import type { CodeBuilder, MemoryOpcode, Opcode, VectorOpcode } from '@longmode/wasm-encoder';

/**
 * Wasm type of a guest value: operands of 8, 16 and 32 bits live in an i32, zero-extended; 64 bits in an i64, 128 in a
 * v128. Floating-point types are those of values on their way between two operations.
 */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** Width of a guest operand in bits. */
export type Width = 8 | 16 | 32 | 64 | 128;

/**
 * A value under construction: a constant, a local variable, or an operation on such. Values are pure; an operation that
 * is used more than once, or whose inputs may change, is first fixed with `let`.
 */
export type Value =
  | { readonly kind: 'const'; readonly type: ValueType; readonly value: number | bigint }
  | { readonly kind: 'local'; readonly type: ValueType; readonly index: number }
  | { readonly kind: 'unary'; readonly type: ValueType; readonly op: Opcode; readonly a: Value }
  | { readonly kind: 'binary'; readonly type: ValueType; readonly op: Opcode; readonly a: Value; readonly b: Value }
  | {
      readonly kind: 'select';
      readonly type: ValueType;
      readonly condition: Value;
      readonly a: Value;
      readonly b: Value;
    }
  | {
      readonly kind: 'vector';
      readonly type: ValueType;
      readonly op: VectorOpcode;
      /** Lane numbers or the bytes of a constant. */
      readonly immediates: readonly number[];
      readonly inputs: readonly Value[];
    };

const TYPES: readonly ValueType[] = ['i32', 'i64', 'f32', 'f64', 'v128'];

/** The wasm type that holds a guest value of this width. */
export const typeOfWidth = (width: Width): ValueType => (width === 128 ? 'v128' : width === 64 ? 'i64' : 'i32');

const isI32Constant = (value: Value): value is Value & { kind: 'const'; value: number } =>
  value.kind === 'const' && value.type === 'i32' && typeof value.value === 'number';

const LOAD: Readonly<Record<Width, MemoryOpcode>> = {
  8: 'i32.load8_u',
  16: 'i32.load16_u',
  32: 'i32.load',
  64: 'i64.load',
  128: 'v128.load',
};
const STORE: Readonly<Record<Width, MemoryOpcode>> = {
  8: 'i32.store8',
  16: 'i32.store16',
  32: 'i32.store',
  64: 'i64.store',
  128: 'v128.store',
};

/** Hands out local variables; `release` makes all of them free again, for the next instruction. */
export class LocalPool {
  readonly #code: CodeBuilder;
  readonly #all: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  readonly #used: Record<ValueType, number> = { i32: 0, i64: 0, f32: 0, f64: 0, v128: 0 };

  constructor(code: CodeBuilder) {
    this.#code = code;
  }

  take(type: ValueType): number {
    const pool = this.#all[type];
    const position = this.#used[type]++;
    if (position === pool.length) pool.push(this.#code.addLocal(type));
    return pool[position] as number;
  }

  /**
   * Sets every integer variable of the pool to zero, or only those taken since the last release. At the end of each path round a
   * loop this tells an optimizing compiler that none of them is carried from one turn to the next.
   */
  clear(which: 'all' | 'used'): void {
    for (const type of ['i32', 'i64'] as const) {
      const count = which === 'all' ? this.#all[type].length : this.#used[type];
      for (const index of this.#all[type].slice(0, count)) {
        if (type === 'i32') this.#code.i32Const(0);
        else this.#code.i64Const(0);
        this.#code.localSet(index);
      }
    }
  }

  release(): void {
    for (const type of TYPES) this.#used[type] = 0;
  }
}

/**
 * The arithmetic of the semantics language: builds values and writes them as WebAssembly. It knows widths and wasm
 * types, but neither x86 nor who runs the result.
 */
export class Emitter {
  readonly code: CodeBuilder;
  readonly locals: LocalPool;

  constructor(code: CodeBuilder, locals: LocalPool) {
    this.code = code;
    this.locals = locals;
  }

  i32(value: number): Value {
    return { kind: 'const', type: 'i32', value: value | 0 };
  }
  i64(value: number | bigint): Value {
    return { kind: 'const', type: 'i64', value };
  }
  /** A constant of the wasm type that holds `width`. */
  constant(width: Width, value: number): Value {
    return width === 64 ? this.i64(value) : this.i32(value);
  }
  /** A constant of the same type as `like`. */
  like(like: Value, value: number): Value {
    return { kind: 'const', type: like.type, value };
  }
  local(type: ValueType, index: number): Value {
    return { kind: 'local', type, index };
  }

  /** Computes a value now, into a local variable. */
  let(value: Value): Value {
    if (value.kind === 'const') return value;
    const index = this.locals.take(value.type);
    this.push(value);
    this.code.localSet(index);
    return { kind: 'local', type: value.type, index };
  }

  /** As `let`, but a variable is taken as it is: for values that stay as they are until they are used. */
  fix(value: Value): Value {
    return value.kind === 'local' ? value : this.let(value);
  }

  /** A variable that may be assigned again; it starts as `value`. */
  variable(value: Value): Value & { readonly kind: 'local' } {
    const index = this.locals.take(value.type);
    this.push(value);
    this.code.localSet(index);
    return { kind: 'local', type: value.type, index };
  }
  assign(variable: Value & { readonly kind: 'local' }, value: Value): void {
    this.push(value);
    this.code.localSet(variable.index);
  }

  /** Writes the code that leaves the value on the wasm stack. */
  push(value: Value): void {
    switch (value.kind) {
      case 'const':
        if (value.type === 'i32') this.code.i32Const(Number(value.value));
        else this.code.i64Const(value.value);
        break;
      case 'local':
        this.code.localGet(value.index);
        break;
      case 'unary':
        this.push(value.a);
        this.code.op(value.op);
        break;
      case 'binary':
        this.push(value.a);
        this.push(value.b);
        this.code.op(value.op);
        break;
      case 'select':
        this.push(value.a);
        this.push(value.b);
        this.push(value.condition);
        this.code.op('select');
        break;
      case 'vector':
        for (const input of value.inputs) this.push(input);
        this.code.vector(value.op, value.immediates);
        break;
    }
  }

  #binary(operation: string, a: Value, b: Value, type: ValueType = a.type): Value {
    return { kind: 'binary', type, op: `${a.type}.${operation}` as Opcode, a, b };
  }
  #isConst(value: Value, n: number): boolean {
    return value.kind === 'const' && value.value === n;
  }

  add(a: Value, b: Value): Value {
    if (this.#isConst(b, 0)) return a;
    return this.#binary('add', a, b);
  }
  sub(a: Value, b: Value): Value {
    if (this.#isConst(b, 0)) return a;
    if (isI32Constant(a) && isI32Constant(b)) return this.i32(a.value - b.value);
    return this.#binary('sub', a, b);
  }
  mul(a: Value, b: Value): Value {
    return this.#binary('mul', a, b);
  }
  divU(a: Value, b: Value): Value {
    return this.#binary('div_u', a, b);
  }
  divS(a: Value, b: Value): Value {
    return this.#binary('div_s', a, b);
  }
  remU(a: Value, b: Value): Value {
    return this.#binary('rem_u', a, b);
  }
  remS(a: Value, b: Value): Value {
    return this.#binary('rem_s', a, b);
  }
  and(a: Value, b: Value): Value {
    if (isI32Constant(a) && isI32Constant(b)) return this.i32(a.value & b.value);
    return this.#binary('and', a, b);
  }
  or(a: Value, b: Value): Value {
    if (isI32Constant(a) && isI32Constant(b)) return this.i32(a.value | b.value);
    return this.#binary('or', a, b);
  }
  xor(a: Value, b: Value): Value {
    return this.#binary('xor', a, b);
  }
  not(a: Value): Value {
    return this.#binary('xor', a, this.like(a, -1));
  }
  neg(a: Value): Value {
    return this.#binary('sub', this.like(a, 0), a);
  }
  /** Shifts take the count modulo the wasm type's width, as wasm does. */
  shl(a: Value, count: Value): Value {
    return this.#binary('shl', a, this.#count(a, count));
  }
  shrU(a: Value, count: Value): Value {
    return this.#binary('shr_u', a, this.#count(a, count));
  }
  shrS(a: Value, count: Value): Value {
    return this.#binary('shr_s', a, this.#count(a, count));
  }
  rotl(a: Value, count: Value): Value {
    return this.#binary('rotl', a, this.#count(a, count));
  }
  rotr(a: Value, count: Value): Value {
    return this.#binary('rotr', a, this.#count(a, count));
  }
  clz(a: Value): Value {
    return { kind: 'unary', type: a.type, op: `${a.type}.clz` as Opcode, a };
  }
  ctz(a: Value): Value {
    return { kind: 'unary', type: a.type, op: `${a.type}.ctz` as Opcode, a };
  }
  popcnt(a: Value): Value {
    return { kind: 'unary', type: a.type, op: `${a.type}.popcnt` as Opcode, a };
  }

  /** Comparisons give 0 or 1 as i32. */
  eqz(a: Value): Value {
    return { kind: 'unary', type: 'i32', op: `${a.type}.eqz` as Opcode, a };
  }
  isNonZero(a: Value): Value {
    return this.ne(a, this.like(a, 0));
  }
  eq(a: Value, b: Value): Value {
    return this.#binary('eq', a, b, 'i32');
  }
  ne(a: Value, b: Value): Value {
    return this.#binary('ne', a, b, 'i32');
  }
  ltU(a: Value, b: Value): Value {
    return this.#binary('lt_u', a, b, 'i32');
  }
  leU(a: Value, b: Value): Value {
    return this.#binary('le_u', a, b, 'i32');
  }
  gtU(a: Value, b: Value): Value {
    return this.#binary('gt_u', a, b, 'i32');
  }
  geU(a: Value, b: Value): Value {
    return this.#binary('ge_u', a, b, 'i32');
  }
  ltS(a: Value, b: Value): Value {
    return this.#binary('lt_s', a, b, 'i32');
  }
  leS(a: Value, b: Value): Value {
    return this.#binary('le_s', a, b, 'i32');
  }
  gtS(a: Value, b: Value): Value {
    return this.#binary('gt_s', a, b, 'i32');
  }
  geS(a: Value, b: Value): Value {
    return this.#binary('ge_s', a, b, 'i32');
  }
  select(condition: Value, a: Value, b: Value): Value {
    return { kind: 'select', type: a.type, condition, a, b };
  }

  /** i64 of a zero-extended guest value. */
  zeroExtend64(a: Value): Value {
    if (a.type === 'i64') return a;
    if (a.kind === 'const') return this.i64(Number(a.value) >>> 0);
    return { kind: 'unary', type: 'i64', op: 'i64.extend_i32_u', a };
  }
  /** i64 of an i32, its sign kept. */
  signExtend64(a: Value): Value {
    if (a.type === 'i64') return a;
    if (a.kind === 'const') return this.i64(Number(a.value) | 0);
    return { kind: 'unary', type: 'i64', op: 'i64.extend_i32_s', a };
  }
  /** Low 32 bits. */
  wrap(a: Value): Value {
    if (a.type === 'i32') return a;
    if (a.kind === 'const') return this.i32(Number(BigInt.asIntN(32, BigInt(a.value))));
    return { kind: 'unary', type: 'i32', op: 'i32.wrap_i64', a };
  }
  /** Sign-extends the low `width` bits within the value's own wasm type. */
  signExtend(a: Value, width: Width): Value {
    if ((a.type === 'i32' && width === 32) || width === 64) return a;
    return { kind: 'unary', type: a.type, op: `${a.type}.extend${width}_s` as Opcode, a };
  }
  /** Keeps the low `width` bits: the invariant of guest values narrower than their wasm type. */
  truncate(a: Value, width: Width): Value {
    if (width === 64 || (width === 32 && a.type === 'i32')) return a;
    return this.and(a, this.like(a, width === 32 ? 0xffffffff : (1 << width) - 1));
  }
  /** Converts a guest value to the wasm type of another width, zero-extending or dropping high bits. */
  resize(a: Value, to: Width): Value {
    return to === 64 ? this.zeroExtend64(a) : this.truncate(this.wrap(a), to);
  }
  /** The value sign-extended from `width` bits to an i64. */
  toSigned64(a: Value, width: Width): Value {
    return a.type === 'i64' ? this.signExtend(a, width) : this.signExtend64(this.signExtend(a, width));
  }
  /** The most significant bit of a guest value, as 0 or 1 (i32). */
  signBit(a: Value, width: Width): Value {
    const shifted = this.shrU(a, this.i32(width - 1));
    return this.wrap(a.type === 'i64' || width === 32 ? shifted : this.and(shifted, this.i32(1)));
  }

  /** Loads from an address in the memory (i32), at a constant offset, now. */
  loadFrom(address: Value, offset: number, width: Width, alignLog2 = 0): Value {
    const index = this.locals.take(typeOfWidth(width));
    this.push(address);
    this.code.memory(LOAD[width], offset, alignLog2).localSet(index);
    return { kind: 'local', type: typeOfWidth(width), index };
  }
  /** Stores to an address in the memory (i32), at a constant offset. */
  storeTo(address: Value, offset: number, width: Width, value: Value, alignLog2 = 0): void {
    this.push(address);
    this.push(value);
    this.code.memory(STORE[width], offset, alignLog2);
  }

  /** Runs `then` (or `otherwise`) depending on a condition (i32). */
  if(condition: Value, then: () => void, otherwise?: () => void): void {
    this.push(condition);
    this.code.if();
    then();
    if (otherwise) {
      this.code.else();
      otherwise();
    }
    this.code.end();
  }

  /** Repeats `body` while the condition that it returns holds. */
  repeatWhile(body: () => Value): void {
    const top = this.code.loop();
    this.push(body());
    this.code.brIf(top);
    this.code.end();
  }

  /** Calls a function that returns one value; fixes the result. */
  callFor(functionIndex: number, type: ValueType, ...args: readonly Value[]): Value {
    for (const arg of args) this.push(arg);
    const index = this.locals.take(type);
    this.code.call(functionIndex).localSet(index);
    return { kind: 'local', type, index };
  }

  #count(a: Value, count: Value): Value {
    if (a.type === count.type) return count;
    return a.type === 'i64' ? this.zeroExtend64(count) : this.wrap(count);
  }
}
