import { checkDevice, checkRestore, type DeviceDescription } from '@longmode/device-testing';
import { DISCONNECTED, LineRecorder } from '@longmode/machine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pic8259a, type Pic8259aDependencies } from './pic-8259a.ts';

const EOI = 0x20;
const ROTATE_ON_EOI = 0xa0;
const ROTATE_IN_AUTO_EOI = 0x80;
const STOP_ROTATING_IN_AUTO_EOI = 0x00;
const READ_IRR = 0x0a;
const READ_ISR = 0x0b;
const POLL = 0x0c;
const SPECIAL_MASK = 0x68;
const NO_SPECIAL_MASK = 0x48;

interface Options {
  icw1?: number;
  icw4?: number;
  mask?: number;
  wiring?: Partial<Pic8259aDependencies>;
}

/** An initialized single controller with its vectors at 0x20. */
function single({ icw1 = 0x13, icw4 = 0x01, mask = 0, wiring }: Options = {}): { pic: Pic8259a; int: LineRecorder } {
  const int = new LineRecorder();
  const pic = new Pic8259a({ name: 'pic', interrupt: int, ...wiring });
  for (const [offset, value] of [
    [0, icw1],
    [1, 0x20],
    [1, icw4],
    [1, mask],
  ] as const)
    pic.writePort(offset, 8, value);
  return { pic, int };
}

/** A PC's two controllers: the slave on input 2, vectors at 0x20 and 0x28. */
function pair({ icw4 = 0x01, slaveIcw4 = 0x01 } = {}): { master: Pic8259a; slave: Pic8259a; int: LineRecorder } {
  const int = new LineRecorder();
  const slaves: Record<number, Pic8259a> = {};
  const master = new Pic8259a({ name: 'pic-master', interrupt: int, slaves });
  const slave = new Pic8259a({ name: 'pic-slave', interrupt: master.input(2), role: 'slave' });
  slaves[2] = slave;
  for (const [pic, base, icw3, mode] of [
    [master, 0x20, 0x04, icw4],
    [slave, 0x28, 0x02, slaveIcw4],
  ] as const) {
    pic.writePort(0, 8, 0x11);
    for (const word of [base, icw3, mode, 0]) pic.writePort(1, 8, word);
  }
  return { master, slave, int };
}

const command = (pic: Pic8259a, value: number): void => pic.writePort(0, 8, value);

function registers(pic: Pic8259a): { irr: number; isr: number; imr: number } {
  command(pic, READ_IRR);
  const irr = pic.readPort(0, 8);
  command(pic, READ_ISR);
  return { irr, isr: pic.readPort(0, 8), imr: pic.readPort(1, 8) };
}

/** Raises the inputs, then acknowledges and ends until nothing is left; returns the order of service. */
function order(pic: Pic8259a, inputs: readonly number[], eoi = EOI): number[] {
  for (const input of inputs) pic.setInput(input, true);
  const served: number[] = [];
  while (pic.isRequesting) {
    served.push(pic.acknowledge() & 7);
    command(pic, eoi);
  }
  for (const input of inputs) pic.setInput(input, false);
  return served;
}

