import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disassemble } from './disassemble.ts';

function lines(bytes: readonly number[], options?: Parameters<typeof disassemble>[1]): string[] {
  return [...disassemble(Uint8Array.from(bytes), options)].map(
    ({ address, text }) => `${address.toString(16)} ${text}`,
  );
}

describe('disassemble', () => {
  it('gives one line an instruction, with addresses from `ip`', () => {
    expect(lines([0x55, 0x48, 0x89, 0xe5, 0xeb, 0xfa], { ip: 0x1000n })).toEqual([
      '1000 push rbp',
      '1001 mov rbp, rsp',
      '1004 jmp 0x1000',
    ]);
  });

  it('goes on after a byte that begins no instruction', () => {
    expect(lines([0x06, 0x90])).toEqual(['0 db 0x06', '1 nop']);
  });

  it('ends an incomplete instruction with its bytes', () => {
    expect(lines([0x90, 0xb8, 0x01])).toEqual(['0 nop', '1 db 0xb8', '2 db 0x01']);
  });

  it('decodes for the code size, in which addresses wrap', () => {
    expect(lines([0x90, 0x66, 0xb8, 1, 0, 0, 0], { codeSize: 16, ip: 0xffffn })).toEqual([
      'ffff nop',
      '0 mov eax, 0x1',
    ]);
  });

  it('names addresses', () => {
    expect(lines([0xe8, 0, 0, 0, 0], { symbol: (address) => `at${address}` })).toEqual(['0 call 0x5 <at5>']);
  });

  it('gives nothing for no bytes', () => {
    expect(lines([])).toEqual([]);
  });

  it('covers any bytes without a gap and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(16, 32, 64), fc.bigInt(), (bytes, codeSize, ip) => {
        const result = [...disassemble(bytes, { codeSize, ip })];
        expect(result.flatMap((line) => [...line.bytes])).toEqual([...bytes]);
        for (const { instruction, bytes: own } of result) expect(own.length).toBe(instruction?.length ?? 1);
      }),
    );
  });
});
