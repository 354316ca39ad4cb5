/**
 * Exceptions during the delivery of others: one after the other, double fault, shutdown.
 *
 * @source SDM Vol. 3A "Interrupt 8—Double Fault Exception (#DF)", "Conditions for Generating a Double Fault"; "Error Code"
 */
import { describe, expect, it } from 'vitest';
import { fromHex } from '../machines.test.fixture.ts';
import { CR2, TR_INDEX } from '../state/layout.ts';
import { FLAG_IF } from '../state/rflags.ts';
import { CODE, INTERRUPT, TracedMachine } from './event-trace.test.fixture.ts';

const IDT = 0x9000;
const TSS = 0x7000;
/** RAM ends here: a stack of the interrupt-stack table that is not mapped. */
const NOWHERE = 0x40_0000;
const GOOD_STACK = 0x6_0000;

/** Ways to make the delivery of a vector fail. */
const ways = {
  /** The gate is not present: #NP. */
  np: (m: TracedMachine, vector: number): void => m.cpu.memory.write8(IDT + 16 * vector + 5, 0x0e),
  /** The gate names data: #GP with its selector. */
  gp: (m: TracedMachine, vector: number): void => m.cpu.memory.write8(IDT + 16 * vector + 2, 0x10),
  /** The stack is not mapped: #PF. */
  pf: (m: TracedMachine, vector: number): void => m.cpu.memory.write8(IDT + 16 * vector + 4, 1),
} as const;
type Way = keyof typeof ways;

/** First events. Each ends by its own handler with HLT, so that nothing comes twice. */
const firsts: Readonly<Record<string, { vector: number; code: string; prepare?: (m: TracedMachine) => void }>> = {
  '#UD': { vector: 6, code: '0f0b f4' },
  'INT n': { vector: 0x21, code: 'cd21 f4' },
  'an interrupt': { vector: INTERRUPT, code: '90 f4', prepare: (m) => m.flags(FLAG_IF).cpu.setInterruptLine(true) },
  'an NMI': { vector: 2, code: '90 f4', prepare: (m) => m.cpu.raiseNmi() },
  '#DB': { vector: 1, code: '90 f4', prepare: (m) => m.breakpoints({ at: CODE }) },
  // div ecx
  '#DE': { vector: 0, code: '31c9 f7f1 f4' },
  // mov ss, eax: a selector beyond the GDT
  '#GP': { vector: 13, code: 'b833000000 8ed0 f4' },
  // mov eax, [300000h]
  '#PF': { vector: 14, code: '8b042500003000 f4' },
};

/** The vectors that were tried to deliver, with their error codes, and how it ended. */
function deliver(engine: 'interpreter' | 'jit' | 'check', name: string, failing: readonly [number, Way][]): string[] {
  const first = firsts[name] as (typeof firsts)[string];
  const machine = new TracedMachine(engine, first.code);
  const { cpu } = machine;
  cpu.state.segments[TR_INDEX]?.load(0x18, BigInt(TSS), 0x67, 0x8b);
  cpu.memory.write32(TSS + 0x24, NOWHERE);
  cpu.memory.write32(TSS + 0x2c, GOOD_STACK);
  for (let vector = 0; vector < 0x40; vector++) cpu.memory.write(machine.handlerOf(vector), fromHex('f4'));
  for (const [vector, way] of failing) ways[way](machine, vector);
  first.prepare?.(machine);
  cpu.synchronize();
  const reason = cpu.run(100);
  const tried = cpu.exceptionLog.entries
    .filter(({ fate, kind }) => fate !== 'merged' && kind !== 'software')
    .map(({ vector, errorCode }) => (errorCode === -1 ? `${vector}` : `${vector}(${errorCode.toString(16)})`));
  return [...tried, reason];
}

const FAULT_PRESENT_NOT = '14(2)';
const np = (vector: number, ext: number): string => `11(${(vector * 8 + 2 + ext).toString(16)})`;

