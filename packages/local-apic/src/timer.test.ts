import { describe, expect, it } from 'vitest';
import { enabledBench } from './bench.test.fixture.ts';

const ONE_SHOT = 0x40;
const PERIODIC = 0x2_0040;
const TSC_DEADLINE = 0x4_0040;
const MASKED = 0x1_0000;
/** Divide by 1. */
const BY_1 = 0x0b;
const IA32_TSC_DEADLINE = 0x6e0;

describe('the count', () => {
  it.each([
    [0x0, 2],
    [0x1, 4],
    [0x2, 8],
    [0x3, 16],
    [0x8, 32],
    [0x9, 64],
    [0xa, 128],
    [0xb, 1],
  ])('with divide configuration %d goes down once in %i ticks', (code, divisor) => {
    const { clock, read, write } = enabledBench();
    clock.advanceTo(1000);
    write('divide', code);
    write('initialCount', 10);
    clock.advanceTo(1000 + divisor - 1);
    expect(read('currentCount')).toBe(10);
    clock.advanceTo(1000 + divisor);
    expect(read('currentCount')).toBe(9);
    clock.advanceTo(1000 + 10 * divisor);
    expect([read('currentCount'), read('initialCount'), read('divide')]).toEqual([0, 10, code]);
  });

  it('goes on from where it is when the divisor changes', () => {
    const { clock, read, write } = enabledBench();
    write('divide', BY_1);
    write('initialCount', 1000);
    clock.advanceTo(400);
    write('divide', 0);
    clock.advanceTo(500);
    expect(read('currentCount')).toBe(550);
  });

  it('reads 0 once a one-shot has expired, and stays there in periodic mode', () => {
    const { clock, read, write } = enabledBench();
    write('divide', BY_1);
    write('initialCount', 100);
    clock.advanceTo(150);
    write('timer', PERIODIC);
    clock.advanceTo(170);
    expect(read('currentCount')).toBe(0);
  });
});

describe('one-shot mode', () => {
  it('interrupts once, at the tick at which the count is 0', () => {
    const { clock, write, vectors, apic } = enabledBench();
    write('timer', ONE_SHOT);
    write('divide', BY_1);
    write('initialCount', 100);
    clock.advanceTo(99);
    expect(vectors('irr')).toEqual([]);
    clock.advanceTo(100);
    expect(vectors('irr')).toEqual([0x40]);
    apic.acknowledge();
    write('eoi', 0);
    clock.advanceTo(10_000);
    expect([vectors('irr'), clock.nextDeadline]).toEqual([[], null]);
  });

  it('is started anew by another initial count and stopped by 0', () => {
    const { clock, write, vectors } = enabledBench();
    write('timer', ONE_SHOT);
    write('divide', BY_1);
    write('initialCount', 100);
    clock.advanceTo(50);
    write('initialCount', 100);
    clock.advanceTo(149);
    expect(vectors('irr')).toEqual([]);
    write('initialCount', 0);
    clock.advanceTo(1000);
    expect(vectors('irr')).toEqual([]);
  });

  it('loses an expiry that finds it masked', () => {
    const { clock, write, vectors } = enabledBench();
    write('timer', ONE_SHOT | MASKED);
    write('divide', BY_1);
    write('initialCount', 100);
    expect(clock.nextDeadline).toBe(null);
    clock.advanceTo(200);
    write('timer', ONE_SHOT);
    clock.advanceTo(1000);
    expect(vectors('irr')).toEqual([]);
  });
});

