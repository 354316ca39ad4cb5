import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeMachine, numberedDisk } from '../test/fake-machine.ts';
import { BIOS_TRAP_PORT, Bios, BiosError, type BiosState, ROM_SIZE_BYTES } from './index.ts';

const RESET: BiosState = {
  deadlines: { post: null, serial: null, system: null, clock: null },
  postStep: 0,
  emulation: null,
};

describe('configuration', () => {
  const machine = new FakeMachine();
  const base = {
    cpu: machine.cpu,
    memory: machine.memory,
    ports: machine.chips,
    clock: machine.clock,
    ramSizeBytes: 0x10_0000,
  };

  it.each([
    ['less than 1 MiB of RAM', { ramSizeBytes: 0xf_ffff }],
    ['a fractional RAM size', { ramSizeBytes: 0x10_0000 + 0.5 }],
    ['three floppies', { disks: { floppies: [0, 1, 2].map(() => numberedDisk(2880)) } }],
    ['a hard disk of 2048-byte sectors', { disks: { hardDisks: [numberedDisk(8, { sectorSizeBytes: 2048 })] } }],
    ['a CD of 512-byte sectors', { disks: { cdRoms: [numberedDisk(8)] } }],
  ])('refuses %s', (_, options) => {
    expect(() => new Bios({ ...base, ...options })).toThrow(BiosError);
  });

  it('hands out a copy of the ROM', () => {
    const bios = new Bios(base);
    bios.rom.fill(0);
    expect(bios.rom.length).toBe(ROM_SIZE_BYTES);
    expect(bios.rom[0xfff0]).toBe(0xea);
  });

  it('has its port at a number that OUT reaches without DX', () => {
    expect(BIOS_TRAP_PORT).toBeLessThan(0x100);
  });
});

describe('the trap port', () => {
  it('ignores writes from outside of the ROM', () => {
    const machine = new FakeMachine().powerOn();
    machine.cpu.cs = 0x1000;
    machine.cpu.esp = 0x1000;
    for (let ip = 0x8000; ip < 0x8400; ip++) {
      machine.memory.write16(0x1000, ip);
      machine.bios.trap.writePort(0, 8, 0);
    }
    expect(machine.chips.writes).toEqual([]);
  });

  it('ignores a return address that is not a stub, other offsets and other widths', () => {
    const machine = new FakeMachine().powerOn();
    machine.cpu.cs = 0xf000;
    machine.cpu.esp = 0x1000;
    machine.memory.write16(0x1000, 0x1234);
    machine.bios.trap.writePort(0, 8, 0);
    machine.bios.trap.writePort(1, 8, 0);
    machine.bios.trap.writePort(0, 16, 0);
    expect(machine.chips.writes).toEqual([]);
  });

  it.each([
    [8, 0xff],
    [16, 0xffff],
    [32, 0xffff_ffff],
  ] as const)('reads as open bus in %i bits', (width, ones) => {
    expect(new FakeMachine().bios.trap.readPort(0, width)).toBe(ones);
  });
});

describe('what every call preserves', () => {
  const machine = new FakeMachine({ disks: { hardDisks: [numberedDisk(1000)] } }).powerOn();
  const registers = {
    eax: 0x1111_0e41,
    ebx: 0x2222_0000,
    ecx: 0x3333_4444,
    edx: 0x5555_0080,
    esi: 0x6666_7777,
    edi: 0x8888_9999,
    ebp: 0xaaaa_bbbb,
    ds: 0x1234,
    es: 0x5678,
    flags: 0x0ed7,
  };

  it.each([0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x1a])('INT %i loads no segment register', (vector) => {
    const loads = machine.cpu.segmentLoads;
    const result = machine.call(vector, registers);
    expect(machine.cpu.segmentLoads).toBe(loads);
    expect([result.ds, result.es, result.esp]).toEqual([0x1234, 0x5678, 0x0f00]);
    expect([result.eax, result.ebx, result.ecx, result.edx].map((value) => value >>> 16)).toEqual([
      0x1111, 0x2222, 0x3333, 0x5555,
    ]);
    expect([result.esi, result.edi, result.ebp]).toEqual([0x6666_7777, 0x8888_9999, 0xaaaa_bbbb]);
    // Only CF and ZF may change.
    expect(result.flags & ~0x41).toBe(registers.flags & ~0x41);
  });

  it.each([0x08, 0x09, 0x0e, 0x70, 0x74, 0x75, 0x76, 0x77, 0x71, 0x0f])(
    'hardware interrupt %i changes nothing',
    (vector) => {
      const result = machine.call(vector, registers);
      const { ax: _ax, ah: _ah, al: _al, carry: _carry, zero: _zero, esp, ...rest } = result;
      expect(rest).toEqual(registers);
      expect(esp).toBe(0x0f00);
    },
  );

  it('keeps DL of disk calls, and every register but AH of a packet read', () => {
    machine.memory.writeBytes(0x6000, Uint8Array.of(16, 0, 1, 0, 0, 0x50, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0));
    const result = machine.call(0x13, { ...registers, eax: 0x1111_4242, esi: 0x6666_6000, ds: 0 });
    expect(result).toMatchObject({ ...registers, eax: 0x1111_0042, esi: 0x6666_6000, ds: 0, flags: 0x0ed6 });
    expect(machine.memory.read32(0x5000)).toBe(5);
  });
});

