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
});
