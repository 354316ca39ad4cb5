import { as, F64, NP, P66, PF2, type Row, rowsOf, type Trait } from './row.ts';

const row = rowsOf('0f38');
const LATER = as('NOT_EMULATED');
const op = (opcode: number, mnemonic: string, operands: string, ...traits: Trait[]): Row =>
  row(opcode, mnemonic, operands, LATER, ...traits);

/**
 * The 0F 38 opcode map: SSSE3, SSE4.1, SSE4.2, AES, MOVBE, CRC32 and INVPCID. PBLENDVB, BLENDVPS and BLENDVPD use XMM0
 * as an implicit mask.
 *
 * @source SDM Vol. 2D Appendix A, Table A-4 "Three-byte Opcode Map: First Two Bytes are 0F 38H"
 */
export const MAP_0F38: readonly Row[] = [
  op(0x00, 'PSHUFB', 'Pq,Qq', NP),
  row(0x00, 'PSHUFB', 'Vdq,Wdq', P66),
  op(0x01, 'PHADDW', 'Pq,Qq', NP),
  row(0x01, 'PHADDW', 'Vdq,Wdq', P66),
  op(0x02, 'PHADDD', 'Pq,Qq', NP),
  row(0x02, 'PHADDD', 'Vdq,Wdq', P66),
  op(0x03, 'PHADDSW', 'Pq,Qq', NP),
  row(0x03, 'PHADDSW', 'Vdq,Wdq', P66),
  op(0x04, 'PMADDUBSW', 'Pq,Qq', NP),
  row(0x04, 'PMADDUBSW', 'Vdq,Wdq', P66),
  op(0x05, 'PHSUBW', 'Pq,Qq', NP),
  row(0x05, 'PHSUBW', 'Vdq,Wdq', P66),
  op(0x06, 'PHSUBD', 'Pq,Qq', NP),
  row(0x06, 'PHSUBD', 'Vdq,Wdq', P66),
  op(0x07, 'PHSUBSW', 'Pq,Qq', NP),
  row(0x07, 'PHSUBSW', 'Vdq,Wdq', P66),
  op(0x08, 'PSIGNB', 'Pq,Qq', NP),
  row(0x08, 'PSIGNB', 'Vdq,Wdq', P66),
  op(0x09, 'PSIGNW', 'Pq,Qq', NP),
  row(0x09, 'PSIGNW', 'Vdq,Wdq', P66),
  op(0x0a, 'PSIGND', 'Pq,Qq', NP),
  row(0x0a, 'PSIGND', 'Vdq,Wdq', P66),
  op(0x0b, 'PMULHRSW', 'Pq,Qq', NP),
  row(0x0b, 'PMULHRSW', 'Vdq,Wdq', P66),

  row(0x10, 'PBLENDVB', 'Vdq,Wdq', P66),
  row(0x14, 'BLENDVPS', 'Vps,Wps', P66),
  row(0x15, 'BLENDVPD', 'Vpd,Wpd', P66),
  row(0x17, 'PTEST', 'Vdq,Wdq', P66),
  op(0x1c, 'PABSB', 'Pq,Qq', NP),
  row(0x1c, 'PABSB', 'Vdq,Wdq', P66),
  op(0x1d, 'PABSW', 'Pq,Qq', NP),
  row(0x1d, 'PABSW', 'Vdq,Wdq', P66),
  op(0x1e, 'PABSD', 'Pq,Qq', NP),
  row(0x1e, 'PABSD', 'Vdq,Wdq', P66),

  row(0x20, 'PMOVSXBW', 'Vdq,Wq', P66),
  row(0x21, 'PMOVSXBD', 'Vdq,Wd', P66),
  row(0x22, 'PMOVSXBQ', 'Vdq,Ww', P66),
  row(0x23, 'PMOVSXWD', 'Vdq,Wq', P66),
  row(0x24, 'PMOVSXWQ', 'Vdq,Wd', P66),
  row(0x25, 'PMOVSXDQ', 'Vdq,Wq', P66),
  row(0x28, 'PMULDQ', 'Vdq,Wdq', P66),
  row(0x29, 'PCMPEQQ', 'Vdq,Wdq', P66),
  row(0x2a, 'MOVNTDQA', 'Vdq,Mdq', as('MOVAPS'), P66),
  row(0x2b, 'PACKUSDW', 'Vdq,Wdq', P66),

  row(0x30, 'PMOVZXBW', 'Vdq,Wq', P66),
  row(0x31, 'PMOVZXBD', 'Vdq,Wd', P66),
  row(0x32, 'PMOVZXBQ', 'Vdq,Ww', P66),
  row(0x33, 'PMOVZXWD', 'Vdq,Wq', P66),
  row(0x34, 'PMOVZXWQ', 'Vdq,Wd', P66),
  row(0x35, 'PMOVZXDQ', 'Vdq,Wq', P66),
  row(0x37, 'PCMPGTQ', 'Vdq,Wdq', P66),
  row(0x38, 'PMINSB', 'Vdq,Wdq', P66),
  row(0x39, 'PMINSD', 'Vdq,Wdq', P66),
  row(0x3a, 'PMINUW', 'Vdq,Wdq', P66),
  row(0x3b, 'PMINUD', 'Vdq,Wdq', P66),
  row(0x3c, 'PMAXSB', 'Vdq,Wdq', P66),
  row(0x3d, 'PMAXSD', 'Vdq,Wdq', P66),
  row(0x3e, 'PMAXUW', 'Vdq,Wdq', P66),
  row(0x3f, 'PMAXUD', 'Vdq,Wdq', P66),
  row(0x40, 'PMULLD', 'Vdq,Wdq', P66),
  row(0x41, 'PHMINPOSUW', 'Vdq,Wdq', P66),

  row(0x82, 'INVPCID', 'Gy,Mdq', P66, F64),
  row(0xdb, 'AESIMC', 'Vdq,Wdq', P66),
  row(0xdc, 'AESENC', 'Vdq,Wdq', P66),
  row(0xdd, 'AESENCLAST', 'Vdq,Wdq', P66),
  row(0xde, 'AESDEC', 'Vdq,Wdq', P66),
  row(0xdf, 'AESDECLAST', 'Vdq,Wdq', P66),

  row(0xf0, 'MOVBE', 'Gv,Mv', NP),
  row(0xf0, 'MOVBE', 'Gv,Mv', P66),
  row(0xf0, 'CRC32', 'Gy,Eb', PF2),
  row(0xf1, 'MOVBE', 'Mv,Gv', NP),
  row(0xf1, 'MOVBE', 'Mv,Gv', P66),
  row(0xf1, 'CRC32', 'Gy,Ev', PF2),
];