describe('initialization', () => {
  it('nothing is requested before ICW1, whatever is raised', () => {
    const int = new LineRecorder();
    const pic = new Pic8259a({ name: 'pic', interrupt: int });
    pic.setInput(0, true);
    expect(int.edges).toEqual([]);
  });

  it('the mask can be read and written before ICW1', () => {
    const pic = new Pic8259a({ name: 'pic', interrupt: DISCONNECTED });
    pic.writePort(1, 8, 0xb8);
    expect([pic.readPort(1, 8), pic.mask]).toEqual([0xb8, 0xb8]);
  });

  it.each([
    ['single, with ICW4', 0x13, [0x40, 0x01]],
    ['single, without ICW4', 0x12, [0x40]],
    ['cascaded, with ICW4', 0x11, [0x40, 0x04, 0x01]],
    ['cascaded, without ICW4', 0x10, [0x40, 0x04]],
  ])('%s: the next data word is the mask, and nothing is requested before', (_, icw1, words) => {
    const int = new LineRecorder();
    const pic = new Pic8259a({ name: 'pic', interrupt: int });
    command(pic, icw1);
    for (const word of words) {
      pic.setInput(3, false);
      pic.setInput(3, true);
      expect(int.level).toBe(false);
      pic.writePort(1, 8, word);
    }
    expect(int.level).toBe(true);
    pic.writePort(1, 8, 0x5a);
    expect(pic.readPort(1, 8)).toBe(0x5a);
    pic.writePort(1, 8, 0);
    expect(pic.acknowledge()).toBe(0x43);
  });

  it('ICW1 clears the mask, the service, special mask mode and rotation, and reads requests again', () => {
    const { pic } = single({ icw4: 0x03 });
    command(pic, ROTATE_IN_AUTO_EOI);
    command(pic, 0xc3);
    command(pic, SPECIAL_MASK);
    command(pic, READ_ISR);
    pic.writePort(1, 8, 0xff);
    command(pic, 0x13);
    expect(pic.snapshot()).toMatchObject({
      imr: 0,
      isr: 0,
      lowest: 7,
      icw4: 0,
      isSpecialMask: false,
      readsIsr: false,
      rotatesOnAutoEoi: false,
    });
  });

  it('ICW1 forgets edges: an input that is high must fall and rise again', () => {
    const { pic, int } = single();
    pic.setInput(4, true);
    expect(int.level).toBe(true);
    for (const [offset, value] of [
      [0, 0x13],
      [1, 0x20],
      [1, 0x01],
    ] as const)
      pic.writePort(offset, 8, value);
    expect(registers(pic).irr).toBe(0);
    pic.setInput(4, false);
    pic.setInput(4, true);
    expect(pic.acknowledge()).toBe(0x24);
  });

  it('the low three bits of ICW2 do not count', () => {
    const { pic } = single();
    for (const [offset, value] of [
      [0, 0x13],
      [1, 0x6f],
      [1, 0x01],
    ] as const)
      pic.writePort(offset, 8, value);
    pic.setInput(1, true);
    expect(pic.acknowledge()).toBe(0x69);
  });
});

describe('requests', () => {
  it('an edge requests once: the input must fall before it requests again', () => {
    const { pic, int } = single();
    pic.setInput(1, true);
    expect(pic.acknowledge()).toBe(0x21);
    command(pic, EOI);
    expect(int.level).toBe(false);
    pic.setInput(1, false);
    pic.setInput(1, true);
    expect(int.edges.map((edge) => edge.level)).toEqual([true, false, true]);
  });

  it('an edge-triggered input that falls too early takes its request away', () => {
    const { pic, int } = single();
    pic.setInput(1, true);
    pic.setInput(1, false);
    expect([int.level, registers(pic).irr]).toEqual([false, 0]);
  });

  it('a level requests as long as it is there', () => {
    const { pic, int } = single({ icw1: 0x1b });
    pic.setInput(1, true);
    expect(pic.acknowledge()).toBe(0x21);
    expect([int.level, registers(pic).irr]).toEqual([false, 0x02]);
    command(pic, EOI);
    expect(int.level).toBe(true);
    pic.acknowledge();
    pic.setInput(1, false);
    command(pic, EOI);
    expect(int.level).toBe(false);
  });

  it('a level that is high when the chip is initialized requests at once', () => {
    const { pic, int } = single();
    pic.setInput(5, true);
    pic.acknowledge();
    for (const [offset, value] of [
      [0, 0x1b],
      [1, 0x20],
      [1, 0x01],
    ] as const)
      pic.writePort(offset, 8, value);
    expect(int.level).toBe(true);
  });

  it('with nothing to serve, the vector is that of input 7 and nothing goes into service', () => {
    const { pic } = single();
    pic.setInput(3, true);
    pic.setInput(3, false);
    expect([pic.acknowledge(), registers(pic).isr]).toEqual([0x27, 0]);
  });

  it('a mask holds a request back without losing it', () => {
    const { pic, int } = single({ mask: 0x08 });
    pic.setInput(3, true);
    expect([int.level, registers(pic)]).toEqual([false, { irr: 8, isr: 0, imr: 8 }]);
    pic.writePort(1, 8, 0);
    expect(int.level).toBe(true);
    pic.writePort(1, 8, 8);
    expect([int.level, pic.acknowledge()]).toEqual([false, 0x27]);
  });

  it('INT falls with the acknowledge even if the next request is waiting', () => {
    const { pic, int } = single({ icw4: 0x03 });
    pic.setInput(1, true);
    pic.setInput(2, true);
    pic.acknowledge();
    expect(int.edges.map((edge) => edge.level)).toEqual([true, false, true]);
  });

  it.each([-1, 8, 1.5, Number.NaN])('input %d does not exist', (input) => {
    const { pic } = single();
    expect(() => pic.input(input)).toThrow(expect.objectContaining({ code: 'bad-input' }));
    expect(() => pic.setInput(input, true)).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });
});

