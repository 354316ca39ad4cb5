import type { CpuModelName, Engine } from '@longmode/cpu-x86';
import { describe, expect, it } from 'vitest';
import { readExpected, readImage } from '../test/images.ts';
import type { PcConfig } from './config.ts';
import { loadImage } from './load.ts';
import { Pc } from './pc.ts';
import { hashMachine } from './state-hash.ts';

const saidInQemu = JSON.parse(readExpected('devices/expected.json')) as Record<string, readonly string[]>;
/**
 * What QEMU 7.2 cannot say: it has neither x2APIC mode nor a TSC deadline. From the manual; Bochs 2.7 says the same, but for a
 * logical ID of 0, a self-IPI register without reserved bits, a deadline that can be read after it is met, and a disabled APIC that
 * does not come back.
 */
const X2APIC_SAYS = [
  'in xAPIC mode: MSR 802 #GP, to the invalid state #GP, to x2APIC mode taken, IA32_APIC_BASE fee00d00',
  'ID 00000000, version 00050014, logical 00000001',
  'not there: 809 #GP, 80e #GP, 831 #GP, 840 #GP; only to write: 80b #GP, 83f #GP',
  'read-only: 802 #GP, 80d #GP, 839 #GP',
  'reserved bits: 808 #GP, high #GP, 80b #GP, 828 #GP, 83f #GP',
  'to xAPIC mode #GP, to the invalid state #GP',
  'self IPI: 51 in service 00020000, priority 00000050',
  'command: 51 in service 00020000, priority 00000050',
  'command, logical: 51 in service 00020000, priority 00000050',
  'command, another cluster:',
  'held back: requested 00020000, then 51 in service 00020000, priority 00000050',
  'deadline: without its mode 00000000, disarmed 00000000',
  'deadline met, then 00000000',
  'a deadline that is past: interrupts 02, count 00000000 00000000',
  'disabled taken, MSR 802 #GP, CPUID 00000000, to x2APIC mode #GP, to xAPIC mode taken, CPUID 00000001',
  'done',
];
const GUESTS = [
  ['device-apic.img', saidInQemu['device-apic.img']],
  ['device-x2apic.img', X2APIC_SAYS],
] as const;
const ENGINES: readonly Engine[] = ['interpreter', 'jit', 'check'];
const LIMIT = 20_000_000;

function start(image: string, config: Omit<PcConfig, 'events'> = {}): { pc: Pc; said: () => string[] } {
  const floppy = new Uint8Array(2880 * 512);
  floppy.set(readImage(image));
  let text = '';
  const onSerial = (byte: number): void => {
    text += String.fromCharCode(byte);
  };
  const { pc } = loadImage(floppy, { ramSizeBytes: 2 ** 24 }, { ...config, events: { onSerial } });
  return { pc, said: () => text.trimEnd().split('\n') };
}

describe.each(GUESTS)('%s', (image, expected) => {
  it('says what the record has, at the same instants in every engine', () => {
    const ends = ENGINES.map((engine) => {
      const { pc, said } = start(image, { engine });
      expect(pc.run({ instructions: LIMIT })).toEqual({ kind: 'debug-exit', value: 0x10 });
      expect(said()).toEqual(expected);
      return { count: pc.cpu.instructionCount, time: pc.virtualTimeNs, hash: hashMachine(pc) };
    });
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
  });

  it('goes on from snapshots, and does not see how its run is cut', () => {
    const whole = start(image);
    whole.pc.run({ instructions: LIMIT });
    let { pc } = start(image);
    for (let i = 0; i < 40 && pc.run({ instructions: 97_531 }).kind === 'limit'; i++) {
      const state = structuredClone(pc.snapshot());
      if (i % 2 === 1) pc = start(image).pc;
      pc.restore(state);
    }
    expect([pc.cpu.instructionCount, pc.virtualTimeNs]).toEqual([
      whole.pc.cpu.instructionCount,
      whole.pc.virtualTimeNs,
    ]);
    expect(hashMachine(pc)).toBe(hashMachine(whole.pc));
  });
});

describe('wiring', () => {
  it('after a reset is virtual wire mode: the 8259A come through LINT0', () => {
    const pc = new Pc({ ramSizeBytes: 2 ** 20 });
    expect([0xf0, 0x350, 0x360].map((at) => pc.localApic.readMemory(at, 32))).toEqual([0x1ff, 0x8700, 0x8400]);
    for (const word of [0x11, 0x20, 4, 1, 0]) pc.picMaster.writePort(word === 0x11 ? 0 : 1, 8, word);
    pc.irq(1).set(true);
    expect(pc.localApic.isRequesting).toBe(true);
    expect(pc.localApic.acknowledge()).toBe(0x21);
  });

  it.each([
    [0, 2],
    [1, 1],
    [8, 8],
    [9, 9],
    [15, 15],
  ])('IRQ %i is input %i of the I/O APIC', (irq, input) => {
    const pc = new Pc({ ramSizeBytes: 2 ** 20 });
    pc.memoryMap.write(0xfec0_0000, 32, 0x10 + 2 * input);
    pc.memoryMap.write(0xfec0_0010, 32, 0x40 + irq);
    expect((pc.openIrqs >> irq) & 1).toBe(1);
    pc.irq(irq).set(true);
    expect(pc.localApic.acknowledge()).toBe(0x40 + irq);
  });

  it('IRQ 2 leads nowhere', () => {
    const pc = new Pc({ ramSizeBytes: 2 ** 20 });
    pc.irq(2).set(true);
    expect(pc.picMaster.isRequesting).toBe(false);
  });

  it.each([
    ['default', true],
    ['x86-64', true],
    ['pentium', true],
    ['486', false],
  ] as const)('model %s has the APICs: %s', (cpuModel: CpuModelName, hasApic) => {
    const pc = new Pc({ ramSizeBytes: 2 ** 24, cpuModel });
    pc.bios.post();
    expect(pc.localApic.isEnabled).toBe(hasApic);
    const ones = 0xffff_ffff;
    const read = [0xfee0_0030, 0xfed0_0000].map((address) => pc.memoryMap.read(address, 32));
    expect(read).toEqual(hasApic ? [0x0005_0014, 0x8086_a201] : [ones, ones]);
    pc.picMaster.writePort(1, 8, 0);
    pc.irq(1).set(true);
    expect(pc.localApic.isRequesting).toBe(true);
  });
});
