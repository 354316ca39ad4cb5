import type { Label } from './assembler.test.fixture.ts';
import { ALIAS } from './places.test.fixture.ts';
import type { ProgramWriter, Snippet } from './program.test.fixture.ts';

/** Flags of equal or near operands: `op r, r` of 8 bits or the mode's size. */
function compare({ code, random }: ProgramWriter): void {
  const operands = random.chance(60) ? random.below(4) * 9 : random.below(64);
  code.emit(random.pick([0x39, 0x29, 0x85, 0x01, 0x38, 0x28]), 0xc0 | (operands & 0x1b));
}

/** `jmp [table + index * size]` or `call`, through a table in the code. */
function throughTable(program: ProgramWriter, reg: number, targets: readonly Label[], after: () => void): void {
  const { code, random } = program;
  const table = code.label();
  const size = code.is64 ? 8 : code.wordSize;
  const index = 3;
  code.emit(0x83, 0xe0 | index, targets.length - 1);
  if (random.chance(30) && code.codeSize !== 16) {
    // mov eax, cs:[table + ebx * size]; jmp or call eax
    if (code.is64) code.emit(0x48);
    else code.emit(0x2e);
    code.emit(0x8b, 0x04, (Math.log2(size) << 6) | (index << 3) | 5);
    code.address(table);
    code.emit(0xff, 0xc0 | (reg << 3));
  } else if (code.codeSize === 16) {
    code.emit(0x01, 0xdb, 0x2e, 0xff, 0x87 | (reg << 3));
    code.address(table);
  } else {
    code.emit(0x2e, 0xff, (reg << 3) | 4, (Math.log2(size) << 6) | (index << 3) | 5);
    code.address(table);
  }
  after();
  const past = code.label();
  code.emit(0xe9);
  code.relative(past);
  code.bind(table);
  for (const target of targets) code.address(target, size);
  code.bind(past);
}

export const CONTROL_SNIPPETS: readonly Snippet[] = [
  { weight: 8, write: (program) => program.straight() },
  {
    weight: 3,
    write: (program) => {
      compare(program);
      program.code.emit(0x0f, 0x90 + program.random.below(16), 0xc0 + program.random.below(4));
    },
  },
  {
    // A comparison and a branch over some instructions, near or short.
    weight: 5,
    write: (program) => {
      const { code, random } = program;
      const label = code.label();
      const condition = random.below(16);
      compare(program);
      if (random.chance(40)) {
        code.emit(0x70 + condition);
        code.relative(label, 1);
        compare(program);
        compare(program);
      } else {
        code.emit(0x0f, 0x80 + condition);
        code.relative(label);
        for (let i = random.below(3); i >= 0; i--) program.instruction();
      }
      code.bind(label);
    },
  },
  {
    // A loop by a counter of its own, perhaps with another one in it.
    weight: 5,
    write: (program) => {
      const { code, random, roles } = program;
      const top = code.label();
      code.load(roles.counter, 1 + random.below(14));
      code.bind(top);
      for (let i = random.below(4); i >= 0; i--) {
        if (random.chance(20)) compare(program);
        else program.instruction();
      }
      if (random.chance(30) && program.functions.length > 0) {
        code.emit(0xe8);
        code.relative(random.pick(program.functions));
      }
      if (code.is64) code.emit(0x41, 0xff, 0xce);
      else code.emit(0x4d);
      code.emit(0x0f, 0x85);
      code.relative(top);
    },
  },
  {
    // LOOP, LOOPE, LOOPNE; JCXZ before them.
    weight: 2,
    write: (program) => {
      const { code, random } = program;
      const past = code.label();
      const top = code.label();
      code.load(1, random.below(20));
      code.emit(0xe3);
      code.relative(past, 1);
      code.bind(top);
      code.emit(
        ...random.pick([
          [0x01, 0xd0],
          [0x29, 0xd8],
          [0x31, 0xc3],
          [0xff, 0xc2],
          [0xd1, 0xe0],
        ]),
      );
      if (random.chance(30))
        code.emit(
          ...random.pick([
            [0x00, 0xe2],
            [0x38, 0xd0],
            [0x85, 0xc0],
          ]),
        );
      code.emit(random.pick([0xe0, 0xe1, 0xe2]));
      code.relative(top, 1);
      code.bind(past);
    },
  },
  {
    weight: 4,
    write: (program) => {
      const { code, random, functions } = program;
      if (functions.length === 0) return program.straight();
      if (random.chance(50)) {
        code.emit(0xe8);
        code.relative(random.pick(functions));
        return;
      }
      code.loadAddress(0, random.pick(functions));
      code.emit(0xff, 0xd0);
    },
  },
  {
    weight: 3,
    write: (program) => {
      const cases = Array.from({ length: program.random.pick([2, 4, 8]) }, () => program.code.label());
      const end = program.code.label();
      throughTable(program, 4, cases, () => {});
      for (const label of cases) {
        program.code.bind(label);
        if (program.random.chance(60)) program.instruction();
        else compare(program);
        program.code.emit(0xe9);
        program.code.relative(end);
      }
      program.code.bind(end);
    },
  },
  {
    weight: 2,
    write: (program) => {
      const { functions, random } = program;
      if (functions.length === 0) return program.straight();
      throughTable(
        program,
        2,
        Array.from({ length: 4 }, () => random.pick(functions)),
        () => compare(program),
      );
    },
  },
  {
    // push address; ret
    weight: 2,
    write: ({ code }) => {
      const label = code.label();
      code.loadAddress(0, label);
      code.emit(0x50, 0xc3);
      code.bind(label);
    },
  },
  {
    // To and from a stretch that lies elsewhere: back and forth over what follows.
    weight: 2,
    write: (program) => {
      const { code } = program;
      const [first, second, end] = [code.label(), code.label(), code.label()];
      code.emit(0xe9);
      code.relative(second);
      code.bind(first);
      program.instruction();
      code.emit(0xe9);
      code.relative(end);
      code.bind(second);
      program.instruction();
      code.emit(0xe9);
      code.relative(first);
      code.bind(end);
    },
  },
  {
    // On at another address of the same page.
    weight: 2,
    fits: ({ paging }) => paging !== 'none',
    write: ({ code }) => {
      const label = code.label();
      code.loadAddress(0, label);
      // xor eax, alias
      code.emit(0x35);
      code.word(ALIAS);
      code.emit(0xff, 0xe0);
      code.bind(label);
    },
  },
  {
    // Targets that no processor goes to.
    weight: 2,
    fits: ({ codeSize }) => codeSize === 64,
    write: (program) => {
      const { code, random } = program;
      program.guarded(() => {
        code.loadWide(0, random.pick([0x8000_0000_0000n, 0x1234_0000_0000_0000n, 0xffff_0000_0000_0000n]));
        code.emit(
          ...random.pick([
            [0xff, 0xe0],
            [0xff, 0xd0],
            [0x50, 0xc3],
          ]),
        );
      });
    },
  },
];
