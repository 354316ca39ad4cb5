import { FIELD } from '@longmode/cpu-x86';
import type { Board } from './board.ts';

/** What can end a HLT. */
export type WakeSource =
  /** An alarm of one of the parts. */
  | 'time'
  /** Only a key, a byte at the serial port or the like. */
  | 'input'
  /** No interrupt that can be raised is let through. */
  | 'nothing';

const FLAG_IF = 0x200;
/** What the activity field holds in HLT. */
const ACTIVITY_HALTED = 1;
/** What the field of MONITOR holds in an MWAIT that interrupts end whether they are taken or not. */
const MONITOR_WAITING = 2;
/** The local APIC's own timer. Its alarm is pending only while it would be noticed. */
const LOCAL_TIMER = 1 << 24;
/** IRQs, and from bit 16 on inputs of the I/O APIC, that the alarms of a part can raise, by the part's name. */
const INPUTS_OF_ALARMS: Readonly<Record<string, number>> = {
  'pit-8254': 1 << 0,
  'kbc-8042': (1 << 1) | (1 << 12),
  com1: 1 << 4,
  'rtc-146818': 1 << 8,
  'floppy-82077aa': 1 << 6,
  'ata-primary': 1 << 14,
  'ata-secondary': 1 << 15,
  typist: 1 << 1,
  'acpi-pm': 1 << 9,
  'local-apic': LOCAL_TIMER,
  hpet: (1 << 0) | (1 << 8) | (0xf << 20),
  // These raise no interrupt.
  'dma-1': 0,
  'dma-2': 0,
  vga: 0,
  'system-control-b': 0,
};
/** The inputs that an alarm can raise; all of them where nobody says. */
function inputsOf(alarm: string): number {
  const part = alarm.slice(0, alarm.lastIndexOf('.'));
  return INPUTS_OF_ALARMS[part] ?? -1;
}
/** What comes from outside arrives at the keyboard controller or at COM1. */
const INPUTS_FROM_OUTSIDE = (1 << 1) | (1 << 4) | (1 << 12);

/** Whether the processor is in HLT. */
export const isWaiting = (pc: Board): boolean => pc.cpu.state.field(FIELD.ACTIVITY) === ACTIVITY_HALTED;

/** Whether the processor takes interrupts. */
export const isInterruptible = (pc: Board): boolean => (pc.cpu.state.rflags & FLAG_IF) !== 0;

/**
 * What can wake a processor that halts. Nothing but alarms happens while it does, so the masks stay as they are: an alarm
 * or an input can matter only if the line that it drives is open.
 */
export function wakeSourceOf(pc: Board): WakeSource {
  if (!isInterruptible(pc) && pc.cpu.state.field(FIELD.MONITOR) !== MONITOR_WAITING) return 'nothing';
  const open = pc.openIrqs | LOCAL_TIMER;
  if (pc.clock.isPending((alarm) => (inputsOf(alarm) & open) !== 0)) return 'time';
  return (open & INPUTS_FROM_OUTSIDE) !== 0 ? 'input' : 'nothing';
}
