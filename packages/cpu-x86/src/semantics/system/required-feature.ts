import type { Row } from '../../opcodes/row.ts';
import type { CpuFeature, CpuModel } from './cpu-model.ts';

/** Features by the mnemonic of what came with them; instructions of the vector maps are found by their place. */
const BY_MNEMONIC: Readonly<Record<string, CpuFeature>> = {
  CMPXCHG8B: 'CX8',
  CMPXCHG16B: 'CX16',
  RDTSC: 'TSC',
  RDMSR: 'MSR',
  WRMSR: 'MSR',
  SYSENTER: 'SEP',
  SYSEXIT: 'SEP',
  SYSCALL: 'SYSCALL',
  SYSRET: 'SYSCALL',
  POPCNT: 'POPCNT',
  MOVBE: 'MOVBE',
  CRC32: 'SSE4_2',
  MOVNTI: 'SSE2',
  LFENCE: 'SSE2',
  MFENCE: 'SSE2',
  SFENCE: 'SSE',
  LDMXCSR: 'SSE',
  STMXCSR: 'SSE',
  EMMS: 'MMX',
  PCMPGTQ: 'SSE4_2',
  PCLMULQDQ: 'PCLMULQDQ',
};
const SSE3: ReadonlySet<string> = new Set([
  ...['ADDSUBPD', 'ADDSUBPS', 'HADDPD', 'HADDPS', 'HSUBPD', 'HSUBPS', 'MOVSLDUP', 'MOVSHDUP', 'MOVDDUP', 'LDDQU'],
]);
/** Of the rows without the prefixes 66 and F2 those that came with SSE2 all the same. */
const SSE2: ReadonlySet<string> = new Set([
  ...['MOVDQU', 'PSHUFHW', 'MOVQ', 'CVTTPS2DQ', 'CVTDQ2PD', 'CVTSS2SD', 'CVTPS2PD', 'CVTDQ2PS', 'MOVQ2DQ'],
]);
/** On MMX registers, but not from the beginning. */
const MMX_OF_SSE: ReadonlySet<string> = new Set([
  ...['PSHUFW', 'PAVGB', 'PAVGW', 'PMINUB', 'PMINSW', 'PMAXUB', 'PMAXSW', 'PEXTRW', 'PINSRW', 'PMOVMSKB', 'MASKMOVQ'],
  ...['MOVNTQ', 'PSADBW', 'PMULHUW', 'CVTPI2PS', 'CVTPS2PI', 'CVTTPS2PI'],
]);
const MMX_OF_SSE2: ReadonlySet<string> = new Set([
  ...['PADDQ', 'PSUBQ', 'PMULUDQ', 'CVTPI2PD', 'CVTPD2PI', 'CVTTPD2PI', 'MOVDQ2Q', 'MOVQ2DQ'],
]);

function vectorFeature({ map, opcode, prefix, mnemonic, operands }: Row): CpuFeature {
  const isMmx = /(^|,)[PQN]/.test(operands);
  if (map === '0f38') {
    if (mnemonic.startsWith('AES')) return 'AES';
    return opcode < 0x10 || (opcode >= 0x1c && opcode < 0x20) ? 'SSSE3' : 'SSE4_1';
  }
  if (map === '0f3a') {
    if (mnemonic.startsWith('AES')) return 'AES';
    if (mnemonic === 'PALIGNR') return 'SSSE3';
    return opcode >= 0x60 && opcode <= 0x63 ? 'SSE4_2' : 'SSE4_1';
  }
  if (isMmx) return MMX_OF_SSE2.has(mnemonic) ? 'SSE2' : MMX_OF_SSE.has(mnemonic) ? 'SSE' : 'MMX';
  if (SSE3.has(mnemonic)) return 'SSE3';
  const isScalarSingle = prefix === 0xf3 && !SSE2.has(mnemonic);
  return isScalarSingle || (prefix === 'none' && !SSE2.has(mnemonic)) ? 'SSE' : 'SSE2';
}

/** The feature without which an instruction is none; undefined for those of the 486, and for those that check themselves. */
export function requiredFeature(row: Row): CpuFeature | undefined {
  const known = BY_MNEMONIC[row.mnemonic];
  if (known !== undefined) return known;
  if (row.semantics === 'CMOVcc') return 'CMOV';
  return /(^|,)[VWUPQN]/.test(row.operands) ? vectorFeature(row) : undefined;
}

/** Whether a model has an instruction. */
export function hasInstruction({ features }: CpuModel, row: Row): boolean {
  const feature = requiredFeature(row);
  return feature === undefined || features.has(feature);
}
