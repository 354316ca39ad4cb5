import type { Form } from './machine.test.fixture.ts';
import * as places from './places.test.fixture.ts';
import type { PatchSite, ProgramWriter, Snippet } from './program.test.fixture.ts';

const RAX = 0;
const RCX = 1;
const RBX = 3;
const RSI = 6;
const RDI = 7;
const R12 = 12;
const STRINGS = [0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf] as const;

/** Opcode, reg field (undefined: any register) and bytes of the immediate of instructions with a memory operand. */
const ACCESSES: readonly (readonly [opcode: readonly number[], reg: number | undefined, immediateSize: number])[] = [
  [[0x8b], undefined, 0],
  [[0x8a], undefined, 0],
  [[0x89], undefined, 0],
  [[0x88], undefined, 0],
  [[0x01], undefined, 0],
  [[0x03], undefined, 0],
  [[0x39], undefined, 0],
  [[0x28], undefined, 0],
  [[0x11], undefined, 0],
  [[0x87], undefined, 0],
  [[0x86], undefined, 0],
  [[0xff], 0, 0],
  [[0xff], 6, 0],
  [[0xfe], 1, 0],
  [[0x8f], 0, 0],
  [[0xf7], 3, 0],
  [[0xf7], 2, 0],
  [[0xf6], 6, 0],
  [[0xd1], 4, 0],
  [[0xd0], 7, 0],
  [[0xc6], 0, 1],
  [[0x83], 0, 1],
  [[0x83], 7, 1],
  [[0x80], 1, 1],
  [[0x0f, 0xb6], undefined, 0],
  [[0x0f, 0xbf], undefined, 0],
  [[0x0f, 0xb1], undefined, 0],
  [[0x0f, 0xc1], undefined, 0],
  [[0x0f, 0xab], undefined, 0],
  [[0x0f, 0xba], 5, 1],
  [[0x0f, 0x44], undefined, 0],
  [[0x0f, 0x95], 0, 0],
];

const hasWideAddresses = ({ codeSize }: Form): boolean => codeSize !== 16;
const isPaged = ({ paging }: Form): boolean => paging !== 'none';

const SPECIAL_PAGES = [
  places.TOGGLE,
  places.TOGGLE,
  places.READ_ONLY,
  places.NOT_PRESENT,
  places.PRIVILEGED,
  places.DEVICE,
] as const;

/** An address that is something special. */
function specialAddress({ random, form }: ProgramWriter): bigint {
  const page = random.pick(
    isPaged(form)
      ? [...SPECIAL_PAGES, places.ALIAS + places.DATA]
      : [form.codeSize === 16 ? places.LOW_DEVICE : places.DEVICE, places.DATA, places.LOW_DEVICE],
  );
  const address = BigInt(page + random.pick([0, 8, 0x80, 0xff8, 0xffd, 0xfff, random.below(0x1000)]));
  if (form.codeSize !== 64 || random.chance(92)) return address;
  return random.pick([0x7fff_ffff_fffcn, 0x8000_0000_0000n, 0xffff_7fff_ffff_fffen, 0xffff_ffff_ffff_fffcn]);
}

/** Instructions on [r12 + disp8], [ebx + disp8] or [bx + disp8]. */
function accessesAt(program: ProgramWriter, address: bigint): void {
  const { code, random } = program;
  if (code.is64) code.loadWide(R12, address);
  else code.load(RBX, Number(address));
  for (let i = random.below(4); i >= 0; i--) {
    program.guarded(() => {
      const [opcode, fixed, immediateSize] = random.pick(ACCESSES);
      // Not to the registers with a meaning, nor to EBX.
      const reg = fixed ?? random.pick([0, 1, 2]);
      if (random.chance(20)) code.emit(0x66);
      if (code.is64) code.emit(0x41 | (random.chance(40) ? 8 : 0));
      code.emit(...opcode);
      const displacement = random.pick([0, 0, 1, 4, 7]);
      if (code.is64) code.emit(0x44 | (reg << 3), 0x24, displacement);
      else code.emit((code.codeSize === 16 ? 0x47 : 0x43) | (reg << 3), displacement);
      for (let n = 0; n < immediateSize; n++) code.emit(random.below(256));
    });
  }
}

/** Skips what follows but in some rounds. */
export function inSomeRounds(program: ProgramWriter, write: () => void): void {
  const { code, random } = program;
  const label = code.label();
  code.emit(0x36, 0xf6);
  code.absolute(0, places.COUNTER);
  code.emit(random.pick([0x07, 0x0f, 0x1f, 0x03, 0, 0]));
  code.emit(0x0f, 0x85);
  code.relative(label);
  write();
  code.bind(label);
}

/** Writes a byte of the code, perhaps by the alias of its page. */
export function patch(program: ProgramWriter, site: PatchSite = program.random.pick(program.patchable)): void {
  const { code, random } = program;
  const alias = isPaged(program.form) && random.chance(40) ? places.ALIAS : 0;
  const isRegister = random.chance(60) && site.values === undefined;
  // Through SS, which is flat everywhere.
  code.emit(0x36, isRegister ? 0x88 : 0xc6);
  code.absolute(0, site.label, alias);
  if (!isRegister) code.emit(site.values ? random.pick(site.values) : random.below(256));
}

/** Changes a page-table entry, and tells the processor. */
function changeEntry({ code, random }: ProgramWriter, change: { entry: number; value: number; linear: number }): void {
  code.emit(0xc7);
  code.absolute(0, change.entry);
  code.word(change.value, 4);
  if (random.chance(60)) {
    code.emit(0x0f, 0x01);
    code.absolute(7, change.linear);
    return;
  }
  // By CR3, whose value does not stay in EAX: programs must not find their tables.
  code.emit(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8, 0x31, 0xc0);
}

