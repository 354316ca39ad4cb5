import { checkDevice, checkRestore, type DeviceDescription } from '@longmode/device-testing';
import { LineRecorder, VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import type { Uart16550Dependencies } from './dependencies.ts';
import { characterTicks } from './registers.ts';
import { Uart16550 } from './uart-16550.ts';

const [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const FCR = 2;
const EMPTY = 0x60;

interface Port {
  clock: VirtualClock;
  uart: Uart16550;
  int: LineRecorder;
  sent: number[];
  read(offset: number): number;
  write(offset: number, value: number): void;
  /** Lets so many characters' time pass. */
  wait(characters: number): void;
}

/** A port at 115,200 baud, 8N1, with the interrupt let through; one character is 86,806 ns. */
function port(options: Partial<Uart16550Dependencies> = {}): Port {
  const clock = new VirtualClock();
  const int = new LineRecorder({ clock });
  const sent: number[] = [];
  const onTransmit = (byte: number) => void sent.push(byte);
  const uart = new Uart16550({ clock, name: 'com1', interrupt: int, onTransmit, ...options });
  const write = (offset: number, value: number) => uart.writePort(offset, 8, value);
  write(LCR, 0x03);
  write(MCR, 0x0b);
  return {
    clock,
    uart,
    int,
    sent,
    write,
    read: (offset) => uart.readPort(offset, 8),
    wait: (characters) => clock.advanceTo(clock.now + Math.ceil(characters * characterTicks(3, 1))),
  };
}

describe('registers', () => {
  it('after power-on they are as the data sheet says', () => {
    const uart = new Uart16550({ clock: new VirtualClock(), name: 'com1', interrupt: new LineRecorder() });
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((offset) => uart.readPort(offset, 8))).toEqual([0, 0, 1, 0, 0, 0x60, 0xb0, 0]);
  });

  it.each([
    ['IER', IER, 0x0f],
    ['LCR', LCR, 0xff],
    ['MCR', MCR, 0x1f],
    ['SCR', SCR, 0xff],
  ])('%s keeps its bits', (_, offset, kept) => {
    const { read, write } = port();
    write(offset, 0xff);
    expect(read(offset)).toBe(kept);
    write(offset, 0x00);
    expect(read(offset)).toBe(0);
  });

  it('the divisor latch hides data and IER, and only them', () => {
    const { read, write, sent } = port();
    write(IER, 0x05);
    write(LCR, 0x83);
    write(DATA, 0x34);
    write(IER, 0x12);
    write(SCR, 0x73);
    expect([read(DATA), read(IER), read(SCR)]).toEqual([0x34, 0x12, 0x73]);
    write(LCR, 0x03);
    expect([read(IER), sent]).toEqual([0x05, []]);
  });

  it('line and modem status ignore writes; beyond the last port is open bus', () => {
    const { read, write } = port();
    write(LSR, 0xff);
    write(MSR, 0xff);
    write(8, 0xff);
    expect([read(LSR), read(MSR), read(8)]).toEqual([EMPTY, 0xb0, 0xff]);
  });
});

describe('time of a character', () => {
  it.each([
    ['8N1 at 115,200', 0x03, 1, Math.ceil(10e9 / 115_200)],
    ['8N1 at 9,600', 0x03, 12, Math.ceil(10e9 / 9_600)],
    ['8E1', 0x1b, 1, Math.ceil(11e9 / 115_200)],
    ['7N2', 0x06, 1, Math.ceil(10e9 / 115_200)],
    ['5N1.5', 0x04, 1, Math.ceil(7.5e9 / 115_200)],
    ['5N1', 0x00, 1, Math.ceil(7e9 / 115_200)],
    ['divisor 0 is 65,536', 0x03, 0, Math.ceil((10e9 * 65_536) / 115_200)],
  ])('%s', (_, lcr, divisor, ticks) => {
    expect(characterTicks(lcr, divisor)).toBe(ticks);
  });
});

describe('transmitter, instant', () => {
  it('a byte leaves with the write, and the transmitter stays empty', () => {
    const { read, write, sent } = port();
    for (const byte of [0x48, 0x69]) {
      write(DATA, byte);
      expect(read(LSR)).toBe(EMPTY);
    }
    expect(sent).toEqual([0x48, 0x69]);
  });

  it('the interrupt falls with every write and rises again', () => {
    const { int, write } = port();
    write(IER, 0x02);
    write(DATA, 1);
    write(DATA, 2);
    expect(int.edges.map((edge) => edge.level)).toEqual([true, false, true, false, true]);
  });
});

describe('transmitter, at its speed', () => {
  it('a character shifts out while one waits; THRE and TEMT follow', () => {
    const { clock, read, write, sent, wait } = port({ timing: 'baud' });
    write(DATA, 1);
    expect(read(LSR)).toBe(0x20);
    write(DATA, 2);
    expect(read(LSR)).toBe(0x00);
    clock.advanceTo(characterTicks(3, 1) - 1);
    expect(sent).toEqual([]);
    clock.advanceTo(characterTicks(3, 1));
    expect([sent, read(LSR)]).toEqual([[1], 0x20]);
    wait(1);
    expect([sent, read(LSR)]).toEqual([[1, 2], EMPTY]);
  });

  it('without FIFOs a second waiting byte replaces the first', () => {
    const { write, sent, wait } = port({ timing: 'baud' });
    for (const byte of [1, 2, 3]) write(DATA, byte);
    wait(5);
    expect(sent).toEqual([1, 3]);
  });

  it('with FIFOs sixteen bytes wait, and the rest is lost', () => {
    const { read, write, sent, wait } = port({ timing: 'baud' });
    write(FCR, 0x01);
    for (let byte = 0; byte < 20; byte++) write(DATA, byte);
    wait(16);
    expect([sent.length, read(LSR)]).toEqual([16, 0x20]);
    wait(4);
    expect(sent).toEqual(Array.from({ length: 17 }, (_, i) => i));
  });

  it('the interrupt comes when the FIFO empties, not when the last bit has left', () => {
    const { read, write, int, wait } = port({ timing: 'baud' });
    write(FCR, 0x01);
    for (let byte = 0; byte < 3; byte++) write(DATA, byte);
    write(IER, 0x02);
    expect(int.level).toBe(false);
    wait(1);
    expect(int.level).toBe(false);
    wait(1);
    expect([int.level, read(IIR), int.level]).toEqual([true, 0xc2, false]);
    wait(5);
    expect(int.level).toBe(false);
  });

  it('a FIFO reset drops what waits, not what is leaving', () => {
    const { read, write, sent, wait } = port({ timing: 'baud' });
    write(FCR, 0x01);
    for (let byte = 0; byte < 5; byte++) write(DATA, byte);
    write(FCR, 0x05);
    expect(read(LSR)).toBe(0x20);
    wait(9);
    expect(sent).toEqual([0]);
  });
});

describe('THRE interrupt', () => {
  it('comes at once when it is enabled with the transmitter empty', () => {
    const { read, write, int } = port();
    write(IER, 0x02);
    expect([int.level, read(IIR)]).toEqual([true, 0x02]);
  });

  it('is cleared by reading IIR, and does not come back by itself', () => {
    const { read, write, int } = port();
    write(IER, 0x02);
    expect([read(IIR), read(IIR), int.level]).toEqual([0x02, 0x01, false]);
    write(IER, 0x02);
    expect(int.level).toBe(false);
    write(IER, 0x00);
    write(IER, 0x02);
    expect(int.level).toBe(true);
  });

  it('comes at once after the FIFOs are switched on or off', () => {
    const { read, write } = port();
    write(IER, 0x02);
    expect([read(IIR), read(IIR)]).toEqual([0x02, 0x01]);
    write(FCR, 0x01);
    expect([read(IIR), read(IIR)]).toEqual([0xc2, 0xc1]);
    write(FCR, 0x07);
    expect(read(IIR)).toBe(0xc1);
    write(FCR, 0x00);
    expect(read(IIR)).toBe(0x02);
  });

  it('stays when IIR showed a better cause', () => {
    const { uart, read, write, wait } = port();
    write(IER, 0x03);
    uart.receive(7);
    wait(1);
    expect([read(IIR), read(DATA), read(IIR)]).toEqual([0x04, 7, 0x02]);
  });
});

describe('receiver', () => {
  it('a byte arrives after the time of a character', () => {
    const { clock, uart, read } = port();
    expect(uart.receive(0x141)).toBe(true);
    clock.advanceTo(characterTicks(3, 1) - 1);
    expect(read(LSR)).toBe(EMPTY);
    clock.advanceTo(characterTicks(3, 1));
    expect([read(LSR), read(DATA), read(LSR), read(DATA)]).toEqual([EMPTY | 1, 0x41, EMPTY, 0]);
  });

  it('nothing of a long input is lost, however slowly the guest reads', () => {
    const { uart, read, wait } = port();
    const text = Array.from({ length: 3000 }, (_, i) => i & 0xff);
    for (const byte of text) uart.receive(byte);
    const got: number[] = [];
    for (let i = 0; got.length < text.length && i < 9000; i++) {
      wait(i % 3);
      if (read(LSR) & 1) got.push(read(DATA));
    }
    expect(got).toEqual(text);
    expect(uart.pendingInputCount).toBe(0);
  });

  it('a full queue refuses', () => {
    const { uart } = port({ inputLimit: 2 });
    expect([uart.receive(1), uart.receiveBreak(), uart.receive(3), uart.receiveBreak()]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('without FIFOs each byte raises the interrupt anew', () => {
    const { uart, read, write, int, wait } = port();
    write(IER, 0x01);
    for (const byte of [1, 2, 3]) uart.receive(byte);
    const got: number[] = [];
    while (got.length < 3) {
      wait(1);
      expect([int.level, read(IIR)]).toEqual([true, 0x04]);
      got.push(read(DATA));
      expect(int.level).toBe(false);
    }
    expect(got).toEqual([1, 2, 3]);
  });

  it('waits for RTS if told', () => {
    const { uart, read, write, wait } = port({ flowControl: 'rts' });
    write(MCR, 0x09);
    uart.receive(5);
    wait(3);
    expect(read(LSR)).toBe(EMPTY);
    write(MCR, 0x0b);
    wait(1);
    expect(read(DATA)).toBe(5);
  });

  it('a break is a zero with its own status, and the line status interrupt has priority', () => {
    const { uart, read, write, wait } = port();
    write(IER, 0x07);
    uart.receiveBreak();
    wait(1);
    expect([read(IIR), read(LSR), read(LSR)]).toEqual([0x06, EMPTY | 0x19, EMPTY | 0x01]);
    expect([read(IIR), read(DATA), read(IIR)]).toEqual([0x04, 0, 0x02]);
  });
});

describe('receiver FIFO', () => {
  const fill = (p: Port, count: number) => {
    for (let i = 0; i < count; i++) p.uart.receive(i);
    p.wait(count);
  };

  it.each([
    [0x01, 1],
    [0x41, 4],
    [0x81, 8],
    [0xc1, 14],
  ])('FCR %d: the interrupt comes with byte %d and goes when there are fewer', (fcr, level) => {
    const p = port();
    p.write(FCR, fcr);
    p.write(IER, 0x01);
    fill(p, level - 1);
    expect([p.int.level, p.read(IIR)]).toEqual([false, 0xc1]);
    fill(p, 1);
    expect([p.int.level, p.read(IIR)]).toEqual([true, 0xc4]);
    p.read(DATA);
    expect(p.int.level).toBe(false);
  });

  it('holds sixteen; the other end waits with the rest', () => {
    const p = port();
    p.write(FCR, 0xc1);
    fill(p, 20);
    expect(p.uart.pendingInputCount).toBe(4);
    expect(Array.from({ length: 17 }, () => p.read(DATA)).slice(14)).toEqual([14, 15, 0]);
    p.wait(4);
    expect([p.read(DATA), p.read(DATA)]).toEqual([16, 17]);
  });

  it('four quiet character times raise the timeout; a read ends it', () => {
    const p = port();
    p.write(FCR, 0xc1);
    p.write(IER, 0x01);
    fill(p, 2);
    p.wait(3.9);
    expect(p.int.level).toBe(false);
    p.wait(0.1);
    expect([p.int.level, p.read(IIR), p.read(IIR)]).toEqual([true, 0xcc, 0xcc]);
    expect([p.read(DATA), p.int.level, p.read(IIR)]).toEqual([0, false, 0xc1]);
    p.wait(4);
    expect([p.read(IIR), p.read(DATA), p.read(IIR)]).toEqual([0xcc, 1, 0xc1]);
    p.wait(9);
    expect(p.int.level).toBe(false);
  });

  it('a new byte puts the timeout off', () => {
    const p = port();
    p.write(FCR, 0xc1);
    p.write(IER, 0x01);
    fill(p, 1);
    p.wait(2.5);
    fill(p, 1);
    p.wait(3.5);
    expect(p.int.level).toBe(false);
    p.wait(0.5);
    expect(p.int.level).toBe(true);
  });

  it('an error shows when its character is the next; bit 7 as long as one is inside', () => {
    const p = port();
    p.write(FCR, 0xc1);
    p.uart.receive(1);
    p.uart.receiveBreak();
    p.uart.receive(3);
    p.wait(3);
    expect(p.read(LSR)).toBe(0x80 | EMPTY | 0x01);
    expect(p.read(DATA)).toBe(1);
    expect([p.read(LSR), p.read(LSR)]).toEqual([0x80 | EMPTY | 0x19, EMPTY | 0x01]);
    expect([p.read(DATA), p.read(DATA), p.read(LSR)]).toEqual([0, 3, EMPTY]);
  });

  it('is cleared by its reset bit, and by switching the FIFOs on or off', () => {
    for (const fcr of [0x03, 0x00]) {
      const p = port();
      p.write(FCR, 0x01);
      fill(p, 3);
      p.write(FCR, fcr);
      expect(p.read(LSR)).toBe(EMPTY);
      p.wait(9);
      expect(p.read(LSR)).toBe(EMPTY);
    }
  });

  it('other FCR bits count only with the FIFOs on', () => {
    const { read, write } = port();
    write(FCR, 0xc0);
    expect(read(IIR)).toBe(0x01);
    write(FCR, 0x01);
    expect(read(IIR)).toBe(0xc1);
  });
});

describe('loopback', () => {
  it('what is written comes back, and nothing leaves or enters', () => {
    const { uart, read, write, sent, wait } = port();
    write(MCR, 0x1b);
    write(DATA, 0x5a);
    uart.receive(0x77);
    expect([read(LSR), read(DATA), sent]).toEqual([EMPTY | 1, 0x5a, []]);
    wait(3);
    expect(read(LSR)).toBe(EMPTY);
    write(MCR, 0x0b);
    wait(1);
    expect(read(DATA)).toBe(0x77);
  });

  it('at its speed it takes the time of a character', () => {
    const { read, write, wait } = port({ timing: 'baud' });
    write(MCR, 0x10);
    write(DATA, 0x5a);
    expect(read(LSR)).toBe(0x20);
    wait(1);
    expect([read(LSR), read(DATA)]).toEqual([EMPTY | 1, 0x5a]);
  });

  it('overrun without FIFOs: the newer byte stays', () => {
    const { read, write } = port();
    write(MCR, 0x10);
    write(DATA, 1);
    write(DATA, 2);
    expect([read(LSR), read(LSR), read(DATA)]).toEqual([EMPTY | 0x03, EMPTY | 0x01, 2]);
  });

  it('overrun with FIFOs: the first sixteen stay', () => {
    const { read, write } = port();
    write(FCR, 0x01);
    write(MCR, 0x10);
    for (let byte = 0; byte < 17; byte++) write(DATA, byte);
    expect(read(LSR)).toBe(EMPTY | 0x03);
    expect(Array.from({ length: 17 }, () => read(DATA))).toEqual([...Array.from({ length: 16 }, (_, i) => i), 0]);
  });

  it.each([
    ['DTR', 0x01, 0x20],
    ['RTS', 0x02, 0x10],
    ['OUT1', 0x04, 0x40],
    ['OUT2', 0x08, 0x80],
  ])('%s comes back at its modem input', (_, mcr, msr) => {
    const { read, write } = port();
    write(MCR, 0x10 | mcr);
    expect(read(MSR) & 0xf0).toBe(msr);
  });

  it('the outputs are inactive, and with OUT2 the way of the interrupt is closed', () => {
    const { uart, write, int } = port();
    write(IER, 0x02);
    expect(int.level).toBe(true);
    write(MCR, 0x1b);
    expect(int.level).toBe(false);
    expect(uart.modemOutputs).toEqual({ dtr: false, rts: false, out1: false, out2: false, isBreak: false });
    write(MCR, 0x0b);
    expect(int.level).toBe(true);
    expect(uart.modemOutputs).toEqual({ dtr: true, rts: true, out1: false, out2: true, isBreak: false });
  });

  it('a break is received, or leaves without loopback', () => {
    const { uart, read, write } = port();
    write(LCR, 0x43);
    expect([uart.modemOutputs.isBreak, read(LSR)]).toEqual([true, EMPTY]);
    write(LCR, 0x03);
    write(MCR, 0x10);
    write(LCR, 0x43);
    expect([uart.modemOutputs.isBreak, read(LSR), read(DATA)]).toEqual([false, EMPTY | 0x19, 0]);
  });
});

describe('modem status', () => {
  it('the other end is there unless told otherwise', () => {
    expect(port().read(MSR)).toBe(0xb0);
    expect(port({ modemInputs: { cts: false, ri: true } }).read(MSR)).toBe(0xe0);
  });

  it.each([
    ['CTS', { cts: false }, { cts: true }, 0x01, 0x01],
    ['DSR', { dsr: false }, { dsr: true }, 0x02, 0x02],
    ['RI', { ri: true }, { ri: false }, 0x00, 0x04],
    ['DCD', { dcd: false }, { dcd: true }, 0x08, 0x08],
  ])('%s: deltas at its edges, once each', (_, there, back, first, second) => {
    const { uart, read, write, int } = port();
    write(IER, 0x08);
    uart.setModemInputs(there);
    expect([int.level, read(MSR) & 0x0f, int.level]).toEqual([first !== 0, first, false]);
    uart.setModemInputs(there);
    uart.setModemInputs(back);
    expect([read(IIR), read(MSR) & 0x0f, read(MSR) & 0x0f, read(IIR)]).toEqual([0x00, second, 0, 0x01]);
  });

  it('in loopback the inputs do not count until it ends', () => {
    const { uart, read, write } = port();
    write(MCR, 0x1b);
    read(MSR);
    uart.setModemInputs({ cts: false });
    expect(read(MSR)).toBe(0xb0);
    write(MCR, 0x0b);
    expect(read(MSR)).toBe(0xa1);
  });
});

describe('interrupt', () => {
  it('does not pass without OUT2', () => {
    const { write, read, int } = port();
    write(MCR, 0x03);
    write(IER, 0x02);
    expect(int.level).toBe(false);
    write(MCR, 0x0b);
    expect([int.level, read(IIR)]).toEqual([true, 0x02]);
  });

  it('line status, data, transmitter, modem status: each shows when the better ones are gone', () => {
    const { uart, read, write, wait } = port();
    uart.setModemInputs({ cts: false });
    uart.receiveBreak();
    wait(1);
    write(IER, 0x0f);
    const causes = [undefined, LSR, DATA, undefined, MSR].map((offset) => {
      if (offset !== undefined) read(offset);
      return read(IIR);
    });
    expect(causes).toEqual([0x06, 0x04, 0x02, 0x00, 0x01]);
  });
});

it.each(['instant', 'baud'] as const)('passes the self test of a common driver (%s)', (timing) => {
  const { read, write, sent, wait } = port({ timing });
  for (const probe of [0x42, 0x73]) {
    write(SCR, probe);
    expect(read(SCR)).toBe(probe);
  }
  write(IER, 0x00);
  write(LCR, 0x80);
  write(DATA, 12);
  write(IER, 0);
  write(LCR, 0x03);
  write(FCR, 0xc7);
  write(MCR, 0x0b);
  write(IER, 0x01);
  expect(read(LSR) & 0x40).toBe(0x40);
  const old = read(MCR);
  write(MCR, 0x10);
  write(FCR, 0xc7);
  while (read(LSR) & 1) read(DATA);
  const roundTrip = (bytes: number[]) => {
    for (const byte of bytes) write(DATA, byte);
    const got: number[] = [];
    for (let polls = 0; got.length < bytes.length && polls < 400; polls++) {
      if (read(LSR) & 1) got.push(read(DATA));
      else wait(1);
    }
    return got;
  };
  expect(roundTrip([0x42])).toEqual([0x42]);
  const bytes = Array.from({ length: 16 }, (_, i) => i * 16 + 1);
  expect(roundTrip(bytes)).toEqual(bytes);
  write(MCR, old);
  expect(read(MSR) & 0x10).toBe(0x10);
  write(DATA, 0x21);
  wait(12);
  expect(sent).toEqual([0x21]);
});

it('an input limit must be a positive integer', () => {
  for (const inputLimit of [0, -1, 1.5, Number.NaN]) {
    expect(() => port({ inputLimit })).toThrow(expect.objectContaining({ code: 'bad-option' }));
  }
});

describe.each(['instant', 'baud'] as const)('conformance, %s', (timing) => {
  const description: DeviceDescription<Uart16550> = {
    make: (world) =>
      new Uart16550({
        clock: world.clock,
        name: 'com1',
        interrupt: world.line('int'),
        timing,
        inputLimit: 40,
        onTransmit: (byte) => world.log(`sent ${byte}`),
      }),
    ports: 8,
    actions: {
      receive: (uart, random) => void uart.receive(random.below(256)),
      burst: (uart, random) => {
        for (let i = random.below(30); i > 0; i--) uart.receive(i);
      },
      break: (uart) => void uart.receiveBreak(),
      modem: (uart, random) =>
        uart.setModemInputs({ cts: random.below(2) === 0, ri: random.below(2) === 0, dcd: random.below(2) === 0 }),
    },
    sequences: [
      [
        { offset: LCR, value: 0x83 },
        { offset: DATA, value: 1 },
        { offset: IER, value: 0 },
        { offset: LCR, value: 3 },
      ],
      [
        { offset: FCR, value: 0xc7 },
        { offset: MCR, value: 0x0b },
        { offset: IER, value: 0x0f },
      ],
      [
        { offset: FCR, value: 0x01 },
        { offset: MCR, value: 0x1b },
        { offset: DATA, value: 0x5a },
      ],
    ],
    runs: 50,
    steps: 120,
  };

  it('keeps the device contract', () => {
    expect(checkDevice(description).outputs).toBeGreaterThan(200);
  });

  it('survives damaged snapshots', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(500);
  });
});