describe('edge/level control register', () => {
  it('makes single inputs level triggered, and only those that the wiring allows', () => {
    const { pic, int } = single({ wiring: { elcrMask: 0xf8 } });
    pic.elcr.writePort(0, 8, 0xff);
    expect(pic.elcr.readPort(0, 8)).toBe(0xf8);
    pic.setInput(3, true);
    pic.setInput(2, true);
    for (const vector of [0x22, 0x23, 0x23]) {
      expect(pic.acknowledge()).toBe(vector);
      command(pic, EOI);
    }
    expect(int.level).toBe(true);
  });

  it('survives ICW1', () => {
    const { pic } = single({ wiring: { elcrMask: 0xff } });
    pic.elcr.writePort(0, 8, 0x20);
    command(pic, 0x13);
    expect(pic.elcr.readPort(0, 8)).toBe(0x20);
  });

  it('an input that becomes edge triggered while high waits for an edge', () => {
    const { pic, int } = single({ wiring: { elcrMask: 0xff } });
    pic.elcr.writePort(0, 8, 0x20);
    pic.setInput(5, true);
    expect(int.level).toBe(true);
    pic.elcr.writePort(0, 8, 0);
    expect(int.level).toBe(false);
  });
});

describe('fully nested mode', () => {
  it('serves by rising number', () => {
    expect(order(single().pic, [7, 3, 0, 5])).toEqual([0, 3, 5, 7]);
  });

  it.each([
    [3, 2, true],
    [3, 3, false],
    [3, 4, false],
    [0, 7, false],
    [7, 0, true],
  ])('while input %d is in service, input %d interrupts: %s', (inService, input, interrupts) => {
    const { pic, int } = single({ icw1: 0x1b });
    pic.setInput(inService, true);
    pic.acknowledge();
    pic.setInput(input, true);
    expect(int.level).toBe(interrupts);
  });

  it('an unspecific end of interrupt ends the one of highest priority', () => {
    const { pic } = single();
    for (const input of [5, 2]) {
      pic.setInput(input, true);
      pic.acknowledge();
    }
    expect(registers(pic).isr).toBe(0x24);
    command(pic, EOI);
    expect(registers(pic).isr).toBe(0x20);
    command(pic, EOI);
    command(pic, EOI);
    expect(registers(pic).isr).toBe(0);
  });

  it('a specific end of interrupt ends what it names', () => {
    const { pic } = single();
    for (const input of [5, 2]) {
      pic.setInput(input, true);
      pic.acknowledge();
    }
    command(pic, 0x65);
    expect(registers(pic).isr).toBe(0x04);
    command(pic, 0x67);
    expect(registers(pic).isr).toBe(0x04);
  });

  it('OCW2 with SL alone does nothing', () => {
    const { pic } = single();
    pic.setInput(1, true);
    pic.acknowledge();
    const before = pic.snapshot();
    command(pic, 0x41);
    expect(pic.snapshot()).toEqual(before);
  });
});

