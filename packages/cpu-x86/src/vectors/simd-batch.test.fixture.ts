import type { Cpu, CpuOptions } from '../cpu.ts';
import { HANDLER_SPACING, installGdt, installIdt, longModeMachine } from '../machines.test.fixture.ts';
import { CR4_OSFXSR, CR4_OSXMMEXCPT } from '../state/control-registers.ts';
import { VECTOR_XM } from '../state/exceptions.ts';
import { ACTIVITY, ACTIVITY_ACTIVE, CR4, IDTR_LIMIT } from '../state/layout.ts';

/** Bytes of a record, of input as of output; its fields are in `RECORD_FIELDS`. */
export const SIMD_RECORD_SIZE_BYTES = 128;
/**
 * Fields of a record by offset: MXCSR; in the output flags (AL = OF, AH as LAHF gives it) and whether the instruction raised
 * a floating-point exception; XMM0, XMM1 (destination) and XMM2 (source, also in memory); RAX, RDX; in the input two numbers
 * whose comparison sets the flags, in the output RCX; 16 bytes of memory that an instruction may write.
 */
export const SIMD_RECORD_FIELDS = [
  ['mxcsr', 0, 4],
  ['flags', 4, 4],
  ['exception', 8, 4],
  ['xmm0', 16, 16],
  ['xmm1', 32, 16],
  ['xmm2', 48, 16],
  ['rax', 64, 8],
  ['rdx', 72, 8],
  ['rcx', 80, 8],
  ['memory', 96, 16],
] as const;

/** A loop over records around one instruction. */
export interface SimdProgram {
  readonly code: Uint8Array;
  /** Where the instruction lies, and its length. */
  readonly at: number;
  readonly length: number;
}

