import { CODE_PAGES, codeBaseOf, SLOT_PAGE, SLOT_SIZE_BYTES, STATE, type VectorCase } from '@longmode/x86-vectors';
import { CS } from '../decode/instruction.ts';
import { MODE } from '../state/layout.ts';
import { loadCase } from './corpus-load.test.fixture.ts';
import type { RecordedProcess } from './recorded-process.test.fixture.ts';

const RAX = 0;
const FLAG_TF = 0x100;
/** JMP rAX: the compiler takes what has run near a jump to a computed target for what it may lead to. */
const JUMP = [0xff, 0xe0];
/** Slots that one such jump reaches. */
const SLOTS_NEAR = 16;
const NEAR_SIZE_BYTES: number = SLOTS_NEAR * SLOT_SIZE_BYTES;
/** A jump stands in the middle of its slots, behind the bytes that an instruction may take of one. */
const FIRST_PLACE: number = (SLOTS_NEAR / 2 - 1) * SLOT_SIZE_BYTES;
const INSTRUCTION_SIZE_BYTES = 16;
/** Runs of a block after which the compiler takes it. */
const RUNS = 2;

interface Kind {
  readonly codeSize: number;
  readonly hasVectors: boolean;
}

/**
 * Has the code of a batch compiled, as many cases as can be in one unit: a module for each case would take most of the
 * time. In each mode that cases have, each group of slots gets a jump to a computed target, which runs until it is hot.
 *
 * @param batch cases that have just run once
 * @param modes of their code, as `modeOf` tells
 */
export function compileTogether(
  process: RecordedProcess,
  batch: readonly VectorCase[],
  modes: readonly number[],
  kind: Kind,
): void {
  const landings = new Set(batch.map(landingOf));
  const jumps = new Map<number, number>();
  const done = new Set<string>();
  for (const [i, test] of batch.entries()) {
    const near = Math.floor((test.place - SLOT_PAGE) / NEAR_SIZE_BYTES);
    const key = `${near} ${modes[i]}`;
    if (done.has(key)) continue;
    done.add(key);
    let jump = jumps.get(near);
    if (jump === undefined) {
      jump = placeOfJump(SLOT_PAGE + near * NEAR_SIZE_BYTES, landings);
      if (jump === undefined) continue;
      jumps.set(near, jump);
      process.writeCode(Uint8Array.from(JUMP), jump);
    }
    for (let run = 0; run < RUNS; run++) jumpFrom(process, test, jump, kind);
  }
}

/** The mode of the code that the processor is about to execute. */
export const modeOf = ({ cpu }: RecordedProcess): number => cpu.state.field(MODE);

/** Where a case ended, if that is in the code pages: an offset there. */
function landingOf({ after }: VectorCase): number {
  const view = new DataView(after.buffer, after.byteOffset);
  return view.getUint32(STATE.RIP, true) + codeBaseOf(view.getUint16(STATE.SELECTORS + 2 * CS, true)) - CODE_PAGES;
}

/** A place between slots where no case ends. */
function placeOfJump(start: number, landings: ReadonlySet<number>): number | undefined {
  for (let slot = start + FIRST_PLACE; slot < start + FIRST_PLACE + 2 * SLOT_SIZE_BYTES; slot += SLOT_SIZE_BYTES) {
    for (let at = slot + INSTRUCTION_SIZE_BYTES; at < slot + SLOT_SIZE_BYTES - JUMP.length; at++) {
      if (JUMP.every((_, i) => !landings.has(at + i))) return at;
    }
  }
  return undefined;
}

/** Runs the jump at a place, with the segments of a case; it leads to the INT3 behind it. */
function jumpFrom(process: RecordedProcess, test: VectorCase, place: number, kind: Kind): void {
  const before = test.before.slice();
  const view = new DataView(before.buffer);
  const start = view.getUint32(STATE.RIP, true) + place - test.place;
  view.setUint32(STATE.RIP, start, true);
  view.setUint32(STATE.RFLAGS, view.getUint32(STATE.RFLAGS, true) & ~FLAG_TF, true);
  view.setBigUint64(STATE.GPR + 8 * RAX, BigInt(start + JUMP.length), true);
  loadCase(process, { ...test, before }, kind);
  process.run();
}
