import { describe, expect, it } from 'vitest';
import { CR0, CR3, DR, LDTR_INDEX, TR_INDEX } from '../../state/layout.ts';
import { FLAG_IF, FLAG_NT, FLAG_RF, FLAG_VM } from '../../state/rflags.ts';
import { OUTCOME_BRANCH, OUTCOME_FAULT } from './context.ts';
import { deliverEvent } from './event.ts';
import {
  CODE32,
  DATA32,
  FakeCpu,
  FREE,
  faultOf,
  GDT,
  gateDescriptor,
  HANDLER,
  LDT_SELECTOR,
  RAX,
  RCX,
  RSP,
  segmentDescriptor,
  TSS,
  TSS_SELECTOR,
  USER_CODE32,
  USER_DATA32,
} from './fake-cpu.test.fixture.ts';

const NEW_TSS = 0x9000;
const NEW = FREE;
const GATE = FREE + 8;
const TS = 10;
const NP = 11;
const GP = 13;

const jump = (selector: number): number[] => [0xea, 0, 0, 0, 0, selector & 0xff, selector >> 8];
const call = (selector: number): number[] => [0x9a, 0, 0, 0, 0, selector & 0xff, selector >> 8];
const busy = (cpu: FakeCpu, selector: number): boolean => ((cpu.bytes[GDT + selector + 5] ?? 0) & 2) !== 0;

/** A processor in the task of the test TSS, and a second task at `NEW` that is ready to run. */
function twoTasks(fields: Readonly<Record<number, number>> = {}, access = 0x89, limit = 0x67): FakeCpu {
  const cpu = new FakeCpu('protected');
  cpu.setDescriptor(TSS_SELECTOR, segmentDescriptor(TSS, 0x67, 0x8b, 0));
  cpu.setDescriptor(NEW, segmentDescriptor(NEW_TSS, limit, access, 0));
  cpu.setDescriptor(GATE, gateDescriptor(NEW, 0, 0xe5));
  const task: Record<number, number> = {
    28: 0x12345000, // CR3
    32: HANDLER,
    36: FLAG_IF | 2,
    40: 0xaaaa0000, // EAX
    56: 0xd000, // ESP
    72: DATA32,
    76: CODE32,
    80: DATA32,
    84: DATA32,
    ...fields,
  };
  for (const [offset, value] of Object.entries(task)) cpu.view.setUint32(NEW_TSS + Number(offset), value, true);
  cpu.state.setGpr(RAX, 0x11111111n);
  cpu.state.setGpr(RCX, 0x22222222n);
  return cpu;
}

describe('a task switch by JMP', () => {
  it('saves the old task, loads the new one, and moves the busy flag', () => {
    const cpu = twoTasks();
    expect(cpu.run(...jump(NEW))).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rip, cpu.state.gpr(RAX), cpu.state.gpr(RSP)]).toEqual([BigInt(HANDLER), 0xaaaa0000n, 0xd000n]);
    expect([cpu.state.segments[TR_INDEX]?.selector, cpu.state.rflags]).toEqual([NEW, FLAG_IF | 2]);
    expect([busy(cpu, TSS_SELECTOR), busy(cpu, NEW)]).toEqual([false, true]);
    expect(cpu.state.field(CR0) & 8).toBe(8);
    expect([0x20, 0x24, 0x28, 0x2c, 0x4c].map((at) => cpu.view.getUint32(TSS + at, true))).toEqual([
      0x4007,
      2,
      0x11111111,
      0x22222222,
      CODE32,
    ]);
    expect(cpu.view.getUint16(NEW_TSS, true)).toBe(0);
    expect(cpu.state.wideField(CR3)).toBe(0n);
  });

  it('loads CR3 only with paging', () => {
    const cpu = twoTasks();
    cpu.state.setField(CR0, 0x80000011);
    cpu.run(...jump(NEW));
    expect([cpu.state.wideField(CR3), cpu.pagingChanges]).toEqual([0x12345000n, [false]]);
  });

  it('there and back restores the old task', () => {
    const cpu = twoTasks();
    cpu.run(...jump(NEW));
    cpu.run(...jump(TSS_SELECTOR));
    expect([cpu.state.rip, cpu.state.gpr(RAX), cpu.state.gpr(RCX)]).toEqual([0x4007n, 0x11111111n, 0x22222222n]);
  });

  it.each([
    ['a busy TSS', twoTasks({}, 0x8b), GP, NEW],
    ['a TSS that is not present', twoTasks({}, 0x09), NP, NEW],
    ['a TSS that is too small', twoTasks({}, 0x89, 0x66), TS, NEW],
  ] as const)('refuses %s, and nothing has changed', (_name, cpu, vector, code) => {
    expect(faultOf(cpu, ...jump(NEW))).toEqual([vector, code]);
    expect(busy(cpu, TSS_SELECTOR)).toBe(true);
  });

  it('refuses a TSS of less DPL than CPL', () => {
    const cpu = twoTasks();
    cpu.enter('protected', 3);
    expect(faultOf(cpu, ...jump(NEW))).toEqual([GP, NEW]);
  });

  it('meets a page fault of the old TSS before anything changes', () => {
    const cpu = twoTasks();
    cpu.readOnly.add(TSS >> 12);
    expect(faultOf(cpu, ...jump(NEW))).toEqual([14, 3]);
  });
});