describe('automatic end of interrupt', () => {
  it('leaves nothing in service', () => {
    const { pic } = single({ icw4: 0x03 });
    pic.setInput(6, true);
    expect([pic.acknowledge(), registers(pic).isr]).toEqual([0x26, 0]);
  });

  it('rotates only when told, until told to stop', () => {
    const { pic } = single({ icw4: 0x03, icw1: 0x1b });
    const serve = (count: number) => Array.from({ length: count }, () => pic.acknowledge() & 7);
    pic.setInput(1, true);
    pic.setInput(4, true);
    expect(serve(2)).toEqual([1, 1]);
    command(pic, ROTATE_IN_AUTO_EOI);
    expect(serve(5)).toEqual([1, 4, 1, 4, 1]);
    command(pic, STOP_ROTATING_IN_AUTO_EOI);
    expect(serve(3)).toEqual([4, 4, 4]);
  });
});

describe('rotation', () => {
  it('by an unspecific end of interrupt: what was served goes to the bottom', () => {
    const { pic } = single({ icw1: 0x1b });
    pic.setInput(2, true);
    pic.setInput(6, true);
    const served: number[] = [];
    for (let i = 0; i < 5; i++) {
      served.push(pic.acknowledge() & 7);
      command(pic, ROTATE_ON_EOI);
    }
    expect(served).toEqual([2, 6, 2, 6, 2]);
  });

  it('by an unspecific end with nothing in service changes nothing', () => {
    const { pic } = single();
    command(pic, ROTATE_ON_EOI);
    expect(pic.snapshot().lowest).toBe(7);
  });

  it('by a specific end of interrupt: what is named goes to the bottom', () => {
    const { pic } = single();
    pic.setInput(4, true);
    pic.acknowledge();
    command(pic, 0xe4);
    expect(registers(pic).isr).toBe(0);
    expect(order(pic, [0, 1, 2, 3, 5, 6, 7])).toEqual([5, 6, 7, 0, 1, 2, 3]);
  });

  it('by set priority: nothing is ended', () => {
    const { pic } = single();
    pic.setInput(3, true);
    pic.acknowledge();
    command(pic, 0xc5);
    expect(registers(pic).isr).toBe(0x08);
    command(pic, EOI);
    expect(order(pic, [0, 1, 2, 4, 5, 6, 7])).toEqual([6, 7, 0, 1, 2, 4, 5]);
  });
});

describe('special mask mode', () => {
  it('lets lower inputs interrupt one that is in service and masked', () => {
    const { pic, int } = single();
    pic.setInput(2, true);
    pic.acknowledge();
    pic.setInput(5, true);
    expect(int.level).toBe(false);
    command(pic, SPECIAL_MASK);
    expect(int.level).toBe(false);
    pic.writePort(1, 8, 0x04);
    expect([int.level, pic.acknowledge()]).toEqual([true, 0x25]);
  });

  it('an unspecific end passes over what is masked; a specific one does not', () => {
    const { pic } = single();
    pic.setInput(2, true);
    pic.acknowledge();
    command(pic, SPECIAL_MASK);
    pic.writePort(1, 8, 0x04);
    command(pic, EOI);
    expect(registers(pic).isr).toBe(0x04);
    command(pic, 0x62);
    expect(registers(pic).isr).toBe(0);
  });

  it('is left again by its own command, and only by that', () => {
    const { pic } = single();
    command(pic, SPECIAL_MASK);
    command(pic, READ_IRR);
    expect(pic.snapshot().isSpecialMask).toBe(true);
    command(pic, 0x28);
    expect(pic.snapshot().isSpecialMask).toBe(true);
    command(pic, NO_SPECIAL_MASK);
    expect(pic.snapshot().isSpecialMask).toBe(false);
  });
});

describe('poll', () => {
  it.each([0, 1])('the next read of port %d acknowledges and names the input', (offset) => {
    const { pic, int } = single();
    pic.setInput(6, true);
    command(pic, POLL);
    expect(pic.readPort(offset, 8)).toBe(0x86);
    expect([int.level, registers(pic)]).toEqual([false, { irr: 0, isr: 0x40, imr: 0 }]);
  });

  it('reads 0 with no request, and is over after one read', () => {
    const { pic } = single({ mask: 0x5a });
    command(pic, POLL);
    expect([pic.readPort(1, 8), pic.readPort(1, 8)]).toEqual([0, 0x5a]);
  });
});

