import type { CodeSize } from './base-state.ts';
import type { Lanes } from './values.ts';

/** A row of the opcode tables, in the notation of SDM Vol. 2D Appendix A. Numbers that the row leaves open are absent. */
export interface VectorRow {
  readonly map: 'one-byte' | '0f' | '0f38' | '0f3a';
  readonly opcode: number;
  readonly prefix?: 'none' | 0x66 | 0xf3 | 0xf2;
  readonly reg?: number;
  readonly rm?: number;
  readonly mod?: 'memory' | 'register';
  readonly rexW?: 0 | 1;
  readonly rexB?: 0 | 1;
  readonly mnemonic: string;
  readonly operands: string;
}

/** The cases of one row in one code size. */
export interface VectorGroup {
  readonly row: VectorRow;
  readonly vectors: Lanes | 'none';
  readonly count: number;
  /** Bytes that the group takes of each stream. */
  readonly lengths: readonly number[];
}

/** The processor that recorded a file. */
export interface RecordedProcessor {
  readonly vendor: string;
  readonly name: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  /** What CPUID returned: leaf, subleaf, EAX, EBX, ECX, EDX in hexadecimal. */
  readonly cpuid: readonly (readonly [string, string, string, string, string, string])[];
}

/** The first line of a file. */
export interface VectorHeader {
  readonly format: 1;
  readonly processor: RecordedProcessor;
  readonly codeSize: CodeSize;
  /** Of the starting states: case `n` of the file has the seed `seedOfCase(seed, n)`. */
  readonly seed: number;
  /** Of the contents of the data pages: see `dataPattern`. */
  readonly dataSeed: number;
  readonly groups: readonly VectorGroup[];
}

/** Bytes at an offset in the data pages. */
export interface MemoryPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The exception that an instruction raised. */
export interface VectorException {
  readonly vector: number;
  /** 0 where the vector has none. */
  readonly errorCode: number;
  /** Of page faults; else 0. */
  readonly cr2: bigint;
}

/** What the manuals leave undefined after a case. */
export interface UndefinedParts {
  /** Bits of RFLAGS. */
  readonly flags: number;
  /** Bits of the x87 status word. */
  readonly fsw: number;
  /** Numbers in `FIELDS`. */
  readonly fields: readonly number[];
  /** General registers of which bits 63:32 are. */
  readonly upperHalves: readonly number[];
  /** CR2: which byte of a large operand faults first. */
  readonly cr2: boolean;
  /** Bytes of the data pages. */
  readonly memory: readonly { readonly offset: number; readonly sizeBytes: number }[];
}

/** One instruction that ran. */
export interface VectorCase {
  /** Number in the file. */
  readonly number: number;
  readonly code: Uint8Array;
  /** Where the code is in the code pages. */
  readonly place: number;
  /** State before and after: `STATE_SIZE_BYTES`, see `STATE`. Before, RIP is an offset in CS. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** What the data pages have instead of their pattern before. */
  readonly patches: readonly MemoryPiece[];
  /** What the instruction changed in the data pages. */
  readonly changes: readonly MemoryPiece[];
  /** Absent where the instruction completed: then the next one, INT3, came. */
  readonly exception: VectorException | undefined;
  readonly undefinedParts: UndefinedParts;
}