describe.each(['interpreter', 'jit', 'check'] as const)('in %s', (engine) => {
  it.each([
    ['#UD', 1],
    ['INT n', 0],
    ['an interrupt', 1],
    ['an NMI', 1],
    ['#DB', 1],
  ] as const)('a benign event, %s, and a second exception are handled one after the other', (name, ext) => {
    const { vector } = firsts[name] as (typeof firsts)[string];
    const own = name === 'INT n' || name === 'an interrupt' ? [] : [`${vector}`];
    const shown = name === 'an interrupt' ? [`${vector}`] : own;
    expect(deliver(engine, name, [[vector, 'np']])).toEqual([...shown, np(vector, ext), 'halted']);
    expect(deliver(engine, name, [[vector, 'gp']])).toEqual([...shown, `13(${(0x10 + ext).toString(16)})`, 'halted']);
    expect(deliver(engine, name, [[vector, 'pf']])).toEqual([...shown, FAULT_PRESENT_NOT, 'halted']);
  });

  it.each(['#DE', '#GP'])('a contributory exception, %s, and a contributory one are a double fault', (name) => {
    const { vector } = firsts[name] as (typeof firsts)[string];
    const first = vector === 0 ? '0' : '13(30)';
    expect(deliver(engine, name, [[vector, 'np']])).toEqual([first, '8(0)', 'halted']);
    expect(deliver(engine, name, [[vector, 'gp']])).toEqual([first, '8(0)', 'halted']);
    // A page fault is handled by itself.
    expect(deliver(engine, name, [[vector, 'pf']])).toEqual([first, FAULT_PRESENT_NOT, 'halted']);
  });

  it('a page fault and a contributory exception or another page fault are a double fault', () => {
    const first = '14(0)';
    expect(deliver(engine, '#PF', [[14, 'np']])).toEqual([first, '8(0)', 'halted']);
    expect(deliver(engine, '#PF', [[14, 'gp']])).toEqual([first, '8(0)', 'halted']);
    expect(deliver(engine, '#PF', [[14, 'pf']])).toEqual([first, '8(0)', 'halted']);
  });

  it('the class that counts is that of the last exception which was handled by itself', () => {
    expect(
      deliver(engine, '#UD', [
        [6, 'np'],
        [11, 'np'],
      ]),
    ).toEqual(['6', np(6, 1), '8(0)', 'halted']);
    expect(
      deliver(engine, '#UD', [
        [6, 'pf'],
        [14, 'pf'],
      ]),
    ).toEqual(['6', FAULT_PRESENT_NOT, '8(0)', 'halted']);
    expect(
      deliver(engine, '#GP', [
        [13, 'pf'],
        [14, 'np'],
      ]),
    ).toEqual(['13(30)', FAULT_PRESENT_NOT, '8(0)', 'halted']);
    expect(
      deliver(engine, '#UD', [
        [6, 'np'],
        [11, 'pf'],
      ]),
    ).toEqual(['6', np(6, 1), FAULT_PRESENT_NOT, 'halted']);
  });

  it.each(['np', 'gp', 'pf'] as const)('a second exception of a double fault shuts down: by %s', (way) => {
    expect(
      deliver(engine, '#GP', [
        [13, 'np'],
        [8, way],
      ]),
    ).toEqual(['13(30)', '8(0)', 'shutdown']);
    expect(
      deliver(engine, '#PF', [
        [14, 'pf'],
        [8, way],
      ]),
    ).toEqual(['14(0)', '8(0)', 'shutdown']);
  });

  it('a double fault pushes an error code of 0 and the place of the first exception, and CR2 tells of the last page fault', () => {
    const machine = new TracedMachine(engine, '8b042500003000 f4');
    const { cpu } = machine;
    cpu.state.segments[TR_INDEX]?.load(0x18, BigInt(TSS), 0x67, 0x8b);
    cpu.memory.write32(TSS + 0x24, NOWHERE);
    ways.pf(machine, 14);
    cpu.synchronize();
    machine.handlers.set(8, (m) => m.cpu.requestStop());
    expect(machine.run()).toEqual(['DF@0 (0) RF', 'stopped']);
    expect(cpu.state.wideField(CR2)).toBe(BigInt(NOWHERE - 8));
  });
});
