import { describe, expect, it } from 'vitest';
import { CR2, IDTR_LIMIT } from '../../state/layout.ts';
import { NO_ERROR_CODE } from './context.ts';
import { deliverEvent } from './event.ts';
import { type ExceptionEntry, ExceptionLog } from './exception-log.ts';
import { describeChain, describeException, exceptionName, exceptionTitle } from './exception-text.ts';
import { CODE64, FakeCpu, HANDLER, RAX, RSP, TSS_SELECTOR } from './fake-cpu.test.fixture.ts';

const chain = (cpu: FakeCpu): string[] => describeChain(cpu.exceptionLog.lastChain);

/** A processor in 64-bit mode with present gates for some vectors. */
function withGates(...vectors: number[]): FakeCpu {
  const cpu = new FakeCpu('64-bit');
  for (const vector of vectors) cpu.setLongGate(vector, CODE64, BigInt(HANDLER), 0x8e);
  return cpu;
}

const pageFault = { vector: 14, kind: 'exception', errorCode: 2, rip: 0x2010f4n } as const;

const entry = (fields: Partial<ExceptionEntry>): ExceptionEntry => ({
  sequence: 1,
  chain: 1,
  vector: 13,
  kind: 'exception',
  errorCode: NO_ERROR_CODE,
  rip: 0x201000n,
  selector: 8,
  rsp: 0x8000n,
  cpl: 0,
  mode: '64-bit',
  fate: 'delivered',
  ...fields,
});

describe('describeException', () => {
  it.each([
    [
      'a page fault',
      { vector: 14, errorCode: 2, cr2: 0xdeadbeefn },
      '#PF page fault (vector 14, error code 0x2) at RIP 0x20_1000, CR2 0xdead_beef (CS 0x8, CPL 0, 64-bit mode): ' +
        'supervisor-mode write at 0xdead_beef: the page is not present',
    ],
    [
      'a null pointer',
      { vector: 14, errorCode: 4, cr2: 0x10n, cpl: 3 },
      '#PF page fault (vector 14, error code 0x4) at RIP 0x20_1000, CR2 0x10 (CS 0x8, CPL 3, 64-bit mode): ' +
        'user-mode read at 0x0000_0010: the page is not present (a null pointer?)',
    ],
    [
      'a call of nothing',
      { vector: 14, errorCode: 0x10, cr2: 0n, rip: 0n },
      '#PF page fault (vector 14, error code 0x10) at RIP 0x0, CR2 0x0 (CS 0x8, CPL 0, 64-bit mode): ' +
        'supervisor-mode instruction fetch at 0x0000_0000: the page is not present (a call through a null pointer?)',
    ],
    [
      'a stack that ran into its guard page',
      { vector: 14, errorCode: 2, cr2: 0x7ff8n },
      '#PF page fault (vector 14, error code 0x2) at RIP 0x20_1000, CR2 0x7ff8 (CS 0x8, CPL 0, 64-bit mode): ' +
        'supervisor-mode write at 0x0000_7ff8: the page is not present (RSP is 0x8000: a stack overflow?)',
    ],
    [
      'a reason and an instruction count',
      { vector: 6, reason: 'MONITOR is not emulated', instructionCount: 1234 },
      '#UD invalid opcode (vector 6) at RIP 0x20_1000 (CS 0x8, CPL 0, 64-bit mode) after 1234 instructions: ' +
        'MONITOR is not emulated',
    ],
    [
      'a selector',
      { errorCode: 0x1c },
      '#GP general protection (vector 13, error code 0x1c: selector 0x1c, LDT entry 3) ' +
        'at RIP 0x20_1000 (CS 0x8, CPL 0, 64-bit mode)',
    ],
    [
      'real mode',
      { mode: 'real-address', selector: 0xf000, rip: 0xfff0n, errorCode: 0 },
      '#GP general protection (vector 13) at 0xf000:0xfff0 (real-address mode)',
    ],
    [
      'an interrupt',
      { vector: 32, kind: 'external' },
      'external interrupt 32 at RIP 0x20_1000 (CS 0x8, CPL 0, 64-bit mode)',
    ],
  ] as const)('says %s', (_name, fields, text) => {
    expect(describeException(entry(fields as Partial<ExceptionEntry>))).toBe(text);
  });
});

