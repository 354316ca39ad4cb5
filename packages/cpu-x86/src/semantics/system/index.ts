import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import { FXRSTOR, FXSAVE } from '../extended-state/fxsave.ts';
import { XGETBV, XSETBV } from '../extended-state/xcr.ts';
import { XRSTOR, XRSTORS, XSAVE, XSAVEC, XSAVEOPT, XSAVES } from '../extended-state/xsave.ts';
import { REFUSE_MISALIGNED } from '../simd/twins/twin.ts';
import { X87_SEMANTICS, type X87SemanticsKey } from '../x87/index.ts';
import type { SystemOperation } from './context.ts';
import { CLTS, LMSW, MOV_FROM_CONTROL, MOV_TO_CONTROL, SMSW } from './control-register.ts';
import { CPUID } from './cpuid.ts';
import { MOV_FROM_DEBUG, MOV_TO_DEBUG } from './debug-register.ts';
import { LGDT, LIDT, LLDT, LTR, SGDT, SIDT, SLDT, STR } from './descriptor-table.ts';
import { ENTER } from './enter.ts';
import { CALL_FAR } from './far-call.ts';
import { JMP_FAR } from './far-jump.ts';
import { RET_FAR } from './far-return.ts';
import { REFUSE_SWAPGS, REFUSE_SYSCALL, REFUSE_SYSRET, SYSENTER, SYSEXIT } from './fast-system-call.ts';
import { CLAC, CLI_ABOVE_IOPL, POPF_ABOVE_IOPL, PUSHF_ABOVE_IOPL, STAC, STI_ABOVE_IOPL } from './flags.ts';
import { IRET } from './interrupt-return.ts';
import { MONITOR, MWAIT } from './monitor.ts';
import { RDMSR, WRMSR } from './msr.ts';
import { IN, INS, OUT, OUTS } from './port-io.ts';
import {
  CLFLUSH,
  CLFLUSHOPT,
  CLWB,
  FENCE,
  HLT,
  INVD,
  RDPMC,
  RDTSC,
  RDTSCP,
  RSM,
  UNDEFINED,
  WBINVD,
} from './processor-control.ts';
import { RDPKRU, WRPKRU } from './protection-key.ts';
import { PUSHA_ACROSS_PAGES } from './push-all.ts';
import { RDRAND, RDSEED } from './random-number.ts';
import { RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE } from './segment-base.ts';
import { LOAD_FAR_POINTER, MOV_FROM_SEGMENT, MOV_TO_SEGMENT, POP_SEGMENT, PUSH_SEGMENT } from './segment-register.ts';
import { ARPL, LAR, LSL, VERR, VERW } from './selector-query.ts';
import { BOUND, INT, INT1, INT3, INTO } from './software-interrupt.ts';
import { INVLPG, INVPCID } from './translation-cache.ts';

export {
  CPU_FEATURES,
  type CpuFeature,
  type CpuModel,
  cr4Mask,
  DEFAULT_CPU_MODEL,
  eferMask,
  featureWord,
} from './cpu-model.ts';
export { type CpuidResult, cpuid } from './cpuid.ts';
export { DR6_FIXED, DR7_FIXED } from './debug-register.ts';
export { deliverEvent, type ExceptionEvent } from './event.ts';
export {
  type EventFate,
  type EventKind,
  type ExceptionEntry,
  ExceptionLog,
  type InterruptedDelivery,
} from './exception-log.ts';
export { describeChain, describeException, exceptionName, exceptionTitle } from './exception-text.ts';
export { readMsr, writeMsr } from './msr.ts';
export { explainOperandFault } from './operand-fault.ts';
export type { ProcessorMode } from './processor-mode.ts';

