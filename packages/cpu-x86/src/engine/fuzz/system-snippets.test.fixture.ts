import { PORT } from './places.test.fixture.ts';
import type { Snippet } from './program.test.fixture.ts';

const RDX = 2;

/** Instructions of the system, some of them for the interpreter alone. */
const SYSTEM_CODES: readonly (readonly number[])[] = [
  [0x0f, 0xa2], // cpuid
  [0x0f, 0x31], // rdtsc
  [0x9c, 0x9d], // pushf, popf
  [0xfa, 0x90, 0xfb, 0x90], // cli, nop, sti, nop
  [0x8c, 0xd8, 0x8e, 0xd8], // mov eax, ds; mov ds, eax
  [0x8c, 0xd0, 0x8e, 0xd0, 0x90], // mov eax, ss; mov ss, eax; nop
  [0x0f, 0x01, 0xe0], // smsw eax
  [0x0f, 0x09], // wbinvd
  [0xcc], // int3
  [0xcd, 0x41], // int 41h
  [0x0f, 0x0b], // ud2
  [0xfb], // sti
  [0x0f, 0x01, 0xf8], // swapgs
  [0x0f, 0x05], // syscall
  [0xf1], // int1
];

export const SYSTEM_SNIPPETS: readonly Snippet[] = [
  {
    weight: 2,
    write: (program) => {
      for (let i = program.random.below(3); i >= 0; i--) {
        program.guarded(() => program.code.emit(...program.random.pick(SYSTEM_CODES)));
      }
    },
  },
  {
    // Divisions, by zero too, and quotients that are too large.
    weight: 2,
    write: (program) => {
      const { code, random } = program;
      program.guarded(() => {
        code.emit(0x83, 0xe1, random.pick([1, 3, 0x7f]));
        if (random.chance(60)) code.emit(0x31, 0xd2);
        code.emit(random.pick([0xf6, 0xf7, 0xf7]), random.pick([0xf1, 0xf9]));
      });
    },
  },
  {
    weight: 2,
    write: (program) => {
      const { code, random } = program;
      program.guarded(() => {
        code.load(RDX, PORT + random.below(4));
        if (random.chance(30)) code.emit(0x66);
        if (random.chance(70)) code.emit(random.pick([0xec, 0xed, 0xee, 0xef]));
        else code.emit(random.pick([0xe4, 0xe5, 0xe6, 0xe7]), PORT + random.below(4));
      });
    },
  },
  {
    // POPF of flags that change what interrupts and strings do; DF is put right again.
    weight: 1,
    write: ({ code, random }) => {
      code.emit(0x6a, random.pick([0x02, 0x46, 0x57, 0x13, 0x42]), 0x9d, 0xfc);
    },
  },
  {
    // IF and AC too.
    weight: 1,
    write: ({ code, random }) => {
      const flags = random.pick([0x002, 0x202, 0x202, 0x246, 0x4_0202]);
      const upper = code.codeSize === 16 ? [] : [flags >> 16, 0];
      code.emit(0x68, flags & 0xff, (flags >> 8) & 0xff, ...upper, 0x9d);
    },
  },
];
