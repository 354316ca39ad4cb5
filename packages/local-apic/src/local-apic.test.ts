import { checkDevice, checkRestore, type DeviceDescription } from '@longmode/device-testing';
import { describe, expect, it } from 'vitest';
import { AT, bench, enabledBench, SELF } from './bench.test.fixture.ts';
import { LocalApic, LocalApicError } from './index.ts';

describe('after a reset', () => {
  it('the registers are as the manual says', () => {
    const { read } = bench({ id: 3 });
    expect(read('id')).toBe(0x0300_0000);
    expect(read('version')).toBe(0x0005_0014);
    expect(read('svr')).toBe(0xff);
    expect(read('dfr')).toBe(0xffff_ffff);
    for (const entry of ['timer', 'thermal', 'performance', 'lint0', 'lint1', 'error'] as const) {
      expect(read(entry)).toBe(0x1_0000);
    }
    for (const zero of [
      'tpr',
      'apr',
      'ppr',
      'ldr',
      'esr',
      'icr',
      'icrHigh',
      'initialCount',
      'currentCount',
      'divide',
    ] as const) {
      expect(read(zero)).toBe(0);
    }
  });

  it('the APIC is enabled in IA32_APIC_BASE but not by software: masks stay set, nothing is accepted', () => {
    const { apic, read, write, vectors, log } = bench();
    expect(apic.readMsr(0x1b)).toBe(0xfee0_0900n);
    write('lint0', 0x700);
    expect(read('lint0')).toBe(0x1_0700);
    write('icr', SELF | 0x40);
    apic.lint0.set(true);
    expect(vectors('irr')).toEqual([]);
    expect(log).toEqual([]);
  });
});

describe('priorities', () => {
  it('the highest vector is served first, and one of a higher class interrupts it', () => {
    const { apic, write, vectors, log } = enabledBench();
    write('icr', SELF | 0x41);
    write('icr', SELF | 0x45);
    expect(vectors('irr')).toEqual([0x41, 0x45]);
    expect(apic.acknowledge()).toBe(0x45);
    expect(apic.isRequesting).toBe(false); // 41H is of the same class
    write('icr', SELF | 0x51);
    expect(apic.acknowledge()).toBe(0x51);
    expect(vectors('isr')).toEqual([0x45, 0x51]);
    write('eoi', 0);
    expect(vectors('isr')).toEqual([0x45]);
    expect(apic.isRequesting).toBe(false);
    write('eoi', 0);
    expect(apic.acknowledge()).toBe(0x41);
    expect(log).toEqual(['INTR', 'intr', 'INTR', 'intr', 'INTR', 'intr']);
  });

  it.each([
    [0x00, 0x00, 0x00],
    [0x2f, 0x00, 0x2f],
    [0x20, 0x31, 0x30],
    [0x3a, 0x31, 0x3a],
    [0x40, 0x31, 0x40],
  ])('TPR %d with vector %d in service makes PPR %d', (tpr, inService, ppr) => {
    const { apic, write, read } = enabledBench();
    if (inService !== 0) {
      write('icr', SELF | inService);
      apic.acknowledge();
    }
    write('tpr', tpr);
    expect(read('ppr')).toBe(ppr);
  });

  it('TPR holds its class and those below back, until it falls', () => {
    const { apic, write, log } = enabledBench();
    write('tpr', 0x40);
    write('icr', SELF | 0x4f);
    expect(apic.isRequesting).toBe(false);
    write('tpr', 0x3f);
    expect(apic.isRequesting).toBe(true);
    apic.taskPriorityClass = 4;
    expect(apic.isRequesting).toBe(false);
    expect(log).toEqual(['INTR', 'intr']);
  });

  it('CR8 is bits 7:4 of TPR', () => {
    const { apic, write, read } = enabledBench();
    write('tpr', 0x5a);
    expect(apic.taskPriorityClass).toBe(5);
    apic.taskPriorityClass = 9;
    expect(read('tpr')).toBe(0x90);
  });

  it('an acknowledge with nothing to serve gives the spurious vector, and nothing goes into service', () => {
    const { apic, write, vectors } = enabledBench();
    write('svr', 0x1ef);
    write('icr', SELF | 0x30);
    write('tpr', 0xf0);
    expect(apic.acknowledge()).toBe(0xef);
    expect([vectors('isr'), vectors('irr')]).toEqual([[], [0x30]]);
  });

  it('the arbitration priority is that of the most urgent of task, service and request', () => {
    const { apic, write, read } = enabledBench();
    write('tpr', 0x25);
    expect(read('apr')).toBe(0x25);
    write('icr', SELF | 0x61);
    expect(read('apr')).toBe(0x60);
    apic.acknowledge();
    expect(read('apr')).toBe(0x20);
  });
});

