/** An x86-64 processor. The decoder alone is `@longmode/cpu-x86/decode`. */
export { Cpu, type CpuOptions, type Engine, type StopReason } from './cpu.ts';
export { CS, DS, ES, FS, GS, SS } from './decode/instruction.ts';
export {
  type ByteDifference,
  type CpuDivergence,
  EngineDivergenceError,
  type ExecutedInstruction,
  type FieldDifference,
} from './engine/check/divergence.ts';
export type { CheckStatistics } from './engine/check/unit-checker.ts';
export type { GuestMemory, RegionKind } from './engine/guest-memory.ts';
export type { JitOptions, JitStatistics } from './engine/jit/jit.ts';
export type { ExitReason, UnitProfile } from './engine/jit/profile.ts';
export type { AccessWidth, CoprocessorErrorPins, InterruptSource, LocalApic, MemoryIo, PortIo } from './host.ts';
export {
  type CpuFeature,
  type CpuModel,
  DEFAULT_CPU_MODEL,
  type FeatureRegister,
  featureWord,
  signatureOf,
} from './semantics/system/cpu-model.ts';
export { CPU_MODELS, type CpuModelName } from './semantics/system/cpu-models.ts';
export {
  describeChain,
  describeException,
  type ExceptionEntry,
  type ExceptionLog,
  exceptionName,
  exceptionTitle,
} from './semantics/system/index.ts';
export {
  type ArchitecturalState,
  CpuStateError,
  type SegmentName,
  type SegmentState,
} from './state/architectural-state.ts';
export type { CpuState } from './state/cpu-state.ts';
export { FIELD } from './state/field.ts';
export type { SegmentRegister } from './state/segment-register.ts';
export { type CpuSnapshot, checkSnapshot } from './state/snapshot.ts';