describe('exceptionTitle', () => {
  it.each([
    [{ vector: 14, errorCode: 2, cr2: 0xdeadbeefn }, 'page fault writing 0xdead_beef'],
    [{ vector: 14, errorCode: 0, cr2: 0x1_2000n }, 'page fault reading 0x1_2000'],
    [{ vector: 14, errorCode: 0x10, cr2: 0n }, 'page fault executing 0x0 (a call through a null pointer?)'],
    [{ vector: 14, errorCode: 2, cr2: 0x7ff8n }, 'page fault writing 0x7ff8 (a stack overflow?)'],
    [{ vector: 0 }, 'divide error'],
    [{ vector: 13, errorCode: 0 }, 'general protection fault'],
    [{ vector: 6, reason: 'MOVUPS with CR4.OSFXSR clear' }, 'invalid opcode (MOVUPS with CR4.OSFXSR clear)'],
    [{ vector: 33, kind: 'external', fate: 'failed' }, 'external interrupt 33 that could not be delivered'],
    [{ vector: 0x80, kind: 'software', fate: 'failed' }, 'INT 0x80 that could not be delivered'],
  ] as const)('%o', (fields, title) => {
    expect(exceptionTitle(entry(fields))).toBe(title);
  });
});

describe('describeChain', () => {
  it('explains a triple fault without an IDT', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setField(IDTR_LIMIT, 0);
    cpu.state.setWideField(CR2, 0xdeadbeefn);
    expect(deliverEvent(cpu, pageFault)).toBe('shutdown');
    expect(chain(cpu)).toEqual([
      '#PF page fault (vector 14, error code 0x2) at RIP 0x20_10f4, CR2 0xdead_beef (CS 0x28, CPL 0, 64-bit mode): ' +
        'supervisor-mode write at 0xdead_beef: the page is not present',
      'delivering #PF failed while reading the IDT: the IDT limit 0x0 holds no gate for vector 14 → ' +
        '#GP general protection (vector 13, error code 0x73: IDT entry 14, while another event was delivered)',
      '#GP, a contributory exception, while #PF was delivered → #DF double fault (vector 8)',
      'delivering #DF failed while reading the IDT: the IDT limit 0x0 holds no gate for vector 8 → ' +
        '#GP general protection (vector 13, error code 0x43: IDT entry 8, while another event was delivered)',
      '#GP, a contributory exception, while #DF was delivered → triple fault, the processor shuts down',
    ]);
  });

  it('explains a kernel stack overflow without an IST', () => {
    const cpu = withGates(14, 8);
    cpu.state.setGpr(RSP, 0x10000202000n);
    cpu.state.setWideField(CR2, 0x10000201ff8n);
    deliverEvent(cpu, pageFault);
    expect(chain(cpu)).toEqual([
      '#PF page fault (vector 14, error code 0x2) at RIP 0x20_10f4, CR2 0x100_0020_1ff8 (CS 0x28, CPL 0, 64-bit mode): ' +
        'supervisor-mode write at 0x0000_0100_0020_1ff8: the page is not present ' +
        '(RSP is 0x100_0020_2000: a stack overflow?)',
      'delivering #PF failed while pushing the return frame: ' +
        'supervisor-mode write at 0x0000_0100_0020_1ff8: the page is not present → ' +
        '#PF page fault (vector 14, error code 0x2)',
      'a page fault while #PF was delivered → #DF double fault (vector 8)',
      'delivering #DF failed while pushing the return frame: ' +
        'supervisor-mode write at 0x0000_0100_0020_1ff8: the page is not present → ' +
        '#PF page fault (vector 14, error code 0x2)',
      'a page fault while #DF was delivered → triple fault, the processor shuts down',
    ]);
  });

  it('explains a double fault that has a handler', () => {
    const cpu = withGates(8);
    deliverEvent(cpu, { vector: 32, kind: 'external', rip: 0x201000n });
    expect(chain(cpu)).toEqual([
      'external interrupt 32 at RIP 0x20_1000 (CS 0x28, CPL 0, 64-bit mode)',
      'delivering external interrupt 32 failed while reading the IDT: IDT entry 32 is empty (all zero, not present) → ' +
        '#GP general protection (vector 13, error code 0x103: IDT entry 32, while another event was delivered)',
      'delivering #GP failed while reading the IDT: IDT entry 13 is empty (all zero, not present) → ' +
        '#GP general protection (vector 13, error code 0x6b: IDT entry 13, while another event was delivered)',
      '#GP, a contributory exception, while #GP was delivered → #DF double fault (vector 8)',
      '#DF was delivered to its handler',
    ]);
  });

  it('says what instruction failed and why', () => {
    const cpu = withGates(13);
    cpu.state.setGpr(RAX, BigInt(TSS_SELECTOR));
    cpu.run(0x8e, 0xd8); // mov ds, eax
    cpu.takeRaised();
    deliverEvent(cpu, { vector: 13, errorCode: TSS_SELECTOR, kind: 'exception', rip: cpu.state.rip });
    expect(chain(cpu)).toEqual([
      '#GP general protection (vector 13, error code 0x48: selector 0x48, GDT entry 9) ' +
        'at RIP 0x4000 (CS 0x28, CPL 0, 64-bit mode): selector 0x48 (GDT entry 9) is a TSS, not a readable segment',
    ]);
  });

  it('says which software interrupt failed', () => {
    const cpu = new FakeCpu('64-bit', 3);
    cpu.setLongGate(0x80, CODE64, BigInt(HANDLER), 0x8e);
    cpu.setLongGate(13, CODE64, BigInt(HANDLER), 0x8e);
    cpu.run(0xcd, 0x80);
    const raised = cpu.takeRaised();
    expect(raised).toEqual({ vector: 13, errorCode: 0x402 });
    deliverEvent(cpu, { vector: 13, errorCode: 0x402, kind: 'exception', rip: cpu.state.rip });
    expect(chain(cpu)).toEqual([
      'delivering INT 0x80 failed while reading the IDT → ' +
        '#GP general protection (vector 13, error code 0x402: IDT entry 128) ' +
        'at RIP 0x4000 (CS 0x33, CPL 3, 64-bit mode): IDT entry 128 has DPL 0, below CPL 3',
    ]);
  });

  it('is empty for no entries', () => {
    expect(describeChain([])).toEqual([]);
  });
});

