import { beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../test/fake-machine.ts';

const SMAP = 0x534d_4150;
let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine().powerOn();
});

describe('AX=E820h', () => {
  const e820 = (registers: object) =>
    machine.call(0x15, { eax: 0xe820, edx: SMAP, ecx: 24, edi: 0x6000, ...registers });

  it('walks through the map by its continuation value', () => {
    const found: number[][] = [];
    let ebx = 0;
    do {
      const result = e820({ ebx });
      expect(result).toMatchObject({ eax: SMAP, ecx: 24, carry: false });
      const word = (offset: number): number => machine.memory.read32(0x6000 + offset);
      found.push([word(0), word(4), word(8), word(12), word(16), word(20)]);
      ebx = result.ebx;
    } while (ebx !== 0);
    expect(found).toEqual([
      [0, 0, 0x9fc00, 0, 1, 1],
      [0x9fc00, 0, 0x400, 0, 2, 1],
      [0xf0000, 0, 0x10000, 0, 2, 1],
      [0x100000, 0, 0xf00000, 0, 1, 1],
    ]);
  });

  it.each([
    [20, 20],
    [23, 20],
    [24, 24],
    [0xffff_ffff, 24],
  ])('with a buffer of %i bytes writes %i', (ecx, written) => {
    machine.memory.writeBytes(0x6000, new Uint8Array(32).fill(0xee));
    expect(e820({ ecx }).ecx).toBe(written);
    expect(machine.memory.read8(0x6000 + written - 1)).not.toBe(0xee);
    expect(machine.memory.read8(0x6000 + written)).toBe(0xee);
  });

  it.each([
    ['a small buffer', { ecx: 19 }],
    ['no signature', { edx: 0 }],
    ['a continuation value past the end', { ebx: 4 }],
    ['a huge continuation value', { ebx: 0xffff_ffff }],
  ])('fails for %s', (_, registers) => {
    expect(e820(registers)).toMatchObject({ ah: 0x86, carry: true });
  });

  it('writes 64-bit ranges', () => {
    const large = new FakeMachine({ memoryMap: [{ base: 2 ** 32 + 5, length: 2 ** 40, type: 3 }] }).powerOn();
    large.call(0x15, { eax: 0xe820, edx: SMAP, ecx: 20, edi: 0x6000 });
    const words = [0, 4, 8, 12, 16].map((offset) => large.memory.read32(0x6000 + offset));
    expect(words).toEqual([5, 1, 0, 0x100, 3]);
  });
});

describe('memory sizes', () => {
  it.each([
    [1, 0, 0, 0],
    [2, 1024, 0, 1024],
    [16, 0x3c00, 0, 0x3c00],
    [17, 0x3c00, 16, 0x4000],
    [128, 0x3c00, 0x700, 0xfc00],
  ])('of %i MiB', (mib, below, above, old) => {
    const sized = new FakeMachine(
      { memoryMap: new FakeMachine({}, mib << 20).bios && undefined } as object,
      mib << 20,
    ).powerOn();
    expect(sized.call(0x15, { eax: 0xe801 })).toMatchObject({
      eax: below,
      ecx: below,
      ebx: above,
      edx: above,
      carry: false,
    });
    expect(sized.call(0x15, { eax: 0xe881, ebx: 0x5555_0000 })).toMatchObject({
      eax: below,
      ecx: below,
      ebx: above,
      edx: above,
    });
    expect(sized.call(0x15, { eax: 0x8800 })).toMatchObject({ ax: old, carry: false });
  });

  it('INT 12h says 639 KiB, below the EBDA', () => {
    expect(machine.call(0x12, { eax: 0xffff_0000 }).eax).toBe(0xffff_027f);
    expect(machine.memory.read16(0x40e)).toBe(0x9fc0);
    expect(machine.memory.read8(0x9fc00)).toBe(1);
  });
});

