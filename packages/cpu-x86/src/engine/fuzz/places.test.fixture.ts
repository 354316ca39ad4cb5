/** Where random programs and their machines keep things: below 64 KiB, so that 16-bit code reaches them. */

/** Code: four pages. */
export const CODE = 0x1000;
export const CODE_END = 0x5000;
/** Handlers of exceptions and interrupts, 16 bytes each, and what finds them. */
export const HANDLERS = 0x5000;
export const IDT = 0x6000;
export const GDT = 0x7000;
export const TSS = 0x7800;
/** Sum of the flags and error codes that handlers have found (32 bits), and the code that they share. */
export const FRAME_SUM = 0x7c00;
export const HANDLER_ENDS = 0x7c40;
/** Where SYSCALL goes. */
export const SYSTEM_CALL = 0x7cc0;
/** Two pages of data. */
export const DATA = 0x8000;
export const DATA_SIZE_BYTES = 0x2000;
/** Rounds of the program that are left, in a page of its own. */
export const COUNTER = 0xa000;
/** Shown by `TOGGLE` in turns with the page of the data behind. */
export const SPARE = 0xb000;
/** Stack of handlers (where they have one of their own), and of the program. */
export const HANDLER_STACK = 0xd000;
export const STACK = 0xf000;
/** The first 64 KiB once more; where there is paging. */
export const ALIAS = 0x40_0000;
/** Nothing; a page whose entry the program changes; a page of the data, read-only; device memory. Nothing behind each. */
export const NOT_PRESENT = 0x50_0000;
export const TOGGLE = 0x51_0000;
export const READ_ONLY = 0x52_0000;
/** Data for privilege level 0 alone. */
export const PRIVILEGED = 0x53_0000;
/** Functions of 64 bytes: one of two pages, as the program says by its entry. */
export const TOGGLE_CODE = 0x54_0000;
export const TOGGLED_PAGES: readonly [number, number] = [0x2_0000, 0x2_1000];
export const DEVICE = 0x100_0000;
/** Device memory where addresses have 16 bits. */
export const LOW_DEVICE = 0xb000;
/** The vector of external interrupts. */
export const INTERRUPT = 0x40;
/** Ports that answer, from this one on. */
export const PORT = 0xe0;
