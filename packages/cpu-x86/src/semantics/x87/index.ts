import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import type { SystemOperation } from '../system/context.ts';
import {
  FABS,
  FADD,
  FADDP,
  FCHS,
  FDIV,
  FDIVP,
  FDIVR,
  FDIVRP,
  FIADD,
  FIDIV,
  FIDIVR,
  FIMUL,
  FISUB,
  FISUBR,
  FMUL,
  FMULP,
  FPREM,
  FPREM1,
  FRNDINT,
  FSCALE,
  FSQRT,
  FSUB,
  FSUBP,
  FSUBR,
  FSUBRP,
  FXTRACT,
} from './arithmetic.ts';
import {
  FCMOVB,
  FCMOVBE,
  FCMOVE,
  FCMOVNB,
  FCMOVNBE,
  FCMOVNE,
  FCMOVNU,
  FCMOVU,
  FCOM,
  FCOMI,
  FCOMIP,
  FCOMP,
  FCOMPP,
  FICOM,
  FICOMP,
  FTST,
  FUCOM,
  FUCOMI,
  FUCOMIP,
  FUCOMP,
  FUCOMPP,
  FXAM,
} from './comparison.ts';
import {
  FLDCW,
  FLDENV,
  FNCLEX,
  FNINIT,
  FNOP_UNCHECKED,
  FNSAVE,
  FNSTCW,
  FNSTENV,
  FNSTSW,
  FRSTOR,
  FWAIT,
} from './control.ts';
import { F2XM1, FCOS, FPATAN, FPTAN, FSIN, FSINCOS, FYL2X, FYL2XP1 } from './transcendental.ts';
import {
  FBLD,
  FBSTP,
  FDECSTP,
  FFREE,
  FFREEP,
  FILD,
  FINCSTP,
  FIST,
  FISTP,
  FISTTP,
  FLD,
  FLD1,
  FLDL2E,
  FLDL2T,
  FLDLG2,
  FLDLN2,
  FLDPI,
  FLDZ,
  FNOP,
  FST,
  FSTP,
  FSTPNCE,
  FXCH,
} from './transfer.ts';

/** The keys of `X87_SEMANTICS`. */
// biome-ignore format: a list
export type X87SemanticsKey = Extract<SemanticsKey,
  | 'F2XM1' | 'FABS' | 'FADD' | 'FADDP' | 'FBLD' | 'FBSTP' | 'FCHS' | 'FCMOVB' | 'FCMOVBE' | 'FCMOVE' | 'FCMOVNB'
  | 'FCMOVNBE' | 'FCMOVNE' | 'FCMOVNU' | 'FCMOVU' | 'FCOM' | 'FCOMI' | 'FCOMIP' | 'FCOMP' | 'FCOMPP' | 'FCOS' |
  'FDECSTP' | 'FDIV' | 'FDIVP' | 'FDIVR' | 'FDIVRP' | 'FFREE' | 'FFREEP' | 'FIADD' | 'FICOM' | 'FICOMP' | 'FIDIV'
  | 'FIDIVR' | 'FILD' | 'FIMUL' | 'FINCSTP' | 'FIST' | 'FISTP' | 'FISTTP' | 'FISUB' | 'FISUBR' | 'FLD' | 'FLD1' |
  'FLDCW' | 'FLDENV' | 'FLDL2E' | 'FLDL2T' | 'FLDLG2' | 'FLDLN2' | 'FLDPI' | 'FLDZ' | 'FMUL' | 'FMULP' | 'FNCLEX'
  | 'FNINIT' | 'FNOP' | 'FNOP_UNCHECKED' | 'FNSAVE' | 'FNSTCW' | 'FNSTENV' | 'FNSTSW' | 'FPATAN' | 'FPREM' |
  'FPREM1' | 'FPTAN' | 'FRNDINT' | 'FRSTOR' | 'FSCALE' | 'FSIN' | 'FSINCOS' | 'FSQRT' | 'FST' | 'FSTP' | 'FSTPNCE' | 'FSUB' |
  'FSUBP' | 'FSUBR' | 'FSUBRP' | 'FTST' | 'FUCOM' | 'FUCOMI' | 'FUCOMIP' | 'FUCOMP' | 'FUCOMPP' | 'FWAIT' | 'FXAM'
  | 'FXCH' | 'FXTRACT' | 'FYL2X' | 'FYL2XP1'
>;

/** The x87 instructions by the key that rows of the opcode tables name them with. */
// biome-ignore format: a list
export const X87_SEMANTICS: { readonly [key in X87SemanticsKey]: SystemOperation } = {
  F2XM1, FABS, FADD, FADDP, FBLD, FBSTP, FCHS, FCMOVB, FCMOVBE, FCMOVE, FCMOVNB, FCMOVNBE, FCMOVNE, FCMOVNU,
  FCMOVU, FCOM, FCOMI, FCOMIP, FCOMP, FCOMPP, FCOS, FDECSTP, FDIV, FDIVP, FDIVR, FDIVRP, FFREE, FFREEP, FIADD,
  FICOM, FICOMP, FIDIV, FIDIVR, FILD, FIMUL, FINCSTP, FIST, FISTP, FISTTP, FISUB, FISUBR, FLD, FLD1, FLDCW,
  FLDENV, FLDL2E, FLDL2T, FLDLG2, FLDLN2, FLDPI, FLDZ, FMUL, FMULP, FNCLEX, FNINIT, FNOP, FNOP_UNCHECKED, FNSAVE,
  FNSTCW, FNSTENV, FNSTSW, FPATAN, FPREM, FPREM1, FPTAN, FRNDINT, FRSTOR, FSCALE, FSIN, FSINCOS, FSQRT, FST, FSTP, FSTPNCE,
  FSUB, FSUBP, FSUBR, FSUBRP, FTST, FUCOM, FUCOMI, FUCOMIP, FUCOMP, FUCOMPP, FWAIT, FXAM, FXCH, FXTRACT, FYL2X,
  FYL2XP1,
};
