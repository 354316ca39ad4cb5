import { MEMORY_ACPI_NVS, MEMORY_ACPI_RECLAIMABLE } from '@longmode/bios';
import { describe, expect, it } from 'vitest';
import { readExpected, readImage } from '../test/images.ts';
import { loadImage } from './load.ts';
import { Pc } from './pc.ts';
import { rootPointer, rootPointerAddress, systemMemoryMap } from './system-tables.ts';

const saidInQemu = JSON.parse(readExpected('devices/expected.json')) as Record<string, readonly string[]>;

function run(image: Uint8Array): { said: string[]; outcome: unknown } {
  let said = '';
  const onSerial = (byte: number): void => {
    said += String.fromCharCode(byte);
  };
  const { pc } = loadImage(image, {}, { events: { onSerial } });
  const outcome = pc.run({ instructions: 50_000_000 });
  return { said: said.trimEnd().split('\n'), outcome };
}

describe('the tables for operating systems', () => {
  it('lead a guest to the power switch, as QEMU’s do', () => {
    const floppy = new Uint8Array(2880 * 512);
    floppy.set(readImage('device-acpi.img'));
    expect(run(floppy)).toEqual({ said: saidInQemu['device-acpi.img'], outcome: { kind: 'power-off' } });
  });

  it('are handed over to Multiboot 2 kernels: the guest sees the new root pointer', () => {
    const { said } = run(readImage('multiboot2-elf32.elf'));
    expect(said.filter((line) => line.startsWith('tag 15, size 44'))).toHaveLength(1);
  });

  it('are in the memory that the address map has for them, and where the root pointer says', () => {
    const ramSizeBytes = 16 * 2 ** 20;
    const pc = new Pc({ ramSizeBytes });
    pc.bios.post();
    const pointer = rootPointer(ramSizeBytes) as Uint8Array;
    const view = new DataView(pointer.buffer, pointer.byteOffset);
    expect(pc.cpu.memory.read(rootPointerAddress(ramSizeBytes) as number, 36)).toEqual(pointer);
    const signature = (at: number): string => String.fromCharCode(...pc.cpu.memory.read(at, 4));
    expect(signature(view.getUint32(16, true))).toBe('RSDT');
    const map = systemMemoryMap(ramSizeBytes);
    const reclaimable = map.find(({ type }) => type === MEMORY_ACPI_RECLAIMABLE);
    const nvs = map.find(({ type }) => type === MEMORY_ACPI_NVS);
    expect(signature(reclaimable?.base ?? 0)).toBe('DSDT');
    expect(signature((nvs?.base ?? 0) + (nvs?.length ?? 0) - 64)).toBe('FACS');
    expect(map.at(-1)).toBe(nvs);
    expect((nvs?.base ?? 0) + (nvs?.length ?? 0)).toBe(ramSizeBytes);
  });

  it('leave a machine of 1 MiB alone', () => {
    expect(rootPointer(2 ** 20)).toBeUndefined();
    expect(rootPointerAddress(2 ** 20)).toBeUndefined();
    expect(systemMemoryMap(2 ** 20)).toHaveLength(3);
    const pc = new Pc({ ramSizeBytes: 2 ** 20 });
    pc.bios.post();
    expect(String.fromCharCode(...pc.cpu.memory.read(0xf6040, 4))).toBe('_SM_');
  });

  it('are found by kernels that look for MP tables in the ways of xv6: one processor, and the I/O APIC', () => {
    const pc = new Pc({ ramSizeBytes: 16 * 2 ** 20 });
    pc.bios.post();
    const { memory } = pc.cpu;
    const sum = (at: number, size: number): number => memory.read(at, size).reduce((a, b) => a + b, 0) & 0xff;
    const signature = (at: number, size: number): string => String.fromCharCode(...memory.read(at, size));
    const pointer = Array.from({ length: 0x1000 }, (_, i) => 0xf0000 + 16 * i).find(
      (at) => signature(at, 4) === '_MP_' && sum(at, 16) === 0,
    ) as number;
    const table = memory.read32(pointer + 4);
    expect([signature(table, 4), sum(table, memory.read16(table + 4)), memory.read8(table + 6)]).toEqual([
      'PCMP',
      0,
      4,
    ]);
    let at = table + 44;
    const processors: number[] = [];
    const apics: number[][] = [];
    while (at < table + memory.read16(table + 4)) {
      const type = memory.read8(at);
      if (type === 0) processors.push(memory.read8(at + 1));
      if (type === 2) apics.push([memory.read8(at + 1), memory.read8(at + 2), memory.read32(at + 4)]);
      // What the register of the local APIC says of itself, CPUID and the table agree.
      if (type === 0) {
        expect(memory.read8(at + 2)).toBe(pc.memoryMap.read(0xfee0_0030, 32) & 0xff);
        expect(memory.read32(at + 8) & (1 << 9)).not.toBe(0);
      }
      at += type === 0 ? 20 : 8;
    }
    expect([processors, apics]).toEqual([[0], [[0, 0x20, 0xfec0_0000]]]);
    expect(memory.read32(table + 36)).toBe(0xfee0_0000);
  });

  it('have no MP tables for a processor without APIC', () => {
    const pc = new Pc({ ramSizeBytes: 16 * 2 ** 20, cpuModel: '486' });
    pc.bios.post();
    const rom = String.fromCharCode(...pc.cpu.memory.read(0xf0000, 0x10000));
    expect([rom.includes('_MP_'), rom.includes('_SM_')]).toEqual([false, true]);
  });
});