describe('periodic mode', () => {
  it('reloads itself', () => {
    const { clock, read, write, apic } = enabledBench();
    write('timer', PERIODIC);
    write('divide', BY_1);
    write('initialCount', 100);
    const served: number[] = [];
    for (let tick = 1; tick <= 350; tick++) {
      clock.advanceTo(tick);
      if (!apic.isRequesting) continue;
      served.push(tick);
      apic.acknowledge();
      write('eoi', 0);
    }
    expect(served).toEqual([100, 200, 300]);
    expect(read('currentCount')).toBe(50);
  });

  it('waits for nothing while its interrupt is requested already, and keeps its phase', () => {
    const { clock, write, apic, vectors } = enabledBench();
    write('timer', PERIODIC);
    write('divide', BY_1);
    write('initialCount', 1);
    clock.advanceTo(1);
    expect([vectors('irr'), clock.nextDeadline]).toEqual([[0x40], null]);
    write('initialCount', 100);
    clock.advanceTo(1_000_000_000);
    apic.acknowledge();
    expect(clock.nextDeadline).toBe(1_000_000_001);
  });

  it('a one-shot that becomes periodic before it expires goes on', () => {
    const { clock, write, vectors, apic } = enabledBench();
    write('timer', ONE_SHOT);
    write('divide', BY_1);
    write('initialCount', 100);
    clock.advanceTo(30);
    write('timer', PERIODIC);
    clock.advanceTo(100);
    expect(vectors('irr')).toEqual([0x40]);
    apic.acknowledge();
    expect(clock.nextDeadline).toBe(200);
  });
});

describe('TSC-deadline mode', () => {
  it('interrupts when the time-stamp counter reaches the deadline, and is disarmed then', () => {
    const { apic, clock, write, vectors } = enabledBench();
    write('timer', TSC_DEADLINE);
    expect(apic.writeMsr(IA32_TSC_DEADLINE, 500n)).toBe(undefined);
    expect(apic.readMsr(IA32_TSC_DEADLINE)).toBe(500n);
    clock.advanceTo(499);
    expect(vectors('irr')).toEqual([]);
    clock.advanceTo(500);
    expect([vectors('irr'), apic.readMsr(IA32_TSC_DEADLINE)]).toEqual([[0x40], 0n]);
  });

  it('interrupts at once for a deadline that is past', () => {
    const { apic, clock, write, vectors } = enabledBench();
    clock.advanceTo(1000);
    write('timer', TSC_DEADLINE);
    apic.writeMsr(IA32_TSC_DEADLINE, 1000n);
    expect([vectors('irr'), apic.readMsr(IA32_TSC_DEADLINE)]).toEqual([[0x40], 0n]);
  });

  it('is disarmed by 0 and by another mode', () => {
    const { apic, clock, write, vectors } = enabledBench();
    write('timer', TSC_DEADLINE);
    apic.writeMsr(IA32_TSC_DEADLINE, 500n);
    apic.writeMsr(IA32_TSC_DEADLINE, 0n);
    apic.writeMsr(IA32_TSC_DEADLINE, 600n);
    write('timer', ONE_SHOT);
    write('timer', TSC_DEADLINE);
    clock.advanceTo(1000);
    expect([vectors('irr'), apic.readMsr(IA32_TSC_DEADLINE)]).toEqual([[], 0n]);
  });

  it('the initial count does nothing in it, and the deadline nothing outside', () => {
    const { apic, read, write } = enabledBench();
    apic.writeMsr(IA32_TSC_DEADLINE, 500n);
    expect(apic.readMsr(IA32_TSC_DEADLINE)).toBe(0n);
    write('timer', TSC_DEADLINE);
    write('initialCount', 100);
    expect([read('initialCount'), read('currentCount')]).toEqual([0, 0]);
  });

  it('follows a time-stamp counter that is written', () => {
    let offset = 0n;
    const { apic, clock, write, vectors } = enabledBench({ timeStampCounter: () => BigInt(clock.now) + offset });
    write('timer', TSC_DEADLINE);
    apic.writeMsr(IA32_TSC_DEADLINE, 500n);
    offset = 300n;
    apic.timeStampCounterChanged();
    expect(clock.nextDeadline).toBe(200);
    offset = 2n ** 63n;
    apic.timeStampCounterChanged();
    expect(vectors('irr')).toEqual([0x40]);
  });

  it('a deadline beyond all time is kept', () => {
    const { apic, clock, write } = enabledBench();
    write('timer', TSC_DEADLINE);
    apic.writeMsr(IA32_TSC_DEADLINE, 2n ** 64n - 1n);
    clock.advanceTo(10 ** 12);
    expect(apic.readMsr(IA32_TSC_DEADLINE)).toBe(2n ** 64n - 1n);
  });
});
