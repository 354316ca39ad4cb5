import type { ProgramWriter, Snippet } from './program.test.fixture.ts';

/** Instructions on registers that do something of their own to flags: opcode, reg field (undefined: any), immediate bytes. */
const FLAG_CODES: readonly (readonly [opcode: readonly number[], reg: number | undefined, immediateSize: number])[] = [
  ...[0, 1, 2, 3, 4, 5, 7].flatMap((reg) => [
    [[0xd3], reg, 0] as const,
    [[0xd2], reg, 0] as const,
    [[0xd1], reg, 0] as const,
    [[0xc1], reg, 1] as const,
    [[0xc0], reg, 1] as const,
  ]),
  ...[0x01, 0x09, 0x11, 0x19, 0x21, 0x29, 0x31, 0x39, 0x85, 0x11, 0x19].map((code) => [[code], undefined, 0] as const),
  ...[0x00, 0x10, 0x18, 0x28, 0x38, 0x84].map((code) => [[code], undefined, 0] as const),
  [[0xff], 0, 0],
  [[0xff], 1, 0],
  [[0xfe], 0, 0],
  [[0xfe], 1, 0],
  [[0xf7], 2, 0],
  [[0xf7], 3, 0],
  [[0xf7], 4, 0],
  [[0xf7], 5, 0],
  [[0xf6], 4, 0],
  [[0x0f, 0xaf], undefined, 0],
  [[0x0f, 0xa4], undefined, 1],
  [[0x0f, 0xa5], undefined, 0],
  [[0x0f, 0xac], undefined, 1],
  [[0x0f, 0xad], undefined, 0],
  [[0x0f, 0xa3], undefined, 0],
  [[0x0f, 0xbb], undefined, 0],
  [[0x0f, 0xba], 6, 1],
  [[0x0f, 0xbc], undefined, 0],
  [[0x0f, 0xbd], undefined, 0],
  [[0x0f, 0xb1], undefined, 0],
  [[0x0f, 0xc1], undefined, 0],
];

/** Registers without a meaning, by their number in ModR/M: in 64-bit code R8 to R11 too. */
function operands({ code, random }: ProgramWriter): { rex: number; modrm: number; reg: number } {
  const pick = (): number => (code.is64 ? random.pick([0, 1, 2, 3, 8, 9, 10, 11]) : random.below(4));
  const [reg, rm] = [pick(), pick()];
  const wide = random.chance(45) ? 8 : 0;
  return { rex: wide | (reg > 7 ? 4 : 0) | (rm > 7 ? 1 : 0), modrm: 0xc0 | ((reg & 7) << 3) | (rm & 7), reg: reg & 7 };
}

/** One of the table, of any width. */
function flagCode(program: ProgramWriter): void {
  const { code, random } = program;
  const [opcode, fixed, immediateSize] = random.pick(FLAG_CODES);
  const { rex, modrm } = operands(program);
  if (random.chance(20)) code.emit(0x66);
  if (code.is64 && (rex !== 0 || random.chance(20))) code.emit(0x40 | (fixed === undefined ? rex : rex & ~4));
  code.emit(...opcode, fixed === undefined ? modrm : (modrm & 0xc7) | (fixed << 3));
  for (let i = 0; i < immediateSize; i++) code.emit(random.pick([0, 1, 4, 31, 32, 33, random.below(256)]));
}

/** What looks at the flags, without a fault. */
function lookAtFlags(program: ProgramWriter): void {
  const { code, random } = program;
  const condition = random.below(16);
  const target = random.below(4);
  switch (random.below(4)) {
    case 0:
      code.emit(0x0f, 0x90 + condition, 0xc0 | target);
      break;
    case 1:
      code.emit(0x0f, 0x40 + condition, 0xc0 | (target << 3) | random.below(4));
      break;
    case 2:
      code.emit(0x9f);
      break;
    default:
      code.emit(0x83, 0xd0 | target, random.below(128));
  }
}

/** Values that are not worn out by what went before. */
function freshValues({ code, random }: ProgramWriter): void {
  for (let i = 1 + random.below(4); i > 0; i--) {
    if (!code.is64) code.load(random.below(4), random.next());
    else {
      const high = random.pick([random.next(), 0xffff_ffff, 0x8000_0000, 0]);
      code.loadWide(random.pick([0, 1, 2, 3, 8, 9, 10, 11]), (BigInt(high) << 32n) | BigInt(random.next()));
    }
  }
}

/** `mov`, `lea`, `not`, `xchg`: they leave flags alone and cannot fault. */
function neutral(program: ProgramWriter): void {
  const { code, random } = program;
  const { rex, modrm } = operands(program);
  if (code.is64 && rex !== 0) code.emit(0x40 | rex);
  code.emit(random.pick([0x89, 0x8b, 0x87]), modrm);
}

export const REGISTER_SNIPPETS: readonly Snippet[] = [
  { weight: 4, write: freshValues },
  {
    weight: 6,
    write: (program) => {
      if (program.random.chance(50)) freshValues(program);
      for (let i = program.random.below(5); i >= 0; i--) {
        flagCode(program);
        if (program.random.chance(40)) lookAtFlags(program);
        if (program.random.chance(30)) neutral(program);
      }
      lookAtFlags(program);
    },
  },
  {
    // Flags that come by two ways, are looked at late, and are left to the interpreter in between.
    weight: 4,
    write: (program) => {
      const { code, random } = program;
      const [second, end] = [code.label(), code.label()];
      flagCode(program);
      code.emit(0x70 + random.below(16));
      code.relative(second, 1);
      flagCode(program);
      if (random.chance(30)) neutral(program);
      code.emit(0xeb);
      code.relative(end, 1);
      code.bind(second);
      flagCode(program);
      if (random.chance(50)) flagCode(program);
      code.bind(end);
      for (let i = random.below(3); i > 0; i--) neutral(program);
      // smsw eax, cpuid, or none
      code.emit(...random.pick([[0x0f, 0x01, 0xe0], [0x0f, 0xa2], []]));
      if (random.chance(30)) neutral(program);
      lookAtFlags(program);
    },
  },
];