describe('the pins', () => {
  it('LINT0 as ExtINT hands over the vector of the 8259A, whatever TPR says', () => {
    const { apic, write, log, vectors } = enabledBench();
    expect(apic.passesExternalInterrupts).toBe(false);
    write('lint0', 0x700);
    expect(apic.passesExternalInterrupts).toBe(true);
    write('tpr', 0xff);
    apic.lint0.set(true);
    expect(log).toEqual(['INTR']);
    expect(apic.acknowledge()).toBe(0x99);
    expect(vectors('isr')).toEqual([]);
    apic.lint0.set(false);
    expect(log).toEqual(['INTR', 'intr']);
  });

  it('a mask holds LINT0 back, and shows it when it goes', () => {
    const { apic, write, log } = enabledBench();
    write('lint0', 0x1_0700);
    apic.lint0.set(true);
    expect(log).toEqual([]);
    write('lint0', 0x700);
    expect(log).toEqual(['INTR']);
  });

  it('LINT1 as NMI reacts to its rising edge, or to the falling one as active low', () => {
    const { apic, write, log } = enabledBench();
    write('lint1', 0x400);
    apic.lint1.set(true);
    apic.lint1.set(true);
    apic.lint1.set(false);
    expect(log).toEqual(['NMI']);
    write('lint1', 0x2400);
    apic.lint1.set(true);
    expect(log).toEqual(['NMI']);
    apic.lint1.set(false);
    expect(log).toEqual(['NMI', 'NMI']);
  });

  it('LINT0 as a fixed interrupt by edge', () => {
    const { apic, write, vectors } = enabledBench();
    write('lint0', 0x33);
    apic.lint0.set(true);
    expect([vectors('irr'), vectors('tmr')]).toEqual([[0x33], []]);
  });

  it('LINT0 as a fixed interrupt by level comes again after its end while the pin is high', () => {
    const { apic, write, read, vectors, log } = enabledBench();
    write('lint0', 0x8033);
    apic.lint0.set(true);
    expect([vectors('irr'), vectors('tmr'), read('lint0')]).toEqual([[0x33], [0x33], 0xc033]);
    apic.acknowledge();
    write('eoi', 0);
    expect(vectors('irr')).toEqual([0x33]);
    apic.acknowledge();
    apic.lint0.set(false);
    write('eoi', 0);
    expect([vectors('irr'), read('lint0')]).toEqual([[], 0x8033]);
    expect(log.filter((entry) => entry === 'EOI 33')).toHaveLength(2);
  });

  it('with the APIC disabled they are INTR and NMI', () => {
    const { apic, log } = bench({ isEnabledByReset: false });
    expect([apic.isEnabled, apic.passesExternalInterrupts, apic.readMsr(0x1b)]).toEqual([false, true, 0xfee0_0100n]);
    apic.lint0.set(true);
    apic.lint1.set(true);
    expect(log).toEqual(['INTR', 'NMI']);
    expect(apic.acknowledge()).toBe(0x99);
    expect(apic.readMemory(AT.svr, 32)).toBe(0xffff_ffff);
  });
});

