// The names are the specification's own; the sets are those that loaders, debuggers and listings need.
// Source: System V gABI, "Object Files"; psABI supplements for the machines.

/** `e_ident[EI_CLASS]`: 32-bit objects. */
export const ELFCLASS32 = 1;
/** `e_ident[EI_CLASS]`: 64-bit objects. */
export const ELFCLASS64 = 2;
/** `e_ident[EI_DATA]`: little-endian. */
export const ELFDATA2LSB = 1;
/** `e_ident[EI_DATA]`: big-endian. */
export const ELFDATA2MSB = 2;

/** `e_type`: relocatable object. */
export const ET_REL = 1;
/** `e_type`: executable with fixed addresses. */
export const ET_EXEC = 2;
/** `e_type`: shared object or position-independent executable. */
export const ET_DYN = 3;
/** `e_type`: core dump. */
export const ET_CORE = 4;

/** `e_machine`: Intel 80386, IA-32. */
export const EM_386 = 3;
/** `e_machine`: ARM, 32 bits. */
export const EM_ARM = 40;
/** `e_machine`: x86-64. */
export const EM_X86_64 = 62;
/** `e_machine`: ARM, 64 bits. */
export const EM_AARCH64 = 183;
/** `e_machine`: RISC-V. */
export const EM_RISCV = 243;

/** `p_type`: unused entry. */
export const PT_NULL = 0;
/** `p_type`: bytes to place in memory. */
export const PT_LOAD = 1;
/** `p_type`: the dynamic table. */
export const PT_DYNAMIC = 2;
/** `p_type`: path of the program interpreter. */
export const PT_INTERP = 3;
/** `p_type`: notes. */
export const PT_NOTE = 4;
/** `p_type`: where the program header table lies in memory. */
export const PT_PHDR = 6;
/** `p_type`: the thread-local storage template. */
export const PT_TLS = 7;
/** `p_type`: GNU, permissions of the stack. */
export const PT_GNU_STACK = 0x6474e551;
/** `p_type`: GNU, read-only after relocation. */
export const PT_GNU_RELRO = 0x6474e552;

/** `p_flags`: may be executed. */
export const PF_X = 1;
/** `p_flags`: may be written. */
export const PF_W = 2;
/** `p_flags`: may be read. */
export const PF_R = 4;
/** `e_phnum`: the real count is in `sh_info` of section 0. */
export const PN_XNUM = 0xffff;

/** `sh_type`: inactive. */
export const SHT_NULL = 0;
/** `sh_type`: defined by the program. */
export const SHT_PROGBITS = 1;
/** `sh_type`: symbol table. */
export const SHT_SYMTAB = 2;
/** `sh_type`: string table. */
export const SHT_STRTAB = 3;
/** `sh_type`: relocations with addends. */
export const SHT_RELA = 4;
/** `sh_type`: dynamic table. */
export const SHT_DYNAMIC = 6;
/** `sh_type`: notes. */
export const SHT_NOTE = 7;
/** `sh_type`: takes no space in the file. */
export const SHT_NOBITS = 8;
/** `sh_type`: relocations without addends. */
export const SHT_REL = 9;
/** `sh_type`: symbols for dynamic linking. */
export const SHT_DYNSYM = 11;
/** `sh_type`: section indices of symbols whose `st_shndx` is `SHN_XINDEX`. */
export const SHT_SYMTAB_SHNDX = 18;
/** `sh_type`: relative relocations, compressed. */
export const SHT_RELR = 19;

/** `sh_flags`: writable. */
export const SHF_WRITE = 0x1n;
/** `sh_flags`: occupies memory. */
export const SHF_ALLOC = 0x2n;
/** `sh_flags`: executable. */
export const SHF_EXECINSTR = 0x4n;
/** `sh_flags`: thread-local storage. */
export const SHF_TLS = 0x400n;
/** `sh_flags`: the contents begin with a compression header. */
export const SHF_COMPRESSED = 0x800n;

/** Section index: undefined. */
export const SHN_UNDEF = 0;
/** Section index: first of the reserved ones. */
export const SHN_LORESERVE = 0xff00;
/** Section index: the value is absolute. */
export const SHN_ABS = 0xfff1;
/** Section index: a common block, not yet allocated. */
export const SHN_COMMON = 0xfff2;
/** Section index: the real one is elsewhere. */
export const SHN_XINDEX = 0xffff;

/** Symbol binding: not visible outside its object. */
export const STB_LOCAL = 0;
/** Symbol binding: visible to all objects. */
export const STB_GLOBAL = 1;
/** Symbol binding: global of lower precedence. */
export const STB_WEAK = 2;

