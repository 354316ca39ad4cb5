import type { SemanticsKey } from '../opcodes/semantics-key.ts';
import {
  ADC,
  ADD,
  CMP,
  CMPXCHG,
  DEC,
  DIV,
  IDIV,
  IMUL,
  IMUL_WIDE,
  INC,
  MUL,
  NEG,
  SBB,
  SUB,
  XADD,
} from './arithmetic.ts';
import { BSF, BSR, BSWAP, BT, BTC, BTR, BTS, POPCNT } from './bit.ts';
import { CALL, JCXZ, Jcc, JMP, LOOP, LOOPE, LOOPNE, RET } from './control-transfer.ts';
import {
  CBW,
  CMOVcc,
  CMPXCHG8B,
  CMPXCHG16B,
  CWD,
  LEA,
  MOV,
  MOVBE,
  MOVNTI,
  MOVSX,
  MOVSXD,
  MOVZX,
  NOP,
  SETcc,
  XCHG,
  XLAT,
} from './data-transfer.ts';
import { AAA, AAD, AAM, AAS, DAA, DAS } from './decimal.ts';
import { SWAPGS, SYSCALL, SYSRET } from './fast-system-call.ts';
import { CLC, CLD, CMC, LAHF, SAHF, SALC, STC, STD } from './flag-control.ts';
import { CLI, POPF, PUSHF, STI } from './flags-register.ts';
import { AND, NOT, OR, TEST, XOR } from './logic.ts';
import { RCL, RCR, ROL, ROR, SAR, SHL, SHLD, SHR, SHRD } from './shift-rotate.ts';
import { SIMD_SEMANTICS } from './simd/index.ts';
import { LEAVE, POP, POPA, PUSH, PUSHA } from './stack.ts';
import type { SemanticsFn } from './stage.ts';
import { CMPS, LODS, MOVS, SCAS, STOS } from './string.ts';
import type { SystemSemanticsKey } from './system/index.ts';

/** Keys whose meaning is written over the emitter; the others are system operations. */
export type EmittedSemanticsKey = Exclude<SemanticsKey, SystemSemanticsKey>;

/** What instructions mean. Complete by type: a row of the opcode tables without semantics does not compile. */
// biome-ignore format: a list
export const EMITTED_SEMANTICS: Readonly<Record<EmittedSemanticsKey, SemanticsFn>> = {
  AAA, AAD, AAM, AAS, ADC, ADD, AND, BSF, BSR, BSWAP, BT, BTC, BTR, BTS, CALL, CBW, CLC, CLD, CLI, CMC, CMOVcc, CMP, CMPS,
  CMPXCHG, CMPXCHG8B, CMPXCHG16B, CWD, DAA, DAS, DEC, DIV, IDIV, IMUL, IMUL_WIDE, INC, JCXZ, Jcc, JMP, LAHF, LEA, LEAVE,
  LODS, LOOP, LOOPE, LOOPNE, MOV, MOVBE, MOVNTI, MOVS, MOVSX, MOVSXD, MOVZX, MUL, NEG, NOP, NOT, OR, POP, POPA, POPCNT, POPF, PUSH,
  PUSHA, PUSHF, RCL, RCR, RET, ROL, ROR, SAHF, SALC, SAR, SBB, SCAS, SETcc, SHL, SHLD, SHR, SHRD, STC, STD, STI, STOS, SUB, SWAPGS,
  SYSCALL, SYSRET, TEST, XADD,
  XCHG, XLAT, XOR,
  ...SIMD_SEMANTICS,
};