describe('register reads', () => {
  it('the command port reads requests first, and keeps its choice until told otherwise', () => {
    const { pic } = single();
    pic.setInput(0, true);
    pic.acknowledge();
    pic.setInput(7, true);
    expect([pic.readPort(0, 8), pic.readPort(0, 8)]).toEqual([0x80, 0x80]);
    command(pic, READ_ISR);
    expect([pic.readPort(0, 8), pic.readPort(0, 8)]).toEqual([0x01, 0x01]);
    command(pic, 0x08);
    expect(pic.readPort(0, 8)).toBe(0x01);
  });
});

describe('cascade', () => {
  it('the slave gives the vector, and both need an end of interrupt', () => {
    const { master, slave, int } = pair();
    slave.setInput(4, true);
    expect([int.level, master.acknowledge()]).toEqual([true, 0x2c]);
    expect([registers(master).isr, registers(slave).isr]).toEqual([0x04, 0x10]);
    command(slave, EOI);
    command(master, EOI);
    expect([registers(master).isr, registers(slave).isr]).toEqual([0, 0]);
  });

  it('the slave stands between inputs 1 and 3 of the master', () => {
    const { master, slave } = pair();
    master.setInput(3, true);
    slave.setInput(7, true);
    master.setInput(1, true);
    const vectors: number[] = [];
    while (master.isRequesting) {
      vectors.push(master.acknowledge());
      command(slave, EOI);
      command(master, EOI);
    }
    expect(vectors).toEqual([0x21, 0x2f, 0x23]);
  });

  it('a request that the slave has lost is its input 7, in service at the master only', () => {
    const { master, slave } = pair();
    slave.setInput(4, true);
    slave.writePort(1, 8, 0xff);
    master.setInput(2, true);
    expect([master.acknowledge(), registers(slave).isr, registers(master).isr]).toEqual([0x2f, 0, 0x04]);
  });

  it('a better request of a slave in service waits, unless the master is in special fully nested mode', () => {
    for (const [icw4, isNested] of [
      [0x01, false],
      [0x11, true],
    ] as const) {
      const { master, slave, int } = pair({ icw4 });
      slave.setInput(6, true);
      master.acknowledge();
      slave.setInput(1, true);
      expect(int.level).toBe(isNested);
      master.setInput(3, true);
      expect(master.acknowledge()).toBe(isNested ? 0x29 : 0x27);
    }
  });

  it('special fully nested mode does not let lower inputs through', () => {
    const { master, slave, int } = pair({ icw4: 0x11 });
    slave.setInput(6, true);
    master.acknowledge();
    master.setInput(3, true);
    expect(int.level).toBe(false);
  });

  it('with automatic ends, two waiting requests of the slave both arrive', () => {
    const { master, slave } = pair({ icw4: 0x03, slaveIcw4: 0x03 });
    slave.setInput(1, true);
    slave.setInput(5, true);
    expect([master.acknowledge(), master.isRequesting, master.acknowledge(), master.isRequesting]).toEqual([
      0x29,
      true,
      0x2d,
      false,
    ]);
  });

  it('nobody answers for a slave that is not there, or has another identity', () => {
    const { master, slave } = pair();
    command(slave, 0x11);
    for (const word of [0x28, 0x03, 0x01]) slave.writePort(1, 8, word);
    slave.setInput(0, true);
    expect(master.acknowledge()).toBe(0xff);
    const alone = new Pic8259a({ name: 'pic', interrupt: DISCONNECTED });
    command(alone, 0x11);
    for (const word of [0x20, 0x04, 0x01]) alone.writePort(1, 8, word);
    alone.setInput(2, true);
    expect(alone.acknowledge()).toBe(0xff);
  });

  it('a master whose ICW3 names no slave gives its own vector', () => {
    const { master, slave } = pair();
    command(master, 0x11);
    for (const word of [0x20, 0x00, 0x01]) master.writePort(1, 8, word);
    slave.setInput(3, true);
    expect(master.acknowledge()).toBe(0x22);
  });
});

it('offsets beyond the two ports are open bus', () => {
  const { pic } = single();
  const before = pic.snapshot();
  pic.writePort(2, 8, 0x13);
  expect([pic.readPort(2, 8), pic.snapshot()]).toEqual([0xff, before]);
});