describe('state', () => {
  it('is the reset state after construction, after POST and after reset()', () => {
    const machine = new FakeMachine();
    expect(machine.bios.snapshot()).toEqual(RESET);
    machine.powerOn();
    expect(machine.bios.snapshot()).toEqual(RESET);
    machine.bios.restore({ ...RESET, postStep: 3 });
    machine.bios.reset();
    expect(machine.bios.snapshot()).toEqual(RESET);
  });

  it('comes back from a snapshot, which later changes do not touch', () => {
    const { bios } = new FakeMachine();
    const state: BiosState = {
      deadlines: { post: 1, serial: 2, system: 3, clock: 4 },
      postStep: 5,
      emulation: { drive: 0, cdDrive: 0xe0, imageLba: 20, sectorCount: 2880, mediaType: 2 },
    };
    bios.restore(structuredClone(state));
    const taken = bios.snapshot();
    bios.reset();
    expect(taken).toEqual(state);
  });

  it.each([
    ['no object', null],
    ['a missing field', { deadlines: RESET.deadlines, postStep: 0 }],
    ['a negative step', { ...RESET, postStep: -1 }],
    ['a deadline that is no number', { ...RESET, deadlines: { ...RESET.deadlines, post: 'soon' } }],
    [
      'an emulation of no drive',
      { ...RESET, emulation: { drive: 5, cdDrive: 0, imageLba: 0, sectorCount: 0, mediaType: 0 } },
    ],
  ])('refuses %s', (_, state) => {
    const { bios } = new FakeMachine();
    expect(() => bios.restore(state as unknown as BiosState)).toThrow(BiosError);
    expect(bios.snapshot()).toEqual(RESET);
  });
});

describe('events', () => {
  it('report an unsupported function once', () => {
    const machine = new FakeMachine().powerOn();
    for (let i = 0; i < 3; i++) machine.call(0x15, { eax: 0x5301 });
    machine.call(0x15, { eax: 0xd800 });
    expect(machine.events).toEqual([
      { kind: 'unsupported-function', vector: 0x15, ax: 0x5301 },
      { kind: 'unsupported-function', vector: 0x15, ax: 0xd800 },
    ]);
  });

  it('report an exception that nobody handles, with its address, once', () => {
    const machine = new FakeMachine().powerOn();
    machine.call(0x06);
    machine.call(0x06);
    machine.call(0x0d);
    expect(machine.events).toEqual([
      { kind: 'unexpected-interrupt', vector: 0x06, cs: 0x60, ip: 2 },
      { kind: 'unexpected-interrupt', vector: 0x0d, cs: 0x60, ip: 2 },
    ]);
  });
});

describe('hostile calls', { timeout: 30_000 }, () => {
  const machine = new FakeMachine(
    {
      disks: {
        hardDisks: [numberedDisk(5000)],
        floppies: [numberedDisk(2880)],
        cdRoms: [numberedDisk(100, { sectorSizeBytes: 2048 })],
      },
    },
    0x20_0000,
  ).powerOn();
  const image = machine.memory.bytes.slice();
  const word32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const interesting = fc.oneof(word32, fc.constantFrom(0, 0x80, 0xe0, 0xff, 0xffff, 0x534d4150, 0x55aa, 0xffff_ffff));

  it('return, whatever the registers and the data areas hold', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x17, 0x1a),
        fc.integer({ min: 0, max: 0xffff }),
        fc.tuple(interesting, interesting, interesting, interesting, interesting, interesting),
        fc.integer({ min: 0, max: 0xffff }),
        fc.uint8Array({ minLength: 0xa1, maxLength: 0xa1 }),
        (vector, ax, [ebx, ecx, edx, esi, edi, ebp], segment, dataArea) => {
          // A wait of up to 72 minutes is bounded, but long; and INT 16h AH=00h waits for a key by design.
          fc.pre(!(vector === 0x15 && ax >> 8 === 0x86));
          machine.memory.bytes.set(image);
          machine.memory.isA20Open = true;
          machine.memory.writeBytes(0x400, dataArea);
          machine.chips.writes.length = 0;
          machine.call(vector, { eax: ax, ebx, ecx, edx, esi, edi, ebp, ds: segment, es: segment ^ 0x1000 });
        },
      ),
      { numRuns: 400, seed: 19 },
    );
  });

  it('return from every keyboard function but the waiting ones, with any ring pointers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xff }), word32, word32, (ah, ring, pointers) => {
        fc.pre(ah !== 0x10);
        machine.memory.write32(0x41a, ring);
        machine.memory.write32(0x480, pointers);
        machine.call(0x16, { eax: ah << 8, ecx: 0x1234 });
      }),
      { numRuns: 300, seed: 19 },
    );
  });

  it('accept every sequence of scan codes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xff }), { maxLength: 40 }), (codes) => {
        machine.memory.bytes.set(image);
        machine.onHalt = () => {
          // A pause waits for a key; this one ends it.
          machine.chips.keyboardBytes.push([0x39, false]);
          return 0x09;
        };
        // Ctrl-Alt-Del leaves through the reset vector: not a return.
        fc.pre(!codes.some((code) => (code & 0x7f) === 0x53));
        machine.type(...codes);
      }),
      { numRuns: 200, seed: 19 },
    );
  });
});