describe('exceptionName', () => {
  it('knows exceptions, and numbers the other vectors', () => {
    expect([0, 14, 21, 32, 255].map(exceptionName)).toEqual(['#DE', '#PF', '#CP', 'vector 32', 'vector 255']);
  });
});

describe('ExceptionLog', () => {
  it('keeps the first and the last entries and counts all', () => {
    const cpu = withGates(6);
    for (let i = 0; i < 100; i += 1) deliverEvent(cpu, { vector: 6, kind: 'exception', rip: BigInt(i) });
    const { entries } = cpu.exceptionLog;
    expect([entries.length, cpu.exceptionLog.total]).toEqual([64, 100]);
    expect([0, 15, 16, 63].map((index) => entries[index]?.rip)).toEqual([0n, 15n, 52n, 99n]);
    expect(cpu.exceptionLog.lastChain).toHaveLength(1);
  });

  it('does not attach a reason to another exception', () => {
    const log = new ExceptionLog();
    log.explain(13, 0, 'why');
    expect(log.takeExplanation(14, 0)).toEqual({});
    expect(log.takeExplanation(13, 0)).toEqual({});
    log.explain(13, 0, 'why');
    expect(log.takeExplanation(13, 0)).toEqual({ reason: 'why' });
  });

  it('is plain data', () => {
    const cpu = new FakeCpu('64-bit');
    deliverEvent(cpu, pageFault);
    expect(structuredClone(cpu.exceptionLog.entries)).toEqual(cpu.exceptionLog.entries);
  });
});