/** A string instruction with pointers that mostly are good. */
function writeString(program: ProgramWriter): void {
  const { code, random, form } = program;
  const { DATA, ALIAS } = places;
  const near = (): number => {
    const page = isPaged(form) && random.chance(25) ? ALIAS + DATA : DATA;
    return page + random.pick([random.below(0x300), 0xf80 + random.below(0x100), 0x800]);
  };
  const special = code.is64 && random.chance(25);
  const source = near();
  const target = random.chance(20) ? source + random.between(-9, 20) : near();
  code.load(RCX, random.chance(20) ? random.below(2) : random.chance(75) ? random.below(40) : random.below(900));
  if (random.chance(40)) code.load(RAX, random.pick([0, 0x2020_2020, 0x1234]));
  program.guarded(() => {
    code.load(RSI, source);
    code.load(RDI, target);
    if (special) code.loadWide(random.pick([RSI, RDI]), specialAddress(program));
    const isDown = random.chance(25);
    if (isDown) code.emit(0xfd);
    if (random.chance(15)) code.emit(0x66);
    if (code.is64 && random.chance(10)) code.emit(0x67);
    code.emit(...random.pick([[0xf3], [0xf3], [0xf2], []]));
    if (code.is64 && random.chance(40)) code.emit(0x48);
    code.emit(random.pick(STRINGS));
  });
  code.emit(0xfc);
  if (!code.is64) code.load(RSI, DATA);
}

export const MEMORY_SNIPPETS: readonly Snippet[] = [
  { weight: 4, write: (program) => accessesAt(program, specialAddress(program)) },
  { weight: 4, write: writeString },
  {
    // Long copies and fills, the source near the target or not.
    weight: 5,
    write: (program) => {
      const { code, random } = program;
      const source = places.DATA + random.below(0xf00);
      const isNear = random.chance(50);
      code.load(RCX, 17 + random.below(random.pick([40, 900])));
      if (random.chance(50)) code.load(RAX, 0x0101_0101 * random.below(256));
      program.guarded(() => {
        code.load(RSI, source);
        code.load(RDI, isNear ? source + random.between(-20, 40) : places.DATA + random.below(0xf00));
        code.emit(0xf3);
        if (code.is64 && random.chance(30)) code.emit(0x48);
        code.emit(random.pick([0xa4, 0xa5, 0xaa, 0xab]));
      });
      if (!code.is64) code.load(RSI, places.DATA);
    },
  },
  {
    // Device memory, by instructions and strings.
    weight: 2,
    write: (program) => {
      const isLow = program.form.paging === 'none';
      const page = isLow ? places.LOW_DEVICE : places.DEVICE;
      accessesAt(program, BigInt(page + program.random.pick([0, 4, 0x10, 0xffd])));
    },
  },
  {
    weight: 3,
    write: (program) => {
      for (let i = program.random.below(3); i >= 0; i--) program.patchSite();
      if (program.random.chance(50)) inSomeRounds(program, () => patch(program));
      for (let i = program.random.below(3); i >= 0; i--) program.patchSite();
      if (program.random.chance(30)) inSomeRounds(program, () => patch(program));
    },
  },
  {
    // Fills a row of instructions of one byte with others: stc, clc, cmc, nop, cbw, inc.
    weight: 2,
    write: (program) => {
      const { code, random } = program;
      const row = code.label();
      inSomeRounds(program, () => {
        program.guarded(() => {
          code.load(RCX, random.below(12));
          code.load(RAX, random.pick([0xf8, 0xf9, 0xf5, 0x90, 0x98]));
          if (code.is64) code.loadAddress(RDI, row);
          else code.loadAddress(RDI, row);
          code.emit(0xf3, 0xaa);
        });
      });
      code.bind(row);
      for (let i = 0; i < 12; i++) code.emit(0x90);
    },
  },
  {
    weight: 4,
    fits: (form) => isPaged(form) && form.cpl === 0,
    write: (program) => {
      const { random, entries } = program;
      const flags = random.pick([0x63, 0x63, 0x03, 0x61, 0x01, 0x62]);
      const page = random.pick([places.SPARE, places.DATA + 0x1000, places.SPARE]);
      changeEntry(program, { entry: entries?.data ?? 0, value: page | flags, linear: places.TOGGLE });
      accessesAt(program, BigInt(places.TOGGLE + random.pick([0, 0x20, 0xffa, 0xfff])));
    },
  },
  {
    // Functions in a page that changes, or whose bytes change.
    weight: 3,
    fits: isPaged,
    write: (program) => {
      const { code, random, form, entries } = program;
      const offset = 0x40 * random.below(4);
      const pages = random.chance(50) ? places.TOGGLED_PAGES : [...places.TOGGLED_PAGES].reverse();
      for (const page of pages) {
        if (form.cpl === 0 && random.chance(80)) {
          const value = page | random.pick([0x63, 0x23, 0x63, 0x21, 0x22]);
          changeEntry(program, { entry: entries?.code ?? 0, value, linear: places.TOGGLE_CODE });
        }
        if (random.chance(40)) {
          inSomeRounds(program, () => {
            // mov [second byte of the function], al
            code.emit(0x88);
            code.absolute(0, page + offset + 1);
          });
        }
        program.guarded(() => {
          code.load(RBX, places.TOGGLE_CODE + offset);
          code.emit(0xff, 0xd3);
        });
      }
    },
  },
  {
    weight: 2,
    fits: hasWideAddresses,
    write: ({ code, random }) => {
      // enter, leave; pusha, popa
      if (code.is64 || random.chance(50)) code.emit(0xc8, random.below(64), 0, random.below(3), 0xc9);
      else code.emit(0x60, 0x40, 0x61);
    },
  },
];
