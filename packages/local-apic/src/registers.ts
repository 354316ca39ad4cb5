/**
 * Numbers and bits of the registers. A register is 16 bytes from the next in memory; its MSR is 800H plus its number.
 *
 * @source SDM Vol. 3A "Local APIC Register Address Map", "x2APIC Register Address Space"
 */
export const ID = 0x02;
export const VERSION = 0x03;
export const TASK_PRIORITY = 0x08;
export const ARBITRATION_PRIORITY = 0x09;
export const PROCESSOR_PRIORITY = 0x0a;
export const END_OF_INTERRUPT = 0x0b;
export const REMOTE_READ = 0x0c;
export const LOGICAL_DESTINATION = 0x0d;
export const DESTINATION_FORMAT = 0x0e;
export const SPURIOUS_VECTOR = 0x0f;
/** The first of eight, as of the next two. */
export const IN_SERVICE = 0x10;
export const TRIGGER_MODE = 0x18;
export const INTERRUPT_REQUEST = 0x20;
export const ERROR_STATUS = 0x28;
export const INTERRUPT_COMMAND = 0x30;
export const INTERRUPT_COMMAND_HIGH = 0x31;
export const LVT_TIMER = 0x32;
export const LVT_THERMAL = 0x33;
export const LVT_PERFORMANCE = 0x34;
export const LVT_LINT0 = 0x35;
export const LVT_LINT1 = 0x36;
export const LVT_ERROR = 0x37;
export const INITIAL_COUNT = 0x38;
export const CURRENT_COUNT = 0x39;
export const DIVIDE_CONFIGURATION = 0x3e;
export const SELF_IPI = 0x3f;

/** MSRs. */
export const IA32_APIC_BASE = 0x1b;
export const IA32_TSC_DEADLINE = 0x6e0;
export const X2APIC_FIRST = 0x800;
export const X2APIC_LAST = 0xbff;

/** IA32_APIC_BASE. */
export const APIC_BASE_BSP: number = 1 << 8;
export const APIC_BASE_EXTD: number = 1 << 10;
export const APIC_BASE_EN: number = 1 << 11;

/** An integrated APIC (14h) with six entries of the local vector table, which cannot suppress the broadcast of EOIs. */
export const VERSION_VALUE = 0x0005_0014;

export const SPURIOUS_ENABLE: number = 1 << 8;
export const SPURIOUS_MASK = 0x3ff; // vector, software enable, focus processor checking

/** Delivery modes. */
export const FIXED = 0;
export const LOWEST_PRIORITY = 1;
export const NMI = 4;
export const EXT_INT = 7;

/** Entries of the local vector table. */
export const LVT_POLARITY: number = 1 << 13;
export const LVT_REMOTE_IRR: number = 1 << 14;
export const LVT_LEVEL: number = 1 << 15;
export const LVT_MASKED: number = 1 << 16;
export const LVT_PERIODIC: number = 1 << 17;
export const LVT_TSC_DEADLINE: number = 1 << 18;
/** Bits that can be written, by entry from the timer's on. */
export const LVT_WRITABLE: readonly number[] = [0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff];
/** Delivery status, which reads as 0: nothing waits. */
export const LVT_STATUS: number = 1 << 12;

/** The interrupt command register. */
export const COMMAND_LOGICAL: number = 1 << 11;
export const COMMAND_SHORTHAND_SHIFT = 18;
export const COMMAND_MASK = 0x000c_cfff;
export const TO_DESTINATION = 0;
export const TO_SELF = 1;
export const TO_ALL = 2;

/** The error status register. */
export const ERROR_SEND_ILLEGAL_VECTOR: number = 1 << 5;
export const ERROR_RECEIVE_ILLEGAL_VECTOR: number = 1 << 6;
export const ERROR_ILLEGAL_REGISTER: number = 1 << 7;

/** Vectors below are the processor's. */
export const FIRST_LEGAL_VECTOR = 16;