describe('interprocessor interrupts', () => {
  it.each([
    ['physical, to this ID', 0x0300_0000, 0x4040, true],
    ['physical, to another', 0x0400_0000, 0x4040, false],
    ['physical, to all', 0xff00_0000, 0x4040, true],
    ['logical, flat', 0x1200_0000, 0x4840, true],
    ['logical, flat, another', 0x2100_0000, 0x4840, false],
    ['lowest priority', 0x0300_0000, 0x4140, true],
    ['shorthand self', 0, 0x4_4040, true],
    ['shorthand all', 0, 0x8_4040, true],
    ['shorthand all others', 0, 0xc_4040, false],
  ])('%s', (_what, high, low, arrives) => {
    const { write, read, vectors } = enabledBench({ id: 3 });
    write('ldr', 0x1000_0000);
    write('icrHigh', high);
    write('icr', low);
    expect(vectors('irr')).toEqual(arrives ? [0x40] : []);
    expect([read('icr'), read('icrHigh')]).toEqual([low, high]);
  });

  it.each([
    [0x12, true],
    [0xf2, true],
    [0x11, false],
    [0x22, false],
  ])('in the cluster model logical ID 12H hears %d: %s', (destination, arrives) => {
    const { write, vectors } = enabledBench();
    write('dfr', 0);
    write('ldr', 0x1200_0000);
    write('icrHigh', destination * 2 ** 24);
    write('icr', 0x4840);
    expect(vectors('irr')).toEqual(arrives ? [0x40] : []);
  });

  it('an NMI to this processor arrives; INIT, start-up and SMI have no effect', () => {
    const { write, log } = enabledBench();
    write('icr', 0x4400);
    expect(log).toEqual(['NMI']);
    for (const command of [0x4500, 0x4600, 0x4200, 0xc_4500, 0xc_4608, 0x8500]) write('icr', command);
    expect(log).toEqual(['NMI']);
  });
});

describe('messages', () => {
  const message = { vector: 0x71, deliveryMode: 0, destination: 0, isLogical: false, isLevelTriggered: false };

  it('of an edge clear the trigger mode, those of a level set it and are told of their end', () => {
    const { apic, write, vectors, log } = enabledBench();
    expect(apic.receive({ ...message, isLevelTriggered: true })).toBe(true);
    expect(vectors('tmr')).toEqual([0x71]);
    apic.acknowledge();
    write('eoi', 0);
    expect(log).toEqual(['INTR', 'intr', 'EOI 71']);
    apic.receive(message);
    expect(vectors('tmr')).toEqual([]);
    apic.acknowledge();
    write('eoi', 0);
    expect(log).toEqual(['INTR', 'intr', 'EOI 71', 'INTR', 'intr']);
  });

  it('are not taken by another processor, nor by an APIC that software has not enabled', () => {
    expect(enabledBench().apic.receive({ ...message, destination: 1 })).toBe(false);
    expect(bench().apic.receive(message)).toBe(false);
  });

  it('with NMI and ExtINT as delivery mode', () => {
    const { apic, log } = bench();
    expect(apic.receive({ ...message, deliveryMode: 4 })).toBe(true);
    expect(apic.receive({ ...message, deliveryMode: 7 })).toBe(true);
    expect(log).toEqual(['NMI', 'INTR']);
    expect(apic.acknowledge()).toBe(0x99);
    expect(log).toEqual(['NMI', 'INTR', 'intr']);
  });
});

describe('errors', () => {
  it('show after a write, are cleared by the next, and interrupt once until then', () => {
    const { write, read, vectors, apic } = enabledBench();
    write('error', 0xe3);
    write('icr', SELF | 0x05);
    expect([read('esr'), vectors('irr')]).toEqual([0, [0xe3]]);
    apic.acknowledge();
    write('eoi', 0);
    write('icr', SELF | 0x05);
    expect(vectors('irr')).toEqual([]);
    write('esr', 0);
    expect(read('esr')).toBe(0x60);
    write('esr', 0);
    expect(read('esr')).toBe(0);
    write('icr', 0xc_4005);
    expect(vectors('irr')).toEqual([0xe3]);
    write('esr', 0);
    expect(read('esr')).toBe(0x20); // for others: only sent
  });

  it.each([0x000, 0x010, 0x040, 0x070, 0x290, 0x2f0, 0x3a0, 0x3f0, 0x400, 0xff0])(
    'register %d is not there',
    (offset) => {
      const { apic, write, read } = enabledBench();
      expect(apic.readMemory(offset, 32)).toBe(0);
      write('esr', 0);
      expect(read('esr')).toBe(0x80);
      apic.writeMemory(offset, 32, 1);
      write('esr', 0);
      expect(read('esr')).toBe(0x80);
    },
  );

  it('an illegal vector in the error entry itself ends there', () => {
    const { write, read, vectors } = enabledBench();
    write('error', 0x07);
    write('icr', SELF | 0x05);
    write('esr', 0);
    expect([read('esr'), vectors('irr')]).toEqual([0x60, []]);
  });
});

