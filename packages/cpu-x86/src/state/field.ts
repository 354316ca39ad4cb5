import {
  ACTIVITY,
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  CR8,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MONITOR,
  MSR_EFER,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_STAR,
} from './layout.ts';

/** Fields of the state that embedders address by name: with `CpuState.field` and, where marked (64), `wideField`. */
export const FIELD: Readonly<{
  ACTIVITY: number;
  CPL: number;
  CR0: number;
  /** (64) */
  CR2: number;
  /** (64) */
  CR3: number;
  CR4: number;
  CR8: number;
  /** (64) */
  GDTR_BASE: number;
  GDTR_LIMIT: number;
  /** (64) */
  IDTR_BASE: number;
  IDTR_LIMIT: number;
  /** 2 while MWAIT waits and an interrupt request ends it whatever IF is. */
  MONITOR: number;
  /** (64) */
  MSR_EFER: number;
  /** (64) */
  MSR_FMASK: number;
  /** (64) */
  MSR_KERNEL_GS_BASE: number;
  /** (64) */
  MSR_LSTAR: number;
  /** (64) */
  MSR_STAR: number;
}> = {
  ACTIVITY,
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  CR8,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MONITOR,
  MSR_EFER,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_STAR,
};
