/** A PC in one object, and what boots on it. */

export { CPU_MODELS, type CpuModelName } from '@longmode/cpu-x86';
export { type KeyEvent, type KeyName, keysForText } from '@longmode/kbc-8042';
export { type CodePlace, type CodePlaces, describePlace, placesInKernel, placesOnDisk } from './code-places.ts';
export { type PcConfig, type PcEvents, RAM_SIZE_DEFAULT_BYTES } from './config.ts';
export {
  DISK_CLUSTER_SIZE_BYTES,
  ImageDisk,
  type ImageSource,
  OverlayDisk,
  type OverlayDiskOptions,
  type OverlayDiskState,
  sourceOfBytes,
  type WritableImage,
} from './disk.ts';
export { explainOutcome, standsAt } from './explain.ts';
export { explainInterrupts } from './explain-interrupts.ts';
export type { FirmwareImage } from './firmware-rom.ts';
export {
  type BootMethod,
  type DriveKind,
  type ImagePlan,
  KERNEL_SIZE_MAX_BYTES,
  type LoadOptions,
  loadImage,
  planFirmware,
  planImage,
  RAM_SIZE_MAX_BYTES,
  RAM_SIZE_MIN_BYTES,
  restartImage,
  startImage,
} from './load.ts';
export type { Outcome, OutcomeKind } from './outcome.ts';
export { Pc } from './pc.ts';
export { debugExitCode } from './ports/debug-exit.ts';
export {
  exitCodeOf,
  makeReport,
  OUTCOME_EXIT_CODES,
  type Report,
  type ReportContext,
  type ReportedException,
  readRegisters,
} from './report.ts';
export { SerialLog } from './serial-log.ts';
export { type MemoryRun, PC_STATE_VERSION, type PcState, type SavableDisk } from './snapshot.ts';
export { hashMachine, hashMemory, hashProcessor, StateHash } from './state-hash.ts';
export { parseKeys, unescapeText } from './typing/parse-keys.ts';
export type { GuestReadiness } from './typing/readiness.ts';
export { describeStep, TypingError, type TypingErrorCode, type TypingStep } from './typing/step.ts';
export { Typist, type TypistDependencies } from './typing/typist.ts';
export type { TypistState } from './typing/typist-state.ts';
export type { WakeSource } from './wake.ts';
