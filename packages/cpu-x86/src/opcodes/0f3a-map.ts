import { NP, P66, type Row, rowsOf, W0, W1 } from './row.ts';

const row = rowsOf('0f3a');

/**
 * The 0F 3A opcode map: SSSE3, SSE4.1, SSE4.2, AES and PCLMULQDQ.
 *
 * @source SDM Vol. 2D Appendix A, Table A-5 "Three-byte Opcode Map: First Two Bytes are 0F 3AH"
 */
export const MAP_0F3A: readonly Row[] = [
  row(0x08, 'ROUNDPS', 'Vps,Wps,Ib', P66),
  row(0x09, 'ROUNDPD', 'Vpd,Wpd,Ib', P66),
  row(0x0a, 'ROUNDSS', 'Vss,Wss,Ib', P66),
  row(0x0b, 'ROUNDSD', 'Vsd,Wsd,Ib', P66),
  row(0x0c, 'BLENDPS', 'Vps,Wps,Ib', P66),
  row(0x0d, 'BLENDPD', 'Vpd,Wpd,Ib', P66),
  row(0x0e, 'PBLENDW', 'Vdq,Wdq,Ib', P66),
  row(0x0f, 'PALIGNR', 'Pq,Qq,Ib', NP),
  row(0x0f, 'PALIGNR', 'Vdq,Wdq,Ib', P66),

  row(0x14, 'PEXTRB', 'Ry/Mb,Vdq,Ib', P66),
  row(0x15, 'PEXTRW', 'Ry/Mw,Vdq,Ib', P66),
  row(0x16, 'PEXTRD', 'Ey,Vdq,Ib', P66, W0),
  row(0x16, 'PEXTRQ', 'Ey,Vdq,Ib', P66, W1),
  row(0x17, 'EXTRACTPS', 'Ry/Md,Vdq,Ib', P66),

  row(0x20, 'PINSRB', 'Vdq,Ry/Mb,Ib', P66),
  row(0x21, 'INSERTPS', 'Vdq,Wd,Ib', P66),
  row(0x22, 'PINSRD', 'Vdq,Ey,Ib', P66, W0),
  row(0x22, 'PINSRQ', 'Vdq,Ey,Ib', P66, W1),

  row(0x40, 'DPPS', 'Vps,Wps,Ib', P66),
  row(0x41, 'DPPD', 'Vpd,Wpd,Ib', P66),
  row(0x42, 'MPSADBW', 'Vdq,Wdq,Ib', P66),
  row(0x44, 'PCLMULQDQ', 'Vdq,Wdq,Ib', P66),

  row(0x60, 'PCMPESTRM', 'Vdq,Wdq,Ib', P66),
  row(0x61, 'PCMPESTRI', 'Vdq,Wdq,Ib', P66),
  row(0x62, 'PCMPISTRM', 'Vdq,Wdq,Ib', P66),
  row(0x63, 'PCMPISTRI', 'Vdq,Wdq,Ib', P66),

  row(0xdf, 'AESKEYGENASSIST', 'Vdq,Wdq,Ib', P66),
];
