// The npm package elfinfo as an independent reader of the same images.
import { open } from 'elfinfo';
import { describe, expect, it } from 'vitest';
import { parseElf } from './elf.ts';
import { readBestSymbols } from './symbol.ts';
import { buildSample, LAYOUTS } from './testing/sample.ts';

describe.each(LAYOUTS)('an ELF$width sample, little-endian $isLittleEndian', (layout) => {
  it('has the header, segments, sections and symbols that elfinfo reads', async () => {
    const bytes = buildSample(layout);
    const result = await open(bytes);
    expect(result.errors).toEqual([]);
    const other = result.elf;
    if (other === undefined) throw new Error('elfinfo refused the image');
    const elf = parseElf(bytes);
    expect(BigInt(other.entryPoint)).toBe(elf.header.entry);
    expect(
      other.segments.map((segment) => [
        Number(segment.type),
        BigInt(segment.offset),
        BigInt(segment.vaddr),
        BigInt(segment.paddr),
        BigInt(segment.filesz),
        BigInt(segment.memsz),
      ]),
    ).toEqual(
      elf.segments.map((segment) => [
        segment.type,
        segment.offset,
        segment.virtualAddress,
        segment.physicalAddress,
        segment.fileSize,
        segment.memorySize,
      ]),
    );
    expect(
      other.sections
        .slice(1)
        .map((section) => [section.name, Number(section.type), BigInt(section.addr), BigInt(section.size)]),
    ).toEqual(elf.sections.slice(1).map((section) => [section.name, section.type, section.address, section.size]));
  });

  it('has symbols at the values that elfinfo reads', async () => {
    const bytes = buildSample(layout);
    const { elf: other } = await open(bytes);
    const symbols = (other?.sections ?? []).flatMap((section) =>
      'symbols' in section ? (section.symbols as { value: number | bigint; size: number | bigint }[]) : [],
    );
    const ours = readBestSymbols(parseElf(bytes));
    expect(symbols.map((symbol) => [BigInt(symbol.value), BigInt(symbol.size)])).toEqual(
      ours.map((symbol) => [symbol.value, symbol.size]),
    );
  });
});