const bytes = (hex: string): number[] => (hex.match(/[0-9a-f]{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16));

const BEFORE = bytes(
  [
    '0fae16', // ldmxcsr [rsi]
    'f30f6f4610 f30f6f4e20 f30f6f5630', // movdqu xmm0 to xmm2, [rsi+16], [rsi+32], [rsi+48]
    'f30f6f5e60 f30f7f5f60', // movdqu xmm3, [rsi+96]; movdqu [rdi+96], xmm3
    '488b4640 488b5648 4c8b4650 4c8b4e58', // mov rax, rdx, r8, r9, [rsi+64], [rsi+72], [rsi+80], [rsi+88]
    '31c9 4531ff 4d39c8', // xor ecx, ecx; xor r15d, r15d; cmp r8, r9
  ].join(),
);
const AFTER = bytes(
  [
    '48894740 9f 0f90c0 66894704', // mov [rdi+64], rax; lahf; seto al; mov [rdi+4], ax
    '44897f08 48895748 48894f50', // mov [rdi+8], r15d; mov [rdi+72], rdx; mov [rdi+80], rcx
    'f30f7f4710 f30f7f4f20 f30f7f5730', // movdqu [rdi+16], [rdi+32], [rdi+48], xmm0 to xmm2
    '0fae1f', // stmxcsr [rdi]
    '4883ee80 4883ef80 48ffcd', // sub rsi, -128; sub rdi, -128; dec rbp
  ].join(),
);

/** @param instruction on XMM1, XMM2 or [RSI+48], RAX, RDX, or a memory destination at [RDI+96]; hexadecimal */
export function simdProgram(instruction: string): SimdProgram {
  const middle = bytes(instruction);
  const body = [...BEFORE, ...middle, ...AFTER];
  const back = -(body.length + 6);
  const jump = [0x0f, 0x85, back & 0xff, (back >> 8) & 0xff, 0xff, 0xff];
  return { code: Uint8Array.from([...body, ...jump, 0xc3]), at: BEFORE.length, length: middle.length };
}

const CODE = 0x1000;
const IDT = 0x4000;
const HANDLERS = 0x6000;
const GDT = 0x8000;
const STACK = 0x1_8000;
const INPUT = 0x2_0000;
const OUTPUT = 0xa_0000;
/** Records that the machine has room for. */
export const SIMD_BATCH_MAX = 4096;
const CALL = Uint8Array.from([0xff, 0xd0, 0xf4]); // call rax; hlt
const RAX = 0;
const RSP = 4;
const RBP = 5;
const RSI = 6;
const RDI = 7;

/** A processor that runs programs over records. */
export class SimdMachine {
  readonly cpu: Cpu;

  constructor(options: Partial<CpuOptions> = {}) {
    this.cpu = longModeMachine(options).cpu;
    const { state, memory } = this.cpu;
    state.setField(CR4, state.field(CR4) | CR4_OSFXSR | CR4_OSXMMEXCPT);
    installIdt(this.cpu, { idt: IDT, handlers: HANDLERS });
    installGdt(this.cpu, GDT);
    if (state.field(IDTR_LIMIT) === 0) throw new Error('no IDT');
    memory.write(CODE, CALL);
    this.cpu.synchronize();
  }

  /** @returns the output, as long as the input */
  run(program: SimdProgram, input: Uint8Array): Uint8Array {
    const { state, memory } = this.cpu;
    memory.write(CODE + 0x100, program.code);
    // add qword [rsp], length; mov r15d, 1; iretq
    memory.write(
      HANDLERS + HANDLER_SPACING * VECTOR_XM,
      Uint8Array.from([0x48, 0x83, 0x04, 0x24, program.length, 0x41, 0xbf, 1, 0, 0, 0, 0x48, 0xcf]),
    );
    memory.write(INPUT, input);
    memory.fill(OUTPUT, input.length, 0);
    state.setGpr(RSP, BigInt(STACK));
    state.setGpr(RAX, BigInt(CODE + 0x100));
    state.setGpr(RSI, BigInt(INPUT));
    state.setGpr(RDI, BigInt(OUTPUT));
    state.setGpr(RBP, BigInt(input.length / SIMD_RECORD_SIZE_BYTES));
    state.rip = BigInt(CODE);
    state.setField(ACTIVITY, ACTIVITY_ACTIVE);
    this.cpu.synchronize();
    const reason = this.cpu.run(1e9);
    if (reason !== 'halted' || state.rip !== BigInt(CODE + CALL.length)) {
      const entries = this.cpu.exceptionLog.entries.map(({ vector, rip }) => `${vector} at ${rip.toString(16)}`);
      throw new Error(`${reason} at ${state.rip.toString(16)}: ${entries.at(-1) ?? 'no exception'}`);
    }
    return memory.read(OUTPUT, input.length).slice();
  }
}

/** Differences between two outputs, in words. */
export function simdDifferences(found: Uint8Array, wanted: Uint8Array, input: Uint8Array): string[] {
  const differences: string[] = [];
  const hex = (from: Uint8Array, at: number, size: number): string =>
    Array.from(from.subarray(at, at + size), (byte) => byte.toString(16).padStart(2, '0'))
      .reverse()
      .join('');
  for (let record = 0; record < wanted.length; record += SIMD_RECORD_SIZE_BYTES) {
    if (isSame(found, wanted, record)) continue;
    const wrong = SIMD_RECORD_FIELDS.filter(
      ([, at, size]) => hex(found, record + at, size) !== hex(wanted, record + at, size),
    );
    const text = wrong.map(
      ([name, at, size]) =>
        `${name} is ${hex(found, record + at, size)}, hardware has ${hex(wanted, record + at, size)}`,
    );
    const given = SIMD_RECORD_FIELDS.filter(([name]) => name !== 'flags' && name !== 'exception').map(
      ([name, at, size]) => `${name} ${hex(input, record + at, size)}`,
    );
    differences.push(`${text.join(', ')} (from ${given.join(', ')})`);
  }
  return differences;
}
function isSame(a: Uint8Array, b: Uint8Array, at: number): boolean {
  for (let i = at; i < at + SIMD_RECORD_SIZE_BYTES; i++) if (a[i] !== b[i]) return false;
  return true;
}
