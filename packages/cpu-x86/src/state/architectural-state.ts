import { CR0_PE, CR0_PG, CR4_PAE, EFER_LMA, EFER_LME } from './control-registers.ts';
import type { CpuState } from './cpu-state.ts';
import * as layout from './layout.ts';
import { FLAG_RESERVED_1, FLAG_VM, FLAGS_DEFINED } from './rflags.ts';

/** A segment register with its hidden part. */
export interface SegmentState {
  readonly selector: number;
  readonly base: bigint;
  /** In bytes, granularity applied. */
  readonly limit: number;
  /** Descriptor bits 40 to 55 in bits 0 to 15. */
  readonly attributes: number;
}

/** Everything that the manuals call state of a processor, as plain data; 64-bit registers are unsigned bigints. */
export interface ArchitecturalState {
  /** RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15. */
  readonly gprs: readonly bigint[];
  readonly rip: bigint;
  readonly rflags: number;
  readonly cpl: number;
  readonly activity: 'active' | 'halted' | 'shutdown';
  /** What holds interrupts back from the next instruction: STI, or a load of SS. */
  readonly interruptShadow: 'none' | 'sti' | 'stack';
  readonly segments: Readonly<Record<SegmentName, SegmentState>>;
  /** Control, debug, descriptor-table, model-specific, x87 and SSE registers. */
  readonly registers: Readonly<Record<string, bigint>>;
}

/** A segment register's name. */
export type SegmentName = (typeof SEGMENT_NAMES)[number];

/** Data that is no state of a processor. */
export class CpuStateError extends Error {
  override readonly name: string = 'CpuStateError';
  /** Where in the data, as `segments.cs.limit`. */
  readonly subject: string;
  /** What was expected there. */
  readonly detail: string;

  constructor(subject: string, detail: string) {
    super(`${subject}: ${detail}`);
    this.subject = subject;
    this.detail = detail;
  }
}

const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const;
const ACTIVITIES = ['active', 'halted', 'shutdown'] as const;
/** By value of the field. */
const SHADOWS = ['none', 'sti', 'stack'] as const;

/** `count` fields of 64 bits from an offset on, by name. */
const row = (name: string, offset: number, count: number): [string, number, number][] =>
  Array.from({ length: count }, (_, i) => [`${name}${i}`, offset + 8 * i, 64]);

/** The x87 data registers, by physical number. */
const x87Registers = (): [string, number, number][] =>
  Array.from({ length: 8 }, (_, i) => i).flatMap((i): [string, number, number][] => {
    const offset = layout.FPR + i * layout.FPR_SIZE_BYTES;
    return [
      [`fpr${i}Significand`, offset + layout.FPR_SIGNIFICAND, 64],
      [`fpr${i}Exponent`, offset + layout.FPR_EXPONENT, 16],
    ];
  });
/** The XMM registers, as two halves each. */
const xmmRegisters = (): [string, number, number][] =>
  Array.from({ length: 16 }, (_, i) => i).flatMap((i): [string, number, number][] => {
    const offset = layout.XMM + i * layout.XMM_SIZE_BYTES;
    return [
      [`xmm${i}Low`, offset, 64],
      [`xmm${i}High`, offset + 8, 64],
    ];
  });

