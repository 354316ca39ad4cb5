/** Which opcode map a row stands in (SDM Vol. 2D Appendix A). */
export type OpcodeMap = 'one-byte' | '0f' | '0f38' | '0f3a';

/**
 * One row of the opcode tables: one encoding, in the notation of SDM Vol. 2 Appendix A. Data only: a row names its
 * semantics by key and imports nothing. Where two rows of one opcode both match, the one with the explicit `prefix` wins.
 */
export interface Encoding<Semantics extends string = string> {
  readonly map: OpcodeMap;
  readonly opcode: number;
  /** Mandatory prefix; absent where 66, F3 and F2 keep their ordinary meaning. F3 and F2 take precedence over 66. */
  readonly prefix?: 'none' | 0x66 | 0xf3 | 0xf2;
  /** ModR/M.reg that selects the row in a group. */
  readonly reg?: number;
  /** ModR/M.rm that selects the row (with mod = 3), as for `0F 01 /0 C1`. */
  readonly rm?: number;
  /** Restricts ModR/M.mod: memory forms only or register forms only. */
  readonly mod?: 'memory' | 'register';
  /** Restricts REX.W (0 outside 64-bit mode), as for `CMPXCHG8B` and `CMPXCHG16B`. */
  readonly rexW?: 0 | 1;
  /** Restricts REX.B (0 outside 64-bit mode): opcode 90 is `NOP` or `XCHG r8, rAX`. */
  readonly rexB?: 0 | 1;
  /**
   * As the manual prints it. Names that follow the operand size stand for 16, 32 and 64 bits with a slash between them
   * (`CBW/CWDE/CDQE`); the last one also serves for the larger sizes.
   */
  readonly mnemonic: string;
  /** The names in `mnemonic` follow the address size instead (`JCXZ/JECXZ/JRCXZ`). */
  readonly namedByAddressSize?: true;
  /** Operand codes, comma-separated: `Ev,Gv`. Empty for none. `decode/operand-code.ts` defines every code in use. */
  readonly operands: string;
  /** Key into the semantics table. */
  readonly semantics: Semantics;
  /** May take LOCK when its destination is memory. */
  readonly lockable?: true;
  /** 64-bit mode: the operand size defaults to 64 (a 66 prefix still gives 16). */
  readonly default64?: true;
  /** 64-bit mode: the operand size is 64 whatever the prefixes (near branches). */
  readonly force64?: true;
  /** Valid in 64-bit mode only. */
  readonly only64?: true;
  /** Invalid in 64-bit mode. */
  readonly invalid64?: true;
}