describe('access', () => {
  it('narrow reads see a part of the register, narrow writes do nothing', () => {
    const { apic, write, read } = enabledBench();
    write('ldr', 0x5a00_0000);
    expect([apic.readMemory(AT.ldr + 3, 8), apic.readMemory(AT.ldr + 2, 16)]).toEqual([0x5a, 0x5a00]);
    expect(apic.readMemory(AT.ldr + 4, 32)).toBe(0);
    apic.writeMemory(AT.tpr, 8, 0x40);
    apic.writeMemory(AT.tpr + 4, 32, 0x40);
    expect(read('tpr')).toBe(0);
  });

  it('disabling by software masks every entry; what is requested stays', () => {
    const { apic, write, read, vectors } = enabledBench();
    write('lint0', 0x700);
    write('icr', SELF | 0x40);
    write('svr', 0xff);
    expect([read('lint0'), vectors('irr')]).toEqual([0x1_0700, [0x40]]);
    expect(apic.acknowledge()).toBe(0x40);
    write('svr', 0x1ff);
    expect(read('lint0')).toBe(0x1_0700);
  });

  it('an ID that does not fit is refused', () => {
    expect(() => bench({ id: 255 })).toThrow(LocalApicError);
  });
});

describe('the device contract', () => {
  const description: DeviceDescription<LocalApic> = {
    make: (world) =>
      new LocalApic({
        clock: world.clock,
        interrupt: world.line('interrupt'),
        nmi: () => world.log('nmi'),
        acknowledgeExternal: () => 0x99,
        endOfInterrupt: (vector) => world.log(`EOI ${vector}`),
        timeStampCounter: () => BigInt(world.clock.now),
      }),
    memory: 0x1000,
    steps: 200,
    actions: {
      register: (device, random) => {
        const at = random.pick<number>(Object.values(AT));
        device.writeMemory(at, 32, random.next() >>> (random.below(2) * 16));
      },
      // Vectors from 32 up, unmasked, so that a random value makes an interrupt.
      entry: (device, random) => {
        device.writeMemory(AT.svr, 32, 0x1ff);
        device.writeMemory(AT.tpr, 32, random.next() & 0x20);
        device.writeMemory(AT.timer + 16 * random.below(6), 32, (random.next() & 0x6_e7df) | 0x20);
      },
      timer: (device, random) => {
        device.writeMemory(AT.divide, 32, random.next());
        device.writeMemory(AT.initialCount, 32, random.below(100_000));
      },
      deadline: (device, random) => void device.writeMsr(0x6e0, BigInt(random.below(100_000_000))),
      self: (device, random) => device.writeMemory(AT.icr, 32, SELF | random.below(256)),
      acknowledge: (device) => void device.acknowledge(),
      end: (device, random) => {
        for (let left = random.below(4); left >= 0; left--) device.writeMemory(AT.eoi, 32, 0);
      },
      serve: (device) => {
        if (!device.isRequesting) return;
        device.acknowledge();
        device.writeMemory(AT.eoi, 32, 0);
      },
      lint0: (device, random) => device.lint0.set(random.below(2) === 1),
      lint1: (device, random) => device.lint1.set(random.below(2) === 1),
      message: (device, random) =>
        void device.receive({
          vector: random.below(256),
          deliveryMode: random.below(8),
          destination: random.below(2) * 255,
          isLogical: false,
          isLevelTriggered: random.below(2) === 1,
        }),
      mode: (device, random) => {
        if (random.below(8) === 0) device.writeMsr(0x1b, 0xfee0_0000n | (BigInt(random.below(4)) << 10n));
        else device.writeMsr(0x1b, 0xfee0_0800n);
      },
    },
  };

  it('is kept', () => {
    expect(checkDevice(description).outputs).toBeGreaterThan(100);
  });
  it('damaged snapshots are refused', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(0);
  });
});
