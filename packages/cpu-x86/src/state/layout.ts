/**
 * The one table of CPU state: every architectural and engine field, its offset from the CPU's base address in the
 * memory, its size and its SDM name. Generated code and TypeScript both address state through it, and nothing else
 * knows an offset. All of it fits one page, so that a base constant per CPU addresses everything.
 */

/** Bytes that one CPU's state takes. */
export const STATE_SIZE_BYTES = 4096;

/** General registers, 16 of 8 bytes, in encoding order (RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8..R15). */
export const GPR = 0x000;
/** Eight bytes that are always zero: the register slot of an absent base or index. */
export const ZERO = 0x080;
/** RIP of the next instruction to execute (u64); exact whenever TypeScript looks at it. */
export const RIP = 0x088;
/** Arithmetic flags in lazy form, see `flags.ts`: kind (u32), x (u64), y (u64). */
export const FLAGS_KIND = 0x090;
export const FLAGS_X = 0x098;
export const FLAGS_Y = 0x0a0;
/** RFLAGS without the six arithmetic flags (u32): TF, IF, DF, IOPL, NT, RF, VM, AC, VIF, VIP, ID. */
export const SYSTEM_FLAGS = 0x0a8;
/** Current privilege level (u32). */
export const CPL = 0x0ac;
/** Decode key of the current code, see `mode.ts` (u32). */
export const MODE = 0x0b0;
/** What the instruction before holds back at this boundary (u32): nothing, or `SHADOW_*`. */
export const INTERRUPT_SHADOW = 0x0b4;
/** Activity state (u32): `ACTIVITY_*`. */
export const ACTIVITY = 0x0b8;
/** Not 0 while a single-step trap is due that the instruction itself has asked for by setting TF: SYSRET (u32). */
export const STEP_PENDING = 0x0bc;

/**
 * Segment registers: 8 records of 32 bytes in the order ES, CS, SS, DS, FS, GS, LDTR, TR.
 * `low` and `high` are the first and last valid offset (expand-down resolved; low > high when unusable).
 */
export const SEGMENTS = 0x100;
export const SEGMENT_SIZE_BYTES = 32;
export const SEGMENT_BASE = 0;
export const SEGMENT_LOW = 8;
export const SEGMENT_HIGH = 12;
export const SEGMENT_SELECTOR = 16;
/** Descriptor bits 40..55 (type, S, DPL, P, limit 19:16 as zero, AVL, L, D/B, G) in bits 0..15. */
export const SEGMENT_ATTRIBUTES = 20;
/** Limit in bytes, granularity applied. */
export const SEGMENT_LIMIT = 24;
/** Bit 0 readable, bit 1 writable, as data accesses through this register see it. */
export const SEGMENT_RIGHTS = 28;
export const LDTR_INDEX = 6;
export const TR_INDEX = 7;

/** Control registers (u32 each but CR2 and CR3). */
export const CR0 = 0x200;
export const CR4 = 0x204;
export const CR2 = 0x208;
export const CR3 = 0x210;
export const CR8 = 0x218;
/** Extended control register 0 (u32; XSAVE state components). */
export const XCR0 = 0x21c;
/** Descriptor-table registers: base u64, limit u32. */
export const GDTR_BASE = 0x220;
export const GDTR_LIMIT = 0x228;
export const IDTR_BASE = 0x230;
export const IDTR_LIMIT = 0x238;
/** What became of MONITOR (u32): `MONITOR_*`. */
export const MONITOR = 0x22c;
/** Rights of the protection keys of user pages (u32). */
export const PKRU = 0x23c;
/** DR0..DR3, DR6, DR7 as u64 at `DR + 8 * n` (n = 4 and 5 unused). */
export const DR = 0x240;
/** Page-directory-pointer-table entries of PAE paging: 4 of 8 bytes. */
export const PDPTES = 0x280;

/** Model-specific registers (u64 each). */
export const MSR_EFER = 0x2c0;
export const MSR_STAR = 0x2c8;
export const MSR_LSTAR = 0x2d0;
export const MSR_CSTAR = 0x2d8;
export const MSR_FMASK = 0x2e0;
export const MSR_KERNEL_GS_BASE = 0x2e8;
export const MSR_TSC_AUX = 0x2f0;
export const MSR_SYSENTER_CS = 0x2f8;
export const MSR_SYSENTER_ESP = 0x300;
export const MSR_SYSENTER_EIP = 0x308;
export const MSR_APIC_BASE = 0x310;
export const MSR_PAT = 0x318;
export const MSR_MISC_ENABLE = 0x320;
/** Added to virtual time to give the time-stamp counter (u64). */
export const TSC_OFFSET = 0x328;
export const MSR_MTRR_DEF_TYPE = 0x330;
export const MSR_MCG_STATUS = 0x338;
/** MTRR PHYSBASE/PHYSMASK pairs (8 of 16 bytes), then the 11 fixed-range registers. */
export const MSR_MTRR_VARIABLE = 0x340;
export const MSR_MTRR_FIXED = 0x3c0;