/** Every register beside the general ones, flags, RIP and segments: name, offset in the state, bits. */
export const STATE_REGISTERS: readonly (readonly [name: string, offset: number, width: number])[] = [
  ['cr0', layout.CR0, 32],
  ['cr2', layout.CR2, 64],
  ['cr3', layout.CR3, 64],
  ['cr4', layout.CR4, 32],
  ['cr8', layout.CR8, 32],
  ['xcr0', layout.XCR0, 32],
  ['pkru', layout.PKRU, 32],
  ['monitor', layout.MONITOR, 2],
  ['gdtrBase', layout.GDTR_BASE, 64],
  ['gdtrLimit', layout.GDTR_LIMIT, 32],
  ['idtrBase', layout.IDTR_BASE, 64],
  ['idtrLimit', layout.IDTR_LIMIT, 32],
  ...row('dr', layout.DR, 4),
  ['dr6', layout.DR + 48, 64],
  ['dr7', layout.DR + 56, 64],
  ...row('pdpte', layout.PDPTES, 4),
  ['efer', layout.MSR_EFER, 64],
  ['star', layout.MSR_STAR, 64],
  ['lstar', layout.MSR_LSTAR, 64],
  ['cstar', layout.MSR_CSTAR, 64],
  ['fmask', layout.MSR_FMASK, 64],
  ['kernelGsBase', layout.MSR_KERNEL_GS_BASE, 64],
  ['tscAux', layout.MSR_TSC_AUX, 64],
  ['sysenterCs', layout.MSR_SYSENTER_CS, 64],
  ['sysenterEsp', layout.MSR_SYSENTER_ESP, 64],
  ['sysenterEip', layout.MSR_SYSENTER_EIP, 64],
  ['apicBase', layout.MSR_APIC_BASE, 64],
  ['pat', layout.MSR_PAT, 64],
  ['mcgStatus', layout.MSR_MCG_STATUS, 64],
  ['miscEnable', layout.MSR_MISC_ENABLE, 64],
  ['tscOffset', layout.TSC_OFFSET, 64],
  ['mtrrDefType', layout.MSR_MTRR_DEF_TYPE, 64],
  ...row('mtrrVariable', layout.MSR_MTRR_VARIABLE, 16),
  ...row('mtrrFixed', layout.MSR_MTRR_FIXED, 11),
  ...x87Registers(),
  ['fpuControl', layout.FPU_CONTROL, 16],
  ['fpuStatus', layout.FPU_STATUS, 16],
  ['fpuTag', layout.FPU_TAG, 8],
  ['fpuOpcode', layout.FPU_OPCODE, 11],
  ['fpuInstructionPointer', layout.FPU_INSTRUCTION_POINTER, 64],
  ['fpuDataPointer', layout.FPU_DATA_POINTER, 64],
  ['mxcsr', layout.MXCSR, 32],
  ['entropy', layout.ENTROPY, 64],
  ...xmmRegisters(),
];

/** A copy of the state. */
export function saveState(state: CpuState): ArchitecturalState {
  const segments = SEGMENT_NAMES.map((name, index) => {
    const { selector, base, limit, attributes } = state.segments[index] as CpuState['segments'][number];
    return [name, { selector, base, limit, attributes }] as const;
  });
  return {
    gprs: Array.from({ length: 16 }, (_, index) => state.gpr(index)),
    rip: state.rip,
    rflags: state.rflags,
    cpl: state.cpl,
    activity: ACTIVITIES[state.field(layout.ACTIVITY)] ?? 'shutdown',
    interruptShadow: SHADOWS[state.field(layout.INTERRUPT_SHADOW)] ?? 'none',
    segments: Object.fromEntries(segments) as ArchitecturalState['segments'],
    registers: Object.fromEntries(
      STATE_REGISTERS.map(([name, offset, width]) => [
        name,
        width === 64 ? state.wideField(offset) : BigInt(state.field(offset)),
      ]),
    ),
  };
}

/** Makes a state what {@link saveState} saw; what the engine derives from it is stale afterwards. */
export function loadState(state: CpuState, saved: ArchitecturalState): void {
  saved.gprs.forEach((value, index) => {
    state.setGpr(index, value);
  });
  state.rip = saved.rip;
  state.rflags = saved.rflags;
  state.cpl = saved.cpl;
  state.setField(layout.ACTIVITY, ACTIVITIES.indexOf(saved.activity));
  state.setField(layout.INTERRUPT_SHADOW, SHADOWS.indexOf(saved.interruptShadow));
  for (const [index, name] of SEGMENT_NAMES.entries()) {
    const { selector, base, limit, attributes } = saved.segments[name];
    state.segments[index]?.load(selector, base, limit, attributes);
  }
  for (const [name, offset, width] of STATE_REGISTERS) {
    const value = saved.registers[name] as bigint;
    if (width === 64) state.setWideField(offset, value);
    else state.setField(offset, Number(value));
  }
}

