/**
 * Bits of the control registers and of EFER.
 *
 * @source SDM Vol. 3A "Control Registers"; APM Vol. 2 "Extended Feature Enable Register (EFER)"
 */
export const CR0_PE = 0x00000001;
export const CR0_MP = 0x00000002;
export const CR0_EM = 0x00000004;
export const CR0_TS = 0x00000008;
export const CR0_ET = 0x00000010;
export const CR0_NE = 0x00000020;
export const CR0_WP = 0x00010000;
export const CR0_AM = 0x00040000;
export const CR0_NW = 0x20000000;
export const CR0_CD = 0x40000000;
export const CR0_PG = 0x80000000;

export const CR4_VME = 0x00000001;
export const CR4_PVI = 0x00000002;
export const CR4_TSD = 0x00000004;
export const CR4_DE = 0x00000008;
export const CR4_PSE = 0x00000010;
export const CR4_PAE = 0x00000020;
export const CR4_MCE = 0x00000040;
export const CR4_PGE = 0x00000080;
export const CR4_PCE = 0x00000100;
export const CR4_OSFXSR = 0x00000200;
export const CR4_OSXMMEXCPT = 0x00000400;
export const CR4_UMIP = 0x00000800;
export const CR4_LA57 = 0x00001000;
export const CR4_FSGSBASE = 0x00010000;
export const CR4_PCIDE = 0x00020000;
export const CR4_OSXSAVE = 0x00040000;
export const CR4_SMEP = 0x00100000;
export const CR4_SMAP = 0x00200000;
export const CR4_PKE = 0x00400000;

export const EFER_SCE = 0x001;
export const EFER_LME = 0x100;
export const EFER_LMA = 0x400;
export const EFER_NXE = 0x800;