/**
 * x87 data registers R0 to R7, which are MM0 to MM7 too: 8 records of 16 bytes. Physical numbers: ST(i) is the register
 * (TOP + i) & 7. The significand (u64), then sign and exponent (bits 15 and 14..0 of a u32).
 */
export const FPR = 0x600;
export const FPR_SIZE_BYTES = 16;
export const FPR_SIGNIFICAND = 0;
export const FPR_EXPONENT = 8;
/** Sign and exponent of an x87 register that was written as an MMX register. */
export const MMX_EXPONENT = 0xffff;
/** x87 control word, and status word with TOP (u32 each, 16 bits in use). */
export const FPU_CONTROL = 0x680;
export const FPU_STATUS = 0x684;
/** x87 tags as FXSAVE has them (u32, 8 bits in use): bit i is set where Ri is not empty. */
export const FPU_TAG = 0x688;
/** Opcode, instruction and data pointer of the last x87 instruction, as FNSTENV shows them (u32, u64, u64). */
export const FPU_OPCODE = 0x68c;
export const FPU_INSTRUCTION_POINTER = 0x690;
export const FPU_DATA_POINTER = 0x698;

/** SSE control and status (u32). */
export const MXCSR = 0x6a0;
/** Where the sequence of random numbers has come to (u64). */
export const ENTROPY = 0x6a8;
/** XMM0 to XMM15: 16 registers of 16 bytes. */
export const XMM = 0x700;
export const XMM_SIZE_BYTES = 16;

/** Engine: instructions that may still run before `run` returns (i32); exact up to the start of the current block. */
export const BUDGET = 0x500;
/** Engine: address of the read TLB table for the current privilege (i32); the write table follows it. */
export const TLB_READ = 0x504;
/** Engine: RIP of offset 0 of the page that is executing (u64): RIP = RIP_BASE + the record's page offset. */
export const RIP_BASE = 0x508;
/** Engine: what is added to RIP to give a linear address (u64): the base of CS, or 0 in 64-bit mode. */
export const CODE_BASE = 0x528;
/** Engine: tag of valid jump-cache entries: generation, privilege and mode (i32). */
export const JUMP_TAG = 0x510;
/** The bit of `JUMP_TAG` for CPL 3, above those of the mode. */
export const JUMP_TAG_USER: number = 1 << 4;
/** Engine: the record that executes whenever TypeScript is called (i32). */
export const RECORD = 0x514;
/** Engine: 64 less the width of linear addresses (u32): how far to shift to test for canonical form. */
export const CANONICAL_SHIFT = 0x518;
/** Engine: exception left by a failed access: vector (u32) and error code (i32, -1 for none). */
export const FAULT_VECTOR = 0x51c;
export const FAULT_ERROR_CODE = 0x520;
/** Engine: 1 while the interrupt request pin (INTR) is high (u32). */
export const INTERRUPT_REQUEST = 0x524;
/** Engine: bounce buffer for accesses that no host page serves (device memory, page crossings): 16 bytes. */
export const BOUNCE = 0x530;

/** Engine: whether the control registers withhold SSE, so that its instructions fault (u32, 0 or 1). */
export const SSE_UNAVAILABLE = 0x540;
/** Engine: why an instruction is left to TypeScript (u32): `ASSIST_*`; and its source operand, if it has been read. */
export const ASSIST_REASON = 0x544;
export const ASSIST_SOURCE = 0x550;

/** Engine: `INTERRUPT_SHADOW` as it was before the instruction that executes, which runs alone if it was not 0 (u32). */
export const SHADOW_BEFORE = 0x54c;
/** Engine: not 0 when the slice has ended between two iterations of a repeated string instruction (u32). */
export const REPEAT_UNFINISHED = 0x548;

/** `ASSIST_REASON`: the control registers withhold the instruction. */
export const ASSIST_UNAVAILABLE = 1;
/** The memory operand does not lie at a multiple of its size. */
export const ASSIST_MISALIGNED = 2;
/** A case that is not worth emitting. */
export const ASSIST_COMPUTE = 3;

/** `FAULT_VECTOR` when there is none. */
export const NO_FAULT = 0xffffffff;

/** `ACTIVITY` values. @source SDM Vol. 3C "Guest Non-Register State" (activity states, the same names) */
export const ACTIVITY_ACTIVE = 0;
export const ACTIVITY_HALTED = 1;
export const ACTIVITY_SHUTDOWN = 2;

/** `INTERRUPT_SHADOW` values: STI holds interrupts back; MOV SS and POP SS hold debug exceptions back as well. */
export const SHADOW_STI = 1;
export const SHADOW_STACK = 2;

/** `MONITOR` values: nothing, or something has happened since; it is armed; MWAIT waits, and an interrupt ends it whatever IF is. */
export const MONITOR_NONE = 0;
export const MONITOR_ARMED = 1;
export const MONITOR_WAITING = 2;