/**
 * Throws unless `data` has the form of a state, and one in which a processor can be.
 *
 * @throws {CpuStateError}
 */
export function checkState(data: unknown): asserts data is ArchitecturalState {
  if (!isRecord(data)) return refuse('state', 'expected a record');
  const { gprs, segments, registers } = data;
  if (!Array.isArray(gprs) || gprs.length !== 16) return refuse('gprs', 'expected 16 registers');
  for (const [index, value] of gprs.entries()) checkWide(value, `gprs.${index}`, 64);
  checkWide(data.rip, 'rip', 64);
  const rflags = checkNumber(data.rflags, 'rflags', 32);
  if ((rflags & ~(FLAGS_DEFINED | FLAG_RESERVED_1)) !== 0 || (rflags & FLAG_RESERVED_1) === 0) {
    refuse('rflags', 'expected bit 1 set, and no bit that is reserved');
  }
  const cpl = checkNumber(data.cpl, 'cpl', 2);
  if (!ACTIVITIES.some((name) => name === data.activity))
    refuse('activity', `expected one of ${ACTIVITIES.join(', ')}`);
  if (!SHADOWS.some((name) => name === data.interruptShadow)) {
    refuse('interruptShadow', `expected one of ${SHADOWS.join(', ')}`);
  }
  if (!isRecord(segments)) return refuse('segments', 'expected a record');
  for (const name of SEGMENT_NAMES) {
    const segment = segments[name];
    if (!isRecord(segment)) return refuse(`segments.${name}`, 'expected a record');
    checkNumber(segment.selector, `segments.${name}.selector`, 16);
    checkWide(segment.base, `segments.${name}.base`, 64);
    checkNumber(segment.limit, `segments.${name}.limit`, 32);
    checkNumber(segment.attributes, `segments.${name}.attributes`, 16);
  }
  if (!isRecord(registers)) return refuse('registers', 'expected a record');
  for (const [name, , width] of STATE_REGISTERS) checkWide(registers[name], `registers.${name}`, width);
  checkModes(registers as Record<string, bigint>, rflags, cpl);
}

/** @source SDM Vol. 3A "Control Registers", "Extended Feature Enable Register": what a processor never lets happen */
function checkModes(registers: Readonly<Record<string, bigint>>, rflags: number, cpl: number): void {
  const has = (name: string, bit: number): boolean => ((registers[name] as bigint) & BigInt(bit)) !== 0n;
  const isPaged = has('cr0', CR0_PG);
  const isProtected = has('cr0', CR0_PE);
  if (isPaged && !isProtected) refuse('registers.cr0', 'expected PE with PG');
  if (has('efer', EFER_LMA) !== (has('efer', EFER_LME) && isPaged))
    refuse('registers.efer', 'expected LMA = LME and PG');
  if (has('efer', EFER_LMA) && !has('cr4', CR4_PAE)) refuse('registers.cr4', 'expected PAE in long mode');
  const isVirtual8086 = (rflags & FLAG_VM) !== 0;
  if (isVirtual8086 && (!isProtected || has('efer', EFER_LMA))) refuse('rflags', 'expected VM in protected mode alone');
  if (isProtected ? isVirtual8086 && cpl !== 3 : cpl !== 0) refuse('cpl', 'expected 0 in real mode, 3 with VM');
}

function checkWide(value: unknown, subject: string, width: number): void {
  if (typeof value !== 'bigint' || BigInt.asUintN(width, value) !== value) {
    refuse(subject, `expected an unsigned bigint of ${width} bits`);
  }
}
function checkNumber(value: unknown, subject: string, width: number): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= 2 ** width) {
    refuse(subject, `expected an unsigned number of ${width} bits`);
  }
  return value as number;
}
function refuse(subject: string, detail: string): never {
  throw new CpuStateError(subject, detail);
}
const isRecord = (value: unknown): value is Record<string, unknown> => {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
};