describe('the A20 gate', () => {
  it('is switched and asked through port 92h, without touching its reset bit', () => {
    machine.chips.systemA = 0x03;
    machine.call(0x15, { eax: 0x2400 });
    expect(machine.chips.systemA).toBe(0);
    expect(machine.call(0x15, { eax: 0x2402 })).toMatchObject({ ax: 0x0000, carry: false });
    machine.call(0x15, { eax: 0x2401 });
    expect(machine.chips.systemA).toBe(2);
    expect(machine.call(0x15, { eax: 0x2402 })).toMatchObject({ ax: 0x0001, carry: false });
  });
});

describe('AH=87h', () => {
  const descriptors = (source: number, target: number): void => {
    const table = new Uint8Array(48);
    const put = (at: number, base: number): void => {
      table.set([0xff, 0xff, base & 0xff, (base >> 8) & 0xff, (base >> 16) & 0xff, 0x93, 0, base >>> 24], at);
    };
    put(16, source);
    put(24, target);
    machine.memory.writeBytes(0x6000, table);
  };

  it('copies into extended memory and leaves a closed gate closed', () => {
    machine.call(0x15, { eax: 0x2400 });
    machine.memory.write32(0x5000, 0x1234_5678);
    descriptors(0x5000, 0x30_0000);
    expect(machine.call(0x15, { eax: 0x8700, ecx: 2, esi: 0x6000 })).toMatchObject({ ah: 0, carry: false });
    expect(machine.chips.systemA & 2).toBe(0);
    machine.memory.isA20Open = true;
    expect(machine.memory.read32(0x30_0000)).toBe(0x1234_5678);
  });

  it('repeats the beginning when the target overlaps behind the source', () => {
    machine.memory.writeBytes(0x5000, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    descriptors(0x5000, 0x5002);
    machine.call(0x15, { eax: 0x8700, ecx: 3, esi: 0x6000 });
    expect([...machine.memory.readBytes(0x5000, 8)]).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  });

  it.each([
    [0, 0, false],
    [0x8000, 0, false],
    [0x8001, 2, true],
  ])('of %i words ends with status %i', (ecx, ah, carry) => {
    descriptors(0x10000, 0x20_0000);
    expect(machine.call(0x15, { eax: 0x8700, ecx, esi: 0x6000 })).toMatchObject({ ah, carry });
  });
});

describe('AH=86h', () => {
  it('halts until the time is over, with the clock chip’s periodic interrupt on meanwhile', () => {
    const start = machine.clock.now;
    const result = machine.call(0x15, { eax: 0x8600, ecx: 0, edx: 10_000, flags: 0x0002 });
    const waited = machine.clock.now - start;
    expect(result).toMatchObject({ carry: false, eax: 0x8600, edx: 10_000, flags: 0x0002 });
    expect(waited).toBeGreaterThanOrEqual(10_000_000);
    expect(waited).toBeLessThan(11_000_000);
    expect((machine.chips.cmos[0x0b] ?? 0) & 0x40).toBe(0);
    expect(machine.bios.snapshot().deadlines.system).toBeNull();
  });

  it('returns at once for 0 microseconds', () => {
    machine.onHalt = () => {
      throw new Error('halted');
    };
    expect(machine.call(0x15, { eax: 0x8600 }).carry).toBe(false);
  });

  it('runs in a loop instead of halting when no clock can interrupt', () => {
    machine.chips.masks = [0xff, 0xff];
    machine.onHalt = () => {
      throw new Error('halted');
    };
    const out = machine.bios.trap.writePort;
    machine.bios.trap.writePort = (offset, width, value) => {
      machine.clock.now += 100_000;
      out(offset, width, value);
    };
    expect(machine.call(0x15, { eax: 0x8600, edx: 1000 }).carry).toBe(false);
  });
});

describe('AH=83h', () => {
  it('sets the flag after the time, and refuses a second wait meanwhile', () => {
    const wait = { eax: 0x8300, ecx: 0, edx: 3000, ebx: 0x5000 };
    expect(machine.call(0x15, wait)).toMatchObject({ ah: 0, carry: false });
    expect(machine.call(0x15, wait).carry).toBe(true);
    for (let i = 0; i < 3; i++) machine.call(machine.nextInterrupt());
    expect(machine.memory.read8(0x5000)).toBe(0);
    machine.call(machine.nextInterrupt());
    expect(machine.memory.read8(0x5000)).toBe(0x80);
    expect((machine.chips.cmos[0x0b] ?? 0) & 0x40).toBe(0);
    expect(machine.chips.inService).toBe(0);
  });

  it('is cancelled by AL=1', () => {
    machine.call(0x15, { eax: 0x8300, edx: 3000, ebx: 0x5000 });
    machine.call(0x15, { eax: 0x8301 });
    expect(machine.memory.read8(0x4a0)).toBe(0);
    expect((machine.chips.cmos[0x0b] ?? 0) & 0x40).toBe(0);
  });
});

describe('the tick count', () => {
  it('goes on with every timer interrupt, calls INT 1Ch, and ends the interrupt', () => {
    machine.memory.writeBytes(0x700, Uint8Array.of(0xcf));
    machine.memory.write32(4 * 0x1c, 0x0070_0000);
    machine.memory.write32(0x46c, 0xffff);
    machine.chips.inService = 1;
    machine.call(0x08);
    expect(machine.memory.read32(0x46c)).toBe(0x10000);
    expect(machine.cpu.executed.has(0x700)).toBe(true);
    expect(machine.chips.inService).toBe(0);
    expect(machine.call(0x1a, { eax: 0x00ff })).toMatchObject({ al: 0, ecx: 1, edx: 0, carry: false });
  });

  it('begins again at midnight, which AH=00h reports once', () => {
    machine.call(0x1a, { eax: 0x0100, ecx: 0x0018, edx: 0x00af });
    machine.call(0x08);
    expect(machine.call(0x1a)).toMatchObject({ al: 1, ecx: 0, edx: 0 });
    expect(machine.call(0x1a).al).toBe(0);
  });

  it('starts from the time of day', () => {
    // 12:34:56
    expect(machine.memory.read32(0x46c)).toBe(Math.trunc(((12 * 60 + 34) * 60 + 56) * (1193182 / 65536)));
  });

  it('turns the floppy motor off when its time is over', () => {
    machine.memory.write8(0x440, 2);
    machine.memory.write8(0x43f, 0x81);
    machine.call(0x08);
    expect(machine.memory.read8(0x43f)).toBe(0x81);
    machine.call(0x08);
    expect(machine.memory.read8(0x43f)).toBe(0x80);
  });
});

describe('the real-time clock', () => {
  it('is read in BCD', () => {
    expect(machine.call(0x1a, { eax: 0x0200 })).toMatchObject({ ecx: 0x1234, edx: 0x5600, carry: false });
    expect(machine.call(0x1a, { eax: 0x0400 })).toMatchObject({ ecx: 0x2026, edx: 0x1122, carry: false });
  });

  it('is set while its updates are held', () => {
    machine.chips.writes.length = 0;
    machine.call(0x1a, { eax: 0x0300, ecx: 0x2359, edx: 0x5801 });
    machine.call(0x1a, { eax: 0x0500, ecx: 0x1999, edx: 0x1231 });
    expect(machine.call(0x1a, { eax: 0x0200 })).toMatchObject({ ecx: 0x2359, edx: 0x5801 });
    expect(machine.call(0x1a, { eax: 0x0400 })).toMatchObject({ ecx: 0x1999, edx: 0x1231 });
    expect(machine.chips.writes.filter(([port]) => port === 0x71)[0]).toEqual([0x71, 0x83]);
    expect(machine.chips.cmos[0x0b]).toBe(0x03);
  });

  it('is waited for while it updates itself, but not for ever', () => {
    machine.chips.cmos[0x0a] = 0xa6;
    const out = machine.bios.trap.writePort;
    let traps = 0;
    machine.bios.trap.writePort = (offset, width, value) => {
      machine.clock.now += 500_000;
      if (++traps === 3) machine.chips.cmos[0x0a] = 0x26;
      out(offset, width, value);
    };
    expect(machine.call(0x1a, { eax: 0x0200 }).ecx).toBe(0x1234);
    expect(traps).toBe(3);
    machine.chips.cmos[0x0a] = 0xa6;
    traps = 10;
    expect(machine.call(0x1a, { eax: 0x0200 }).ecx).toBe(0x1234);
    expect(traps).toBe(17);
  });

  it('calls INT 4Ah at the alarm, which can be set once', () => {
    machine.memory.writeBytes(0x700, Uint8Array.of(0xcf));
    machine.memory.write32(4 * 0x4a, 0x0070_0000);
    expect(machine.call(0x1a, { eax: 0x0600, ecx: 0x0630, edx: 0x1500 }).carry).toBe(false);
    expect([...machine.chips.cmos.subarray(0, 6)]).toEqual([0x56, 0x15, 0x34, 0x30, 0x12, 0x06]);
    expect(machine.call(0x1a, { eax: 0x0600 }).carry).toBe(true);
    machine.chips.cmos[0x0c] = 0xa0;
    machine.chips.inService = 0x0104;
    machine.call(0x70);
    expect(machine.cpu.executed.has(0x700)).toBe(true);
    expect(machine.chips.inService).toBe(0);
    machine.call(0x1a, { eax: 0x0700 });
    expect((machine.chips.cmos[0x0b] ?? 0) & 0x20).toBe(0);
  });

  it('has no PCI BIOS in a machine without PCI', () => {
    expect(machine.call(0x1a, { eax: 0xb101 })).toMatchObject({ ah: 0x81, carry: true, edx: 0 });
  });
});

describe('INT 14h', () => {
  it('sets speed and format', () => {
    expect(machine.call(0x14, { eax: 0x00e3 })).toMatchObject({ ax: 0x60b0, carry: false });
    expect(machine.chips.writes.slice(-7, -1)).toContainEqual([0x3fb, 0x03]);
    expect(machine.chips.divisor & 0xff).toBe(12);
  });

  it('sends and receives', () => {
    expect(machine.call(0x14, { eax: 0x0141 })).toMatchObject({ al: 0x41, ah: 0x60, carry: false });
    expect(machine.chips.serialOutput).toEqual([0x41]);
    machine.chips.serialInput.push(0x42);
    expect(machine.call(0x14, { eax: 0x0200 })).toMatchObject({ al: 0x42, ah: 0, carry: false });
  });

  it('waits for a byte, and gives up after the time in 40:7C', () => {
    const start = machine.clock.now;
    expect(machine.call(0x14, { eax: 0x0255 })).toMatchObject({ al: 0x55, ah: 0xe0, carry: false });
    expect(machine.clock.now - start).toBeGreaterThanOrEqual(1_000_000_000);
    let halts = 0;
    machine.onHalt = () => {
      if (++halts === 3) machine.chips.serialInput.push(0x43);
      return machine.nextInterrupt();
    };
    expect(machine.call(0x14, { eax: 0x0200 })).toMatchObject({ al: 0x43, ah: 0 });
    expect(halts).toBe(3);
  });

  it('spins while the transmitter is busy', () => {
    machine.chips.isSerialReady = false;
    const out = machine.bios.trap.writePort;
    let traps = 0;
    machine.bios.trap.writePort = (offset, width, value) => {
      if (++traps === 4) machine.chips.isSerialReady = true;
      out(offset, width, value);
    };
    machine.call(0x14, { eax: 0x0141 });
    expect([traps, machine.chips.serialOutput]).toEqual([4, [0x41]]);
  });
});

describe('hardware interrupts that nobody serves', () => {
  it.each([
    [0x0b, 0x0008],
    [0x0c, 0x0010],
    [0x0d, 0x0020],
    [0x0e, 0x0040],
    [0x0f, 0x0080],
    [0x71, 0x0204],
    [0x72, 0x0404],
    [0x74, 0x1004],
    [0x75, 0x2004],
    [0x76, 0x4004],
    [0x77, 0x8004],
  ])('INT %i is ended where it was raised', (vector, inService) => {
    machine.chips.inService = inService;
    machine.call(vector);
    expect(machine.chips.inService).toBe(0);
    expect(machine.events).toEqual([]);
  });

  it('a spurious IRQ 7 is not ended, so that nothing else is', () => {
    machine.chips.inService = 0x01;
    machine.call(0x0f);
    expect(machine.chips.inService).toBe(0x01);
    expect(machine.events).toEqual([]);
  });
});
