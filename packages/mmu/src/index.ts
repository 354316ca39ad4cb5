export {
  ACCESS_AC,
  ACCESS_FETCH,
  ACCESS_IMPLICIT,
  ACCESS_PROBE,
  ACCESS_USER,
  ACCESS_WRITE,
  describeAccess,
  isUserAccess,
} from './access.ts';
export { canonicalAddress, formatHex, formatSize, highWord, isCanonical, joinWords, lowWord } from './address.ts';
export type { DecodedEntry } from './decoded-entry.ts';
export {
  ENTRY_NAMES,
  PTE_A,
  PTE_D,
  PTE_G,
  PTE_KEY_HIGH_BIT,
  PTE_P,
  PTE_PCD,
  PTE_PS,
  PTE_PWT,
  PTE_RW,
  PTE_US,
  PTE_XD_HIGH,
} from './entry.ts';
export { type Explanation, formatExplanation } from './explain.ts';
export { formatMapping, type ListOptions, listMappings, type Mapping } from './mappings.ts';
export { MemoryImage, type PhysicalMemory } from './memory.ts';
export { Mmu } from './mmu.ts';
export { MmuError, type MmuErrorCode } from './mmu-error.ts';
export {
  describePageFault,
  PF_HLAT,
  PF_ID,
  PF_P,
  PF_PK,
  PF_RSVD,
  PF_SGX,
  PF_SS,
  PF_US,
  PF_WR,
} from './page-fault.ts';
export {
  CR0_PG,
  CR0_WP,
  CR4_LA57,
  CR4_PAE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PKE,
  CR4_PKS,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  createPagingRegisters,
  EFER_LMA,
  EFER_NXE,
  linearAddressBitsOf,
  PAGING_4_LEVEL,
  PAGING_5_LEVEL,
  PAGING_32_BIT,
  PAGING_MODE_NAMES,
  PAGING_NONE,
  PAGING_PAE,
  type PagingMode,
  type PagingRegisters,
  pagingModeOf,
} from './paging-mode.ts';
export { loadPdptes } from './pdpte.ts';
export {
  ALL_RIGHTS,
  RIGHT_SUPERVISOR_FETCH,
  RIGHT_SUPERVISOR_READ,
  RIGHT_SUPERVISOR_WRITE,
  RIGHT_USER_FETCH,
  RIGHT_USER_READ,
  RIGHT_USER_WRITE,
} from './permissions.ts';
export {
  SoftwareTlb,
  TLB_ADDEND_OFFSET,
  TLB_ALL_TABLES,
  TLB_ENTRY_COUNT,
  TLB_ENTRY_SIZE_BYTES,
  TLB_FLAG_GLOBAL,
  TLB_FLAG_OWNER_MASK,
  TLB_FLAG_PAGE_SHIFT_MASK,
  TLB_FLAG_SMAP,
  TLB_FLAGS_OFFSET,
  TLB_SIZE_BYTES,
  TLB_SUPERVISOR_READ,
  TLB_SUPERVISOR_WRITE,
  TLB_TABLE_COUNT,
  TLB_TABLE_SIZE_BYTES,
  TLB_TAG_OFFSET,
  TLB_USER_READ,
  TLB_USER_WRITE,
  TLB_WRITE_TABLES,
} from './tlb.ts';
export type { NonCanonical, PageFault, Translation } from './translation.ts';
export { PageWalker, WALK_OK, WALK_PAGE_FAULT } from './walk.ts';