/** Priorities as the data sheet tells them, on lists of inputs instead of masks. */
class Model {
  lines = new Set<number>();
  latched = new Set<number>();
  served = new Set<number>();
  masked = new Set<number>();
  order = [0, 1, 2, 3, 4, 5, 6, 7];
  isSpecialMask = false;

  next(): number | null {
    for (const input of this.order) {
      const isBlocking = this.served.has(input) && !(this.isSpecialMask && this.masked.has(input));
      if (isBlocking) return null;
      if (this.latched.has(input) && !this.masked.has(input)) return input;
    }
    return null;
  }

  bottom(input: number): void {
    while (this.order[7] !== input) this.order.push(this.order.shift() ?? 0);
  }

  end(input: number | undefined, rotates: boolean): void {
    if (input === undefined) return;
    this.served.delete(input);
    if (rotates) this.bottom(input);
  }
}

it('serves like an independent model, whatever is raised, masked, ended and rotated', () => {
  const step = fc.tuple(
    fc.constantFrom('raise', 'raise', 'drop', 'ack', 'ack', 'eoi', 'specific', 'priority', 'mask', 'smm'),
    fc.nat(7),
    fc.nat(255),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { pic } = single();
      const model = new Model();
      for (const [kind, input, byte] of steps) {
        const rotates = (byte & 1) === 1;
        const open = model.order.filter((n) => model.served.has(n) && !(model.isSpecialMask && model.masked.has(n)));
        if (kind === 'raise') {
          pic.setInput(input, true);
          if (!model.lines.has(input)) model.latched.add(input);
          model.lines.add(input);
        } else if (kind === 'drop') {
          pic.setInput(input, false);
          model.lines.delete(input);
          model.latched.delete(input);
        } else if (kind === 'ack') {
          const next = model.next();
          expect(pic.acknowledge()).toBe(0x20 + (next ?? 7));
          if (next !== null) {
            model.latched.delete(next);
            model.served.add(next);
          }
        } else if (kind === 'eoi') {
          command(pic, rotates ? 0xa0 : 0x20);
          model.end(open[0], rotates);
        } else if (kind === 'specific') {
          command(pic, (rotates ? 0xe0 : 0x60) | input);
          model.end(input, rotates);
        } else if (kind === 'priority') {
          command(pic, 0xc0 | input);
          model.bottom(input);
        } else if (kind === 'mask') {
          pic.writePort(1, 8, byte);
          model.masked = new Set(model.order.filter((n) => byte & (1 << n)));
        } else {
          command(pic, rotates ? SPECIAL_MASK : NO_SPECIAL_MASK);
          model.isSpecialMask = rotates;
        }
        expect(pic.isRequesting).toBe(model.next() !== null);
      }
    }),
    { numRuns: 400 },
  );
});

describe('conformance', () => {
  const init = (icw1: number, ...words: number[]) => [
    { offset: 0, value: icw1 },
    ...words.map((value) => ({ offset: 1, value })),
  ];
  const description: DeviceDescription<Pic8259a> = {
    make: (world) =>
      new Pic8259a({
        name: 'pic',
        interrupt: world.line('int'),
        elcrMask: 0xff,
        slaves: {
          2: {
            acknowledge: (cascade) => {
              world.log(`cascade ${cascade}`);
              return 0x72;
            },
          },
        },
      }),
    ports: 2,
    actions: {
      raise: (pic, random) => pic.setInput(random.below(8), true),
      drop: (pic, random) => pic.setInput(random.below(8), false),
      acknowledge: (pic) => void pic.acknowledge(),
      elcr: (pic, random) => pic.elcr.writePort(0, 8, random.below(256)),
    },
    sequences: [
      init(0x13, 0x20, 0x01, 0x00),
      init(0x1b, 0x20, 0x03, 0x00),
      init(0x11, 0x20, 0x04, 0x11, 0x00),
      init(0x10, 0x20, 0x04, 0x00),
    ],
    runs: 60,
  };

  it('keeps the device contract', () => {
    expect(checkDevice(description).outputs).toBeGreaterThan(200);
  });

  it('survives damaged snapshots', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(300);
  });
});
