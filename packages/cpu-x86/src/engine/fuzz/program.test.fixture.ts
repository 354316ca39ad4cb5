/** Random guest programs that run for long, get compiled, fault, branch, call, change their own code and their page tables. */
import { Assembler, type Label } from './assembler.test.fixture.ts';
import { CONTROL_SNIPPETS } from './control-snippets.test.fixture.ts';
import type { Form, ToggleEntries } from './machine.test.fixture.ts';
import { inSomeRounds, MEMORY_SNIPPETS, patch } from './memory-snippets.test.fixture.ts';
import { CODE, CODE_END, COUNTER, DATA, STACK } from './places.test.fixture.ts';
import { Random } from './random.test.fixture.ts';
import { InstructionChooser, type Roles, rolesOf } from './random-instruction.test.fixture.ts';
import { REGISTER_SNIPPETS } from './register-snippets.test.fixture.ts';
import { SYSTEM_SNIPPETS } from './system-snippets.test.fixture.ts';
import { VECTOR_SNIPPETS } from './vector-snippets.test.fixture.ts';

const RSP = 4;
/** Bytes that may follow what is written when the last page is nearly full. */
const MARGIN = 0x600;

/** Writes a part of a program. */
export interface Snippet {
  /** How often it is chosen, relative to others. */
  readonly weight: number;
  /** Whether it makes sense in a machine's mode. */
  fits?(form: Form): boolean;
  write(program: ProgramWriter): void;
}

/** A byte of the code that may be written, and the values that make sense there. */
export interface PatchSite {
  readonly label: Label;
  readonly values: readonly number[] | undefined;
}

const SNIPPETS: readonly Snippet[] = [
  ...CONTROL_SNIPPETS,
  ...MEMORY_SNIPPETS,
  ...REGISTER_SNIPPETS,
  ...SYSTEM_SNIPPETS,
];

/** Writes one program. */
export class ProgramWriter {
  readonly random: Random;
  readonly form: Form;
  readonly code: Assembler;
  readonly roles: Roles;
  readonly entries: ToggleEntries | undefined;
  readonly functions: Label[];
  /** Bytes in the code that may be written: immediates, and opcodes of instructions that are two bytes long whatever they do. */
  readonly patchable: PatchSite[] = [];
  readonly #chooser: InstructionChooser;

  constructor(seed: number, form: Form, entries: ToggleEntries | undefined) {
    this.random = new Random(seed);
    this.form = form;
    this.code = new Assembler(form.codeSize, CODE);
    this.roles = rolesOf(form.codeSize);
    this.entries = entries;
    this.#chooser = new InstructionChooser(this.random, form.codeSize);
    this.functions = Array.from({ length: this.random.below(4) }, () => this.code.label());
  }

  /** @returns the code; the counter is set by whoever places it */
  write(): Uint8Array {
    const { code, random, roles } = this;
    const known = this.form.hasVectors ? [...SNIPPETS, ...VECTOR_SNIPPETS] : SNIPPETS;
    const fitting = known.filter((snippet) => snippet.fits?.(this.form) ?? true);
    // A program has some kinds of parts, not all: so that rare combinations are not drowned.
    const chosen = fitting.filter(() => random.chance(60));
    const lottery = (chosen.length > 0 ? chosen : fitting).flatMap((one) => new Array<Snippet>(one.weight).fill(one));
    const top = code.label();
    code.bind(top);
    code.load(RSP, STACK);
    code.load(roles.pointer, DATA + random.pick([random.below(64), 0xfc0 + random.below(64)]));
    if (this.form.cpl === 0) code.emit(0xfb);
    code.emit(0xfc);
    const ends: Label[] = [];
    for (let parts = 4 + random.below(14); parts > 0 && code.here < CODE_END - MARGIN; parts--) {
      if (random.chance(8)) this.#moveToPageEnd();
      random.pick(lottery).write(this);
      // Now and then on to the end of another part, further on.
      if (random.chance(20)) {
        const label = code.label();
        ends.push(label);
        code.emit(0x0f, 0x80 + random.below(16));
        code.relative(label);
      }
      while (ends.length > 0 && random.chance(50)) code.bind(ends.shift() as Label);
    }
    for (const label of ends) code.bind(label);
    // dec counter in memory; jnz top; hlt; jmp $-3
    code.emit(0x36, 0xff);
    code.absolute(1, COUNTER);
    code.emit(0x0f, 0x85);
    code.relative(top);
    code.emit(0xf4, 0xeb, 0xfd);
    for (const label of this.functions) {
      code.bind(label);
      for (let n = random.below(6); n >= 0; n--) this.instruction(true);
      if (random.chance(85)) code.emit(0xc3);
      else code.emit(0xc2, 0x08, 0);
    }
    return Uint8Array.from(code.bytes);
  }

  /** Goes to where instructions lie across the end of a page, or right before it. */
  #moveToPageEnd(): void {
    const { code } = this;
    const left = 0x1000 - (code.here & 0xfff);
    if (left < 64 || code.here + left > CODE_END - MARGIN) return;
    const label = code.label();
    code.emit(0xe9);
    code.relative(label);
    const isPatched = this.random.chance(50);
    const target = code.here + (0x1000 - (code.here & 0xfff)) - (isPatched ? 1 : this.random.between(1, 30));
    while (code.here < target) code.emit(0x90);
    code.bind(label);
    if (!isPatched) {
      this.straight();
      return;
    }
    // An instruction whose second byte, on the next page, changes.
    const second = code.label();
    code.emit(0xb0 + this.random.below(4));
    code.bind(second);
    code.emit(0x11);
    inSomeRounds(this, () => patch(this, { label: second, values: undefined }));
  }

  /** A random instruction, with the place where to go on if it faults. */
  instruction(isInFunction = false): void {
    const end = this.code.label();
    this.code.loadAddress(this.roles.resume, end);
    const { before, bytes } = this.#chooser.choose({ isInFunction, address: this.code.here });
    this.code.emit(...before, ...bytes);
    this.code.bind(end);
  }

  /** A random instruction on vectors, with the place where to go on if it faults. */
  vector(): void {
    this.guarded(() => {
      const { before, bytes } = this.#chooser.chooseVector(this.code.here);
      this.code.emit(...before, ...bytes);
    });
  }

  /** Some random instructions: what follows one that faults is left out, or not. */
  straight(): void {
    const { random } = this;
    const count = 1 + random.below(8);
    if (random.chance(50)) {
      for (let i = 0; i < count; i++) this.instruction();
      return;
    }
    this.guarded(() => {
      for (let i = 0; i < count; i++) {
        const { before, bytes } = this.#chooser.choose({ isInFunction: false, address: this.code.here });
        this.code.emit(...before, ...bytes);
      }
    });
  }

  /** Code after whose end execution goes on if it faults. */
  guarded(write: () => void): void {
    const end = this.code.label();
    this.code.loadAddress(this.roles.resume, end);
    write();
    this.code.bind(end);
  }

  /** An instruction that only shows where: two bytes, of which one or both are changed elsewhere. */
  patchSite(): void {
    const { code, random } = this;
    const label = code.label();
    if (random.chance(50)) {
      code.emit(0xb0 + random.below(4));
      code.bind(label);
      code.emit(random.below(256));
      this.patchable.push({ label, values: undefined });
    } else {
      const values = [0x04, 0x0c, 0x24, 0x2c, 0x34, 0x3c, 0xb0, 0xb2];
      code.bind(label);
      code.emit(random.pick(values), random.below(256));
      this.patchable.push({ label, values });
    }
  }
}
