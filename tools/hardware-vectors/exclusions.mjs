// Rows that no user process can record, and why. All others are in the corpus, in each code size in which they exist.
const ENTERS_KERNEL = 'enters the operating system, which does not return the state';
const ANSWERED_BY_KERNEL = 'with CR4.UMIP the operating system answers in the place of the processor';

export const EXCLUDED_ROWS = {
  SYSCALL: ENTERS_KERNEL,
  SYSENTER: ENTERS_KERNEL,
  SGDT: ANSWERED_BY_KERNEL,
  SIDT: ANSWERED_BY_KERNEL,
  SLDT: ANSWERED_BY_KERNEL,
  STR: ANSWERED_BY_KERNEL,
  SMSW: ANSWERED_BY_KERNEL,
};
