import { readFileSync } from 'node:fs';
import type { ExceptionEntry } from '@longmode/cpu-x86';
import { describe, expect, it } from 'vitest';
import { explainOutcome, standsAt } from './explain.ts';
import { InterruptHistory } from './interrupt-history.ts';
import { loadImage } from './load.ts';
import type { Pc } from './pc.ts';
import { exitCodeOf, makeReport, type Report } from './report.ts';
import { SerialLog } from './serial-log.ts';

function run(name: string): { lines: string[]; report: Report } {
  const bytes = new Uint8Array(readFileSync(new URL(`../../../kernels/images/${name}`, import.meta.url)));
  const serial = new SerialLog();
  const events = { onSerial: (byte: number): void => serial.add(byte) };
  const { pc, plan } = loadImage(bytes, { ramSizeBytes: 16 * 2 ** 20 }, { events });
  const outcome = pc.run({ instructions: 1_000_000 });
  const lines = explainOutcome(pc, outcome, plan.places);
  expect(standsAt(pc)).toMatch(/^at /);
  return { lines, report: makeReport(pc, { outcome, serial, places: plan.places }) };
}

describe('the end of a run in words', () => {
  it('tells a page fault with its function, its address and what followed', () => {
    const { lines } = run('fault-page-fault.elf');
    expect(lines[0]).toMatch(/^triple fault: page fault writing 0xdead_beef in page_fault::write_to_nowhere\+0x5 \(/);
    expect(lines[1]).toMatch(
      /^1\. #PF page fault \(vector 14, error code 0x2\) at RIP 0x20_1148 in page_fault::write_to_nowhere\+0x5 .*CR2 0xdead_beef/,
    );
    expect(lines.slice(2).join('\n')).toMatch(/delivering #PF failed[\s\S]*#DF double fault[\s\S]*triple fault/);
  });

  it('tells the exceptions that led to the last one, and where the handler should have been', () => {
    const { lines } = run('fault-divide-error.elf');
    expect(lines[0]).toMatch(/^triple fault: divide error in divide_error::divide_by_zero\+0x9 \(/);
    expect(lines[1]).toMatch(/^1\. #DE divide error .* in divide_error::divide_by_zero\+0x9 /);
    expect(lines[2]).toMatch(/^2\. #PF page fault .* at RIP 0x4444_4444_0000,/);
    expect(lines.at(-1)).toMatch(/^the IDT's handler for #DE is at 0x4444_4444_0000, where no code can run/);
  });

  it('counts exceptions that repeat instead of telling each', () => {
    const fault = (sequence: number): ExceptionEntry => ({
      sequence,
      chain: sequence,
      vector: 14,
      kind: 'exception',
      errorCode: 0x10,
      rip: 0x1000n,
      selector: 8,
      rsp: 0x8000n - BigInt(sequence),
      cpl: 0,
      mode: '64-bit',
      cr2: 0x1000n,
      instructionCount: sequence,
      fate: 'delivered',
    });
    const entries = Array.from({ length: 64 }, (_, index) => fault(20_001 + index));
    const chain = entries.slice(-1);
    const cpu = { exceptionLog: { entries, total: 20_064 } };
    const pc = { cpu, interruptHistory: new InterruptHistory() } as unknown as Pc;
    const lines = explainOutcome(pc, { kind: 'triple-fault', chain });
    expect(lines.length).toBe(3);
    expect(lines[0]).toBe('triple fault: page fault executing 0x1000');
    expect(lines[1]).toBe('(20063 exceptions before; the last: #PF at RIP 0x1000)');
    expect(lines[2]).toMatch(/^1\. #PF page fault /);
  });

  it.each([
    ['fault-halt-forever.elf', /^halted for ever: HLT with interrupts off at RIP 0x\S+ in faults::halt/],
    ['fault-deadlock.elf', /^still running at RIP 0x\S+ in deadlock::take_the_lock/],
    ['fault-reset-cf9.elf', /^the guest asked for a reset at RIP 0x\S+ in reset_cf9::reset/],
    ['hello.elf', /^the guest wrote 0x10 to the debug-exit port: exit code 33$/],
  ])('tells where %s stands', (name, line) => {
    expect(run(name).lines).toEqual([expect.stringMatching(line)]);
  });
});

it('a guest that waits in HLT at a limit is told to wait', () => {
  const sector = new Uint8Array(512);
  sector.set([0xfb, 0xf4, 0xeb, 0xfd]); // sti; next: hlt; jmp next
  sector.set([0x55, 0xaa], 510);
  const { pc } = loadImage(sector, { ramSizeBytes: 2 ** 20 });
  const outcome = pc.run({ instructions: 10_000_000, untilTick: 1e9 });
  expect(explainOutcome(pc, outcome)).toEqual(['waiting in HLT at 0x0000:0x7c01']);
});

describe('the end of a run as data', () => {
  it('is plain data with screen, serial text and registers', () => {
    const { report } = run('hello.elf');
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report).toMatchObject({ outcome: 'debug-exit', exitCode: 33, debugExitValue: 16, reboots: 0 });
    expect(report.screen.length).toBe(25);
    expect(report.screen[23]).toBe('Hello World!');
    expect(report.serial).toBe('Hello World!\r\n');
    expect(report.instructions).toBeGreaterThan(100);
    expect(report.registers).toMatchObject({ cs: '0x8', cr0: '0x80010011', efer: '0xd00' });
    for (const value of Object.values(report.registers)) expect(value).toMatch(/^0x[0-9a-f]+$/);
    expect(Object.keys(report.registers)).toEqual(expect.arrayContaining(['rax', 'r15', 'rip', 'rflags', 'cr2', 'gs']));
  });

  it('lists exceptions', () => {
    const { report } = run('fault-page-fault.elf');
    expect(report.exceptions[0]).toMatchObject({
      vector: 14,
      name: '#PF',
      errorCode: '0x2',
      rip: '0x201148',
      cr2: '0xdeadbeef',
      mode: '64-bit',
    });
    expect(report.exceptions[0]?.place).toMatch(/^page_fault::write_to_nowhere\+0x5/);
    expect(report.exceptionCount).toBe(report.exceptions.length);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describe('exit codes', () => {
  it.each([
    [{ kind: 'debug-exit', value: 0x10 }, undefined, 33],
    [{ kind: 'debug-exit', value: 0x10 }, 33, 0],
    [{ kind: 'debug-exit', value: 0x11 }, 33, 35],
    [{ kind: 'debug-exit', value: 0xffffffff }, undefined, 255],
    [{ kind: 'triple-fault', chain: [] }, 100, 100],
    [{ kind: 'halted', rip: 0n }, undefined, 102],
    [{ kind: 'idle', rip: 0n }, undefined, 102],
    [{ kind: 'power-off' }, undefined, 0],
    [{ kind: 'reset' }, undefined, 104],
    [{ kind: 'limit' }, undefined, 124],
    [{ kind: 'stopped' }, undefined, 130],
  ] as const)('%o, success code %s: %i', (outcome, successCode, code) => {
    expect(exitCodeOf(outcome, successCode)).toBe(code);
  });
});