describe('a nested task', () => {
  it('is called through a task gate, with NT and the link, and IRET returns from it', () => {
    const cpu = twoTasks();
    expect(cpu.run(...call(GATE))).toBe(OUTCOME_BRANCH);
    expect(cpu.state.rflags).toBe(FLAG_NT | FLAG_IF | 2);
    expect(cpu.view.getUint16(NEW_TSS, true)).toBe(TSS_SELECTOR);
    expect([busy(cpu, TSS_SELECTOR), busy(cpu, NEW)]).toEqual([true, true]);
    expect(cpu.run(0xcf)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rip, cpu.state.segments[TR_INDEX]?.selector]).toEqual([0x4007n, TSS_SELECTOR]);
    expect([busy(cpu, TSS_SELECTOR), busy(cpu, NEW)]).toEqual([true, false]);
    expect(cpu.view.getUint32(NEW_TSS + 0x24, true) & FLAG_NT).toBe(0);
  });

  it('IRET to a task that is not busy faults with #TS', () => {
    const cpu = twoTasks();
    cpu.state.rflags = FLAG_NT | 2;
    cpu.view.setUint16(TSS, NEW, true);
    expect(faultOf(cpu, 0xcf)).toEqual([TS, NEW]);
  });

  it.each([
    ['set for a fault', 6, 'exception', FLAG_RF],
    ['clear for an interrupt', 0x30, 'external', 0],
  ] as const)('through a task gate in the IDT saves RF in the old task: %s', (_name, vector, kind, saved) => {
    const cpu = twoTasks();
    cpu.setGate(vector, NEW, 0, 0x85);
    deliverEvent(cpu, { vector, kind, rip: 0x4321n });
    expect(cpu.view.getUint32(TSS + 0x24, true)).toBe(saved | 2);
    expect(cpu.state.rflags & FLAG_RF).toBe(0);
  });

  it('handles exceptions through a task gate in the IDT, with the error code on its stack', () => {
    const cpu = twoTasks();
    cpu.setGate(8, NEW, 0, 0x85);
    expect(deliverEvent(cpu, { vector: 8, kind: 'exception', errorCode: 0x1234, rip: 0x4321n })).toBe('delivered');
    expect([cpu.state.rip, cpu.state.gpr(RSP)]).toEqual([BigInt(HANDLER), 0xcffcn]);
    expect(cpu.view.getUint32(0xcffc, true)).toBe(0x1234);
    expect(cpu.view.getUint32(TSS + 0x20, true)).toBe(0x4321);
  });
});