/** The keys of `SYSTEM_SEMANTICS`. */
// biome-ignore format: a list
export type SystemSemanticsKey = X87SemanticsKey | Extract<SemanticsKey,
  | 'ARPL' | 'BOUND' | 'CALL_FAR' | 'CLAC' | 'CLFLUSH' | 'CLFLUSHOPT' | 'CLTS' | 'CLWB' | 'CPUID' | 'ENTER'
  | 'FXRSTOR' | 'FXSAVE' | 'HLT' | 'IN' | 'INS' | 'INT' | 'INT1' | 'INT3' | 'INTO' | 'INVD' | 'INVLPG' | 'INVPCID' | 'IRET'
  | 'JMP_FAR' | 'LAR' | 'LFENCE' | 'LGDT' | 'LIDT' | 'LLDT' | 'LMSW' | 'LOAD_FAR_POINTER' | 'LSL' | 'LTR' | 'MFENCE'
  | 'MONITOR' | 'MWAIT' | 'MOV_FROM_CONTROL' | 'MOV_FROM_DEBUG' | 'MOV_FROM_SEGMENT' | 'MOV_TO_CONTROL' | 'MOV_TO_DEBUG' | 'MOV_TO_SEGMENT'
  | 'OUT' | 'OUTS' | 'POP_SEGMENT' | 'PUSH_SEGMENT' | 'RDFSBASE' | 'RDGSBASE'
  | 'RDMSR' | 'RDPKRU' | 'RDPMC' | 'RDRAND' | 'RDSEED' | 'RDTSC' | 'RDTSCP' | 'RET_FAR' | 'RSM' | 'SFENCE' | 'SGDT' | 'SIDT' | 'SLDT' | 'SMSW' | 'STAC'
  | 'STR' | 'SYSENTER' | 'SYSEXIT' | 'UD0' | 'UD1' | 'UD2' | 'VERR'
  | 'VERW' | 'WBINVD' | 'WRFSBASE' | 'WRGSBASE' | 'WRMSR' | 'WRPKRU' | 'XGETBV' | 'XRSTOR' | 'XRSTORS' | 'XSAVE' | 'XSAVEC'
  | 'XSAVEOPT' | 'XSAVES' | 'XSETBV'
>;

/** The system operations by the key that rows of the opcode tables name them with. */
export const SYSTEM_SEMANTICS: { readonly [key in SystemSemanticsKey]: SystemOperation } = {
  ARPL,
  BOUND,
  CALL_FAR,
  CLAC,
  CLFLUSH,
  CLFLUSHOPT,
  CLTS,
  CLWB,
  CPUID,
  ENTER,
  FXRSTOR,
  FXSAVE,
  HLT,
  IN,
  INS,
  INT,
  INT1,
  INT3,
  INTO,
  INVD,
  INVLPG,
  INVPCID,
  IRET,
  JMP_FAR,
  LAR,
  LFENCE: FENCE,
  LGDT,
  LIDT,
  LLDT,
  LMSW,
  LOAD_FAR_POINTER,
  LSL,
  LTR,
  MFENCE: FENCE,
  MONITOR,
  MOV_FROM_CONTROL,
  MOV_FROM_DEBUG,
  MOV_FROM_SEGMENT,
  MOV_TO_CONTROL,
  MOV_TO_DEBUG,
  MOV_TO_SEGMENT,
  MWAIT,
  OUT,
  OUTS,
  POP_SEGMENT,
  PUSH_SEGMENT,
  RDFSBASE,
  RDGSBASE,
  RDMSR,
  RDPKRU,
  RDPMC,
  RDRAND,
  RDSEED,
  RDTSC,
  RDTSCP,
  RET_FAR,
  RSM,
  SFENCE: FENCE,
  SGDT,
  SIDT,
  SLDT,
  SMSW,
  STAC,
  STR,
  SYSENTER,
  SYSEXIT,
  UD0: UNDEFINED,
  UD1: UNDEFINED,
  UD2: UNDEFINED,
  VERR,
  VERW,
  WBINVD,
  WRFSBASE,
  WRGSBASE,
  WRMSR,
  WRPKRU,
  XGETBV,
  XRSTOR,
  XRSTORS,
  XSAVE,
  XSAVEC,
  XSAVEOPT,
  XSAVES,
  XSETBV,
  ...X87_SEMANTICS,
};

/**
 * What becomes of instructions that are written over the emitter where they are not allowed as they are: an exception, or,
 * with virtual interrupts, something else. And of a PUSHA that may reach into another page.
 */
export const REFUSALS: Readonly<Partial<Record<SemanticsKey, SystemOperation>>> = {
  CLI: CLI_ABOVE_IOPL,
  CMPXCHG16B: REFUSE_MISALIGNED,
  POPF: POPF_ABOVE_IOPL,
  PUSHA: PUSHA_ACROSS_PAGES,
  PUSHF: PUSHF_ABOVE_IOPL,
  STI: STI_ABOVE_IOPL,
  SWAPGS: REFUSE_SWAPGS,
  SYSCALL: REFUSE_SYSCALL,
  SYSRET: REFUSE_SYSRET,
};