/** Symbol type: none, for example a label of an assembler. */
export const STT_NOTYPE = 0;
/** Symbol type: data. */
export const STT_OBJECT = 1;
/** Symbol type: code. */
export const STT_FUNC = 2;
/** Symbol type: a section. */
export const STT_SECTION = 3;
/** Symbol type: a source file. */
export const STT_FILE = 4;
/** Symbol type: a common block. */
export const STT_COMMON = 5;
/** Symbol type: an offset in thread-local storage. */
export const STT_TLS = 6;
/** Symbol type: GNU, a function that returns the address of the function to use. */
export const STT_GNU_IFUNC = 10;

/** Dynamic tag: end of the table. */
export const DT_NULL = 0n;
/** Dynamic tag: name of a library that is needed. */
export const DT_NEEDED = 1n;
/** Dynamic tag: size in bytes of the `DT_JMPREL` relocations. */
export const DT_PLTRELSZ = 2n;
/** Dynamic tag: address of the symbol hash table. */
export const DT_HASH = 4n;
/** Dynamic tag: address of the string table. */
export const DT_STRTAB = 5n;
/** Dynamic tag: address of the symbol table. */
export const DT_SYMTAB = 6n;
/** Dynamic tag: address of the relocations with addends. */
export const DT_RELA = 7n;
/** Dynamic tag: size in bytes of the relocations with addends. */
export const DT_RELASZ = 8n;
/** Dynamic tag: size in bytes of one relocation with addend. */
export const DT_RELAENT = 9n;
/** Dynamic tag: size in bytes of the string table. */
export const DT_STRSZ = 10n;
/** Dynamic tag: size in bytes of one symbol. */
export const DT_SYMENT = 11n;
/** Dynamic tag: name of this shared object. */
export const DT_SONAME = 14n;
/** Dynamic tag: library search path. */
export const DT_RPATH = 15n;
/** Dynamic tag: address of the relocations without addends. */
export const DT_REL = 17n;
/** Dynamic tag: size in bytes of the relocations without addends. */
export const DT_RELSZ = 18n;
/** Dynamic tag: size in bytes of one relocation without addend. */
export const DT_RELENT = 19n;
/** Dynamic tag: form of the `DT_JMPREL` relocations, `DT_REL` or `DT_RELA`. */
export const DT_PLTREL = 20n;
/** Dynamic tag: address of the relocations of the procedure linkage table. */
export const DT_JMPREL = 23n;
/** Dynamic tag: library search path, searched later than `DT_RPATH`. */
export const DT_RUNPATH = 29n;
/** Dynamic tag: size in bytes of the compressed relative relocations. */
export const DT_RELRSZ = 35n;
/** Dynamic tag: address of the compressed relative relocations. */
export const DT_RELR = 36n;
/** Dynamic tag: size in bytes of one word of the compressed relative relocations. */
export const DT_RELRENT = 37n;

/** Relocation of any machine: nothing to do. */
export const R_NONE = 0;
/** Relocation: load address plus addend, 64 bits. */
export const R_X86_64_RELATIVE = 8;
/** Relocation: load address plus the word in place, 32 bits. */
export const R_386_RELATIVE = 8;
/** Relocation: load address plus the word in place, 32 bits. */
export const R_ARM_RELATIVE = 23;
/** Relocation: load address plus addend, 64 bits. */
export const R_AARCH64_RELATIVE = 1027;
/** Relocation: load address plus addend, the class's word. */
export const R_RISCV_RELATIVE = 3;

/** Names of the machines that a reader is likely to meet by mistake, for messages. */
export const MACHINE_NAMES: Readonly<Record<number, string>> = {
  0: 'no machine',
  2: 'SPARC',
  3: 'i386',
  4: 'Motorola 68000',
  7: 'Intel 80860',
  8: 'MIPS',
  15: 'PA-RISC',
  18: 'SPARC32+',
  20: 'PowerPC',
  21: 'PowerPC64',
  22: 'S390',
  40: 'ARM',
  42: 'SuperH',
  43: 'SPARC V9',
  50: 'IA-64',
  62: 'x86-64',
  83: 'AVR',
  94: 'Xtensa',
  183: 'AArch64',
  224: 'AMD GPU',
  243: 'RISC-V',
  247: 'BPF',
  258: 'LoongArch',
};

/**
 * Names a machine for a message.
 *
 * @param machine `e_machine`
 * @returns the name, with the number where it has none
 */
export function machineName(machine: number): string {
  return MACHINE_NAMES[machine] ?? `machine ${machine}`;
}
