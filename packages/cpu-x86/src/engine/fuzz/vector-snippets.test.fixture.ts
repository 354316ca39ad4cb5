import { DATA } from './places.test.fixture.ts';
import type { ProgramWriter, Snippet } from './program.test.fixture.ts';

/** Masks, flags, rounding and what becomes of denormals: mostly as software has them. */
function mxcsr({ random }: ProgramWriter): number {
  if (random.chance(40)) return random.pick([0x1f80, 0x1fa0]);
  return (
    random.below(64) |
    (random.chance(80) ? 0x1f80 : random.below(64) << 7) |
    (random.below(4) << 13) |
    random.pick([0, 0x40, 0x8000])
  );
}

/** Numbers that make arithmetic interesting, as two words each. */
const DOUBLES: readonly (readonly [high: number, low: number])[] = [
  [0, 0],
  [0x3ff0_0000, 0],
  [0xc008_0000, 0],
  [0x3fb9_9999, 0x9999_999a],
  [0x41df_ffff, 0xffc0_0000],
  [0x7ff0_0000, 0],
  [0x7ff8_0000, 1],
  [0x000f_ffff, 0],
  [0x7fef_ffff, 0xffff_ffff],
  [0x3f80_0000, 0x4049_0fdb],
];

/** mov dword [address], value */
function storeWord({ code, form }: ProgramWriter, address: number, value: number): void {
  // Through SS, whose base is zero.
  code.emit(0x36);
  if (form.codeSize === 16) code.emit(0x66);
  code.emit(0xc7);
  code.absolute(0, address);
  code.emit(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24);
}

const SCRATCH = DATA + 0x700;

export const VECTOR_SNIPPETS: readonly Snippet[] = [
  {
    weight: 12,
    write: (program) => {
      for (let i = 2 + program.random.below(8); i > 0; i--) program.vector();
    },
  },
  {
    weight: 3,
    write: (program) => {
      const { code } = program;
      program.guarded(() => {
        storeWord(program, SCRATCH, mxcsr(program));
        code.emit(0x36, 0x0f, 0xae);
        code.absolute(2, SCRATCH);
      });
    },
  },
  {
    // Ordinary numbers, without which everything soon is a NaN.
    weight: 4,
    write: (program) => {
      const { code, random } = program;
      const [high, low] = random.pick(DOUBLES);
      storeWord(program, SCRATCH + 16, low);
      storeWord(program, SCRATCH + 20, high);
      storeWord(program, SCRATCH + 24, random.pick([low, random.next()]));
      storeWord(program, SCRATCH + 28, random.pick([high, random.next()]));
      code.emit(0x36, 0x0f, 0x28);
      code.absolute(random.below(8), SCRATCH + 16);
    },
  },
];
