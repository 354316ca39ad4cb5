import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type AcpiMachine, acpiTables, type PlacedBytes, smbiosTables } from './index.ts';

const machine: AcpiMachine = {
  pmBase: 0x600,
  sciIrq: 9,
  softOffType: 5,
  resetPort: 0xcf9,
  resetValue: 0x06,
  centuryIndex: 0x32,
  pciMemory: { first: 0xe000_0000, last: 0xfebf_ffff },
  ioApic: { id: 0, address: 0xfec0_0000, irq0Input: 2 },
  hpet: { address: 0xfed0_0000, capabilities: 0x8086_a201 },
};
const addresses = { root: 0xf6000, tables: 0x7ff_c000, facs: 0x7ff_f000 };
const placed = acpiTables(machine, addresses);
const smbios = smbiosTables(
  {
    ramSizeBytes: 128 * 2 ** 20,
    ramRanges: [{ base: 0, length: 128 * 2 ** 20 }],
    romSegment: 0xf000,
    romSizeBytes: 0x10000,
    processorName: 'Example processor',
    processorVendor: 'Example',
    processorSignature: 0x663,
    processorFeatures: 0x0781_abfb,
  },
  0xf6100,
);

const work = mkdtempSync(join(tmpdir(), 'longmode-tables-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Memory that has nothing but the tables. */
function memoryAt(address: number, size: number): Uint8Array {
  const region = [...placed, smbios].find(
    (part) => address >= part.address && address < part.address + part.bytes.length,
  );
  if (region === undefined) throw new Error(`nothing at ${address.toString(16)}`);
  return region.bytes.subarray(address - region.address, address - region.address + size);
}
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0) & 0xff;

/** A table by its address, its checksum looked at. */
function tableAt(address: number): Uint8Array {
  const table = memoryAt(address, view(memoryAt(address, 8)).getUint32(4, true));
  expect(sum(table)).toBe(0);
  return table;
}

describe('ACPI tables', () => {
  const root = (placed[0] as PlacedBytes).bytes;

  it('hang together, from the root pointer by either root table', () => {
    expect(text(root.subarray(0, 8))).toBe('RSD PTR ');
    expect([sum(root.subarray(0, 20)), sum(root)]).toEqual([0, 0]);
    const rsdt = tableAt(view(root).getUint32(16, true));
    const xsdt = tableAt(Number(view(root).getBigUint64(24, true)));
    const entries = [36, 40, 44].map((at) => view(rsdt).getUint32(at, true));
    expect([36, 44, 52].map((at) => Number(view(xsdt).getBigUint64(at, true)))).toEqual(entries);
    const signatures = entries.map((entry) => text(tableAt(entry).subarray(0, 4)));
    expect(signatures).toEqual(['FACP', 'APIC', 'HPET']);
    const fadt = view(tableAt(entries[0] as number));
    expect([fadt.getUint32(56, true), fadt.getUint32(64, true), fadt.getUint32(76, true)]).toEqual([
      0x600, 0x604, 0x608,
    ]);
    expect(fadt.getUint32(36, true)).toBe(addresses.facs);
    expect(addresses.facs % 64).toBe(0);
    expect(text(memoryAt(addresses.facs, 4))).toBe('FACS');
    expect(text(tableAt(fadt.getUint32(40, true)).subarray(0, 4))).toBe('DSDT');
  });

  it('leave out what the machine does not have', () => {
    const { ioApic: _, hpet: __, ...plain } = machine;
    const bytes = text((acpiTables(plain, addresses)[1] as PlacedBytes).bytes);
    expect(bytes).not.toContain('HPET');
    const length = bytes.charCodeAt(bytes.indexOf('APIC') + 4);
    expect(length).toBe(52);
  });

  it('say where the machine is turned off, as kernels look for it', () => {
    const bytes = (placed[1] as PlacedBytes).bytes;
    const at = text(bytes).indexOf('_S5_');
    // NameOp before it (with the root character), PackageOp, length, four elements, the type as a byte.
    expect([...bytes.subarray(at - 2, at + 12)]).toEqual([
      0x08, 0x5c, 0x5f, 0x53, 0x35, 0x5f, 0x12, 0x08, 0x04, 0x0a, 5, 0x0a, 5, 0,
    ]);
  });

  it('are what iasl reads in them', ({ skip }) => {
    if (spawnSync('iasl', ['-v']).error !== undefined) skip();
    const tables = text((placed[1] as PlacedBytes).bytes);
    const dump: Record<string, string> = {};
    for (const signature of ['DSDT', 'FACP', 'APIC', 'HPET']) {
      const start = tables.indexOf(signature);
      const file = join(work, `${signature.toLowerCase()}.dat`);
      writeFileSync(file, tableAt((placed[1] as PlacedBytes).address + start));
      const run = spawnSync('iasl', ['-d', file], { encoding: 'utf8', cwd: work });
      expect(run.status, run.stderr).toBe(0);
      dump[signature] = readFileSync(file.replace('.dat', '.dsl'), 'utf8');
      expect(dump[signature]).not.toMatch(/Invalid|Warning|Incorrect|Error/i);
    }
    expect(dump.FACP).toMatch(/PM1A Control Block Address : 00000604/);
    expect(dump.FACP).toMatch(/Reset Register Supported \(V2\) : 1/);
    expect(dump.APIC).toMatch(/PC-AT Compatibility : 1/);
    expect(dump.APIC).toMatch(/Subtable Type : 01 \[I\/O APIC\]/);
    expect(dump.APIC).toMatch(/Address : FEC00000\n.*Interrupt : 00000000/);
    expect(dump.APIC).toMatch(/Source : 00\n.*Interrupt : 00000002/);
    expect(dump.APIC).toMatch(/Source : 09\n.*Interrupt : 00000009\n.*: 000D/);
    expect(dump.APIC).toMatch(/Processor ID : FF\n[\s\S]*Interrupt Input LINT : 01/);
    expect(dump.HPET).toMatch(/Hardware Block ID : 8086A201/);
    expect(dump.HPET).toMatch(/Space ID : 00 \[SystemMemory\][\s\S]*Address : 00000000FED00000/);
    expect(dump.DSDT).toMatch(/Name \(\\?_S5, Package \(0x04\)/);
    expect(dump.DSDT).toMatch(/EisaId \("PNP0501"\)/);
    // And it compiles again: the templates and lengths are right.
    const again = spawnSync('iasl', ['-p', join(work, 'again'), join(work, 'dsdt.dsl')], { encoding: 'utf8' });
    expect(again.stdout + again.stderr).toMatch(/0 Errors/);
  });
});

describe('SMBIOS', () => {
  it('has an entry point with both checksums, and structures one behind the other', () => {
    const { bytes, address } = smbios;
    expect([text(bytes.subarray(0, 4)), text(bytes.subarray(16, 21))]).toEqual(['_SM_', '_DMI_']);
    expect([sum(bytes.subarray(0, 31)), sum(bytes.subarray(16, 31))]).toEqual([0, 0]);
    let at = view(bytes).getUint32(0x18, true) - address;
    const types: number[] = [];
    while (types.at(-1) !== 127) {
      types.push(bytes[at] as number);
      at += bytes[at + 1] as number;
      while (bytes[at] !== 0 || bytes[at + 1] !== 0) at++;
      at += 2;
    }
    expect(types).toEqual([0, 1, 3, 4, 16, 17, 19, 32, 127]);
    expect(view(bytes).getUint16(0x1c, true)).toBe(types.length);
    expect(at).toBe(bytes.length);
  });

  it('is what dmidecode reads in it', ({ skip }) => {
    if (spawnSync('dmidecode', ['--version']).error !== undefined) skip();
    // dmidecode's dump: the entry point with its table at 20h, then the table.
    const tableAtOffset = 32;
    const dump = new Uint8Array(tableAtOffset + smbios.bytes.length - 32);
    dump.set(smbios.bytes.subarray(0, 31));
    view(dump).setUint32(0x18, tableAtOffset, true);
    dump[0x15] = 0;
    dump[0x15] = -sum(dump.subarray(16, 31)) & 0xff;
    dump[4] = 0;
    dump[4] = -sum(dump.subarray(0, 31)) & 0xff;
    dump.set(smbios.bytes.subarray(32), tableAtOffset);
    const file = join(work, 'dmi.bin');
    writeFileSync(file, dump);
    const run = spawnSync('dmidecode', ['--from-dump', file], { encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout).not.toMatch(/BAD|OUT OF SPEC|Wrong|broken|invalid/i);
    expect(run.stdout).toMatch(/SMBIOS 2\.8 present/);
    expect(run.stdout).toMatch(/Version: Example processor/);
    expect(run.stdout).toMatch(/Size: 128 MB/);
    expect(run.stdout).toMatch(/Range Size: 128 MB/);
    expect(run.stdout).toMatch(/ROM Size: 64 kB/);
    expect(run.stdout).toMatch(/ACPI is supported/);
  });
});