describe('a fault of the new task', () => {
  it.each([
    ['an LDT that is none', { 96: TSS_SELECTOR }, TS, TSS_SELECTOR],
    ['a null CS', { 76: 0 }, TS, 0],
    ['a CS that is data', { 76: DATA32 }, TS, DATA32],
    ['a null SS', { 80: 0 }, TS, 0],
    ['an SS of another level', { 80: USER_DATA32 }, TS, USER_DATA32 & ~3],
    ['a DS outside the GDT', { 84: 0x100 }, TS, 0x100],
    ['a DS of more privilege', { 76: USER_CODE32, 80: USER_DATA32, 84: DATA32 }, TS, DATA32],
  ] as const)('with %s is delivered in the new task', (_name, fields, vector, code) => {
    const cpu = twoTasks(fields);
    cpu.setGate(vector, CODE32, HANDLER + 0x100, 0x8e);
    // The handler needs a stack when the new task's own could not be loaded.
    cpu.run(...jump(NEW));
    const entry = cpu.exceptionLog.entries[0];
    expect([entry?.vector, entry?.errorCode, entry?.rip]).toEqual([vector, code, BigInt(HANDLER)]);
    expect(cpu.state.segments[TR_INDEX]?.selector).toBe(NEW);
  });

  it.each([
    ['a null SS', { 80: 0 }, 0x4ff8 - 16],
    ['an LDT that is none', { 96: TSS_SELECTOR }, 0x4ff8 - 16],
    ['a null CS, but a stack', { 76: 0 }, 0xd000 - 16],
  ] as const)('%s has a handler on the stack of level 0, or on its own', (_name, fields, pointer) => {
    // SS0:ESP0 of the new task; the frame there has SS and ESP too.
    const cpu = twoTasks({ ...fields, 4: 0x5000, 8: DATA32 });
    cpu.setGate(TS, CODE32, HANDLER + 0x100, 0x8e);
    cpu.run(...jump(NEW));
    expect([cpu.state.rip, cpu.state.gpr(RSP)]).toEqual([BigInt(HANDLER + 0x100), BigInt(pointer)]);
    expect([cpu.state.cpl, cpu.state.segments[2]?.selector]).toEqual([0, DATA32]);
  });

  it('after INT through a task gate is one of the new task: its T flag, and its RIP', () => {
    const cpu = twoTasks({ 100: 1 });
    cpu.setGate(0x30, NEW, 0, 0xe5);
    cpu.setGate(1, CODE32, HANDLER + 0x100, 0x8e);
    expect(cpu.run(0xcd, 0x30)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.rip).toBe(BigInt(HANDLER + 0x100));
    const frame = Number(cpu.state.gpr(RSP));
    expect([0, 4].map((at) => cpu.view.getUint32(frame + at, true))).toEqual([HANDLER, CODE32]);
    expect(cpu.state.field(DR + 48) & 0x8000).toBe(0x8000);
    // What is saved in the old task is the RIP behind INT.
    expect(cpu.view.getUint32(TSS + 0x20, true)).toBe(0x4002);
  });

  it('is its T flag, behind the error code of the exception that switched to it', () => {
    const cpu = twoTasks({ 100: 1 });
    cpu.setGate(13, NEW, 0, 0x85);
    cpu.setGate(1, CODE32, HANDLER + 0x100, 0x8e);
    deliverEvent(cpu, { vector: 13, kind: 'exception', errorCode: 0x1234, rip: 0x4321n });
    expect(cpu.state.rip).toBe(BigInt(HANDLER + 0x100));
    const frame = Number(cpu.state.gpr(RSP));
    expect([0, 4, 12].map((at) => cpu.view.getUint32(frame + at, true))).toEqual([HANDLER, CODE32, 0x1234]);
  });

  it('loads the LDT that the task names', () => {
    const cpu = twoTasks({ 96: LDT_SELECTOR });
    expect(cpu.run(...jump(NEW))).not.toBe(OUTCOME_FAULT);
    expect(cpu.state.segments[LDTR_INDEX]?.limit).toBe(0x3f);
  });

  it('enters virtual-8086 mode by the EFLAGS of the task', () => {
    const cpu = twoTasks({ 36: FLAG_VM | 2, 76: 0x1000, 80: 0x2000, 32: 0x10 });
    cpu.run(...jump(NEW));
    expect([cpu.state.cpl, cpu.state.segments[1]?.base, cpu.state.segments[2]?.base]).toEqual([3, 0x10000n, 0x20000n]);
  });
});
