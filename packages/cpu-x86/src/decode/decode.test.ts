import { describe, expect, it } from 'vitest';
import { decode, MAX_INSTRUCTION_LENGTH } from './decode.ts';
import { BASE_RIP, type CodeSize, CS, DS, ES, FS, GS, type Instruction, NO_REGISTER, SS } from './instruction.ts';

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.split(' ').map((byte) => Number.parseInt(byte, 16)));
}

function decodeHex(hex: string, codeSize: CodeSize): ReturnType<typeof decode> {
  const bytes = bytesOf(hex);
  return decode(bytes, 0, bytes.length, codeSize);
}

function instruction(hex: string, codeSize: CodeSize = 64): Instruction {
  const result = decodeHex(hex, codeSize);
  if (result.kind !== 'instruction') throw new Error(`${hex}: ${JSON.stringify(result)}`);
  expect(result.length, hex).toBe(bytesOf(hex).length);
  return result;
}

const UNDEFINED = expect.objectContaining({ kind: 'invalid-opcode', reason: '#UD' });
const TOO_LONG = { kind: 'invalid-opcode', reason: '#GP', length: 15 };
const NEED_MORE = { kind: 'need-more-bytes' };

describe('length', () => {
  it('of a 15-byte instruction is valid, of a longer one is #GP', () => {
    expect(instruction(`${'66 '.repeat(14)}90`).length).toBe(MAX_INSTRUCTION_LENGTH);
    expect(decodeHex(`${'66 '.repeat(15)}90`, 64)).toEqual(TOO_LONG);
  });

  it.each([
    ['an immediate', `${'66 '.repeat(12)}b8 01 00 00`, 32, 15],
    ['an immediate that ends beyond', `${'66 '.repeat(13)}b8 01 00 00 00`, 32, 0],
    ['a displacement', `${'2e '.repeat(9)}8b 80 01 00 00 00`, 32, 15],
    ['a displacement that ends beyond', `${'2e '.repeat(10)}8b 80 01 00 00 00`, 32, 0],
    ['a SIB byte that begins beyond', `${'2e '.repeat(13)}8b 04 24`, 32, 0],
    ['a ModR/M byte that begins beyond', `${'2e '.repeat(14)}8b c0`, 32, 0],
    ['an escape that begins beyond', `${'2e '.repeat(14)}0f a2`, 32, 0],
  ] as const)('counts %s', (_, hex, codeSize, length) => {
    if (length === 0) expect(decodeHex(hex, codeSize)).toEqual(TOO_LONG);
    else expect(decodeHex(hex, codeSize)).toMatchObject({ kind: 'instruction', length });
  });

  it('is #GP without the bytes after the fifteenth', () => {
    expect(decodeHex('66 '.repeat(15).trim(), 64)).toEqual(TOO_LONG);
    expect(decodeHex(`${'66 '.repeat(14)}b8`, 64)).toEqual(TOO_LONG);
    expect(decodeHex('66 '.repeat(14).trim(), 64)).toEqual(NEED_MORE);
  });

  it.each([
    [64, '64 48 c7 84 8b 78 56 34 12 78 56 34 12'],
    [64, '49 bf 01 02 03 04 05 06 07 08'],
    [64, '48 a1 01 02 03 04 05 06 07 08'],
    [64, 'f2 48 0f 38 f1 44 24 10'],
    [64, '66 0f 3a 22 05 01 02 03 04 05'],
    [32, '66 9a 34 12 78 56'],
    [16, 'c8 01 00 02'],
    [16, '81 86 34 12 78 56'],
  ] as const)('in %i-bit code: %s needs each of its bytes', (codeSize, hex) => {
    const bytes = bytesOf(hex);
    for (let end = 0; end < bytes.length; end++) expect(decode(bytes, 0, end, codeSize)).toEqual(NEED_MORE);
    instruction(hex, codeSize);
  });

  it('stops at the end of the array whatever `end` says, and decodes from `offset`', () => {
    expect(decode(bytesOf('90 b8 01'), 1, 100, 32)).toEqual(NEED_MORE);
    expect(decode(bytesOf('90 b8 01'), 0, 100, 32)).toMatchObject({ mnemonic: 'NOP', length: 1 });
    expect(decode(bytesOf('b8 90'), 1, 2, 32)).toMatchObject({ mnemonic: 'NOP', length: 1 });
    expect(decode(new Uint8Array(), 0, 0, 64)).toEqual(NEED_MORE);
  });
});

describe('prefixes', () => {
  it.each([
    // code size, bytes, operand size, address size
    [16, '90', 16, 16],
    [16, '66 90', 32, 16],
    [16, '67 90', 16, 32],
    [32, '66 67 90', 16, 16],
    [32, '67 66 66 90', 16, 16],
    [64, '90', 32, 64],
    [64, '66 90', 16, 64],
    [64, '67 90', 32, 32],
    [64, '66 48 98', 64, 64],
    [64, '50', 64, 64],
    [64, '66 50', 16, 64],
    [64, '66 48 50', 64, 64],
    [64, '66 75 00', 64, 64],
    [64, '66 c3', 64, 64],
    [64, '66 ff d0', 64, 64],
    [64, '66 0f 20 c0', 64, 64],
    [64, 'cb', 32, 64],
    [64, '48 cf', 64, 64],
  ] as const)(
    'in %i-bit code: %s has operand size %i and address size %i',
    (codeSize, hex, operandSize, addressSize) => {
      expect(instruction(hex, codeSize)).toMatchObject({ operandSize, addressSize });
    },
  );

  it.each([
    ['8b 00', DS],
    ['8b 04 24', SS],
    ['8b 45 00', SS],
    ['41 8b 04 24', DS], // r12
    ['41 8b 45 00', DS], // r13
    ['8b 04 2d 00 00 00 00', DS], // rbp as an index
    ['64 8b 45 00', FS],
    ['64 65 8b 00', GS],
    ['65 64 8b 00', FS],
    ['2e 8b 00', DS],
    ['2e 8b 45 00', SS],
    ['64 2e 8b 00', FS],
    ['8b 05 00 00 00 00', DS],
  ] as const)('in 64-bit code: the segment of %s is number %i', (hex, segment) => {
    expect(instruction(hex).operands[1]).toMatchObject({ segment });
  });

  it.each([
    ['8b 00', DS],
    ['8b 45 00', SS],
    ['2e 8b 45 00', CS],
    ['64 26 8b 00', ES],
    ['3e 8b 45 00', DS],
    ['67 8b 46 00', SS],
    ['67 8b 42 00', SS],
    ['67 8b 47 00', DS],
    ['67 8b 06 00 00', DS],
  ] as const)('in 32-bit code: the segment of %s is number %i', (hex, segment) => {
    expect(instruction(hex, 32).operands[1]).toMatchObject({ segment });
  });

  it('of the segment apply to the source of MOVS and not to its destination', () => {
    const [destination, source] = instruction('64 a4').operands;
    expect(destination).toMatchObject({ segment: ES, base: 7 });
    expect(source).toMatchObject({ segment: FS, base: 6 });
  });

  it.each([
    ['f3 a4', 0xf3],
    ['f2 a4', 0xf2],
    ['f3 f2 a6', 0xf2],
    ['f2 f3 a6', 0xf3],
    ['f3 90', 0],
    ['f3 0f 10 c0', 0],
    ['f2 0f 10 c0', 0],
    ['f3 0f bc c0', 0xf3],
  ] as const)('of repetition: %s has %i, the last one unless the opcode contains it', (hex, repeat) => {
    expect(instruction(hex)).toMatchObject({ repeat });
  });

  it('F3 before 0F BC and 0F BD leave BSF and BSR, since TZCNT and LZCNT are absent', () => {
    expect(instruction('f3 0f bc c0').mnemonic).toBe('BSF');
    expect(instruction('f3 0f bd c0').mnemonic).toBe('BSR');
  });

  it.each([
    ['0f 10 c1', 'MOVUPS'],
    ['66 0f 10 c1', 'MOVUPD'],
    ['f3 0f 10 c1', 'MOVSS'],
    ['f2 0f 10 c1', 'MOVSD'],
    ['66 f3 0f 10 c1', 'MOVSS'],
    ['f2 66 0f 10 c1', 'MOVSD'],
    ['f3 f2 0f 10 c1', 'MOVSD'],
  ])('choose the row as mandatory ones: %s is %s', (hex, mnemonic) => {
    expect(instruction(hex).mnemonic).toBe(mnemonic);
  });

  it('66 stays the operand size where F2 or F3 is mandatory', () => {
    expect(instruction('66 f3 0f b8 c1').operands[0]).toMatchObject({ width: 16 });
    expect(instruction('66 f2 0f 38 f1 c1').operands).toMatchObject([{ width: 32 }, { width: 16 }]);
  });

  it('REX counts only directly before the opcode', () => {
    expect(instruction('48 89 c8').operandSize).toBe(64);
    expect(instruction('48 66 89 c8').operandSize).toBe(16);
    expect(instruction('48 40 89 c8').operandSize).toBe(32);
    expect(instruction('48 64 88 e0').operands[1]).toMatchObject({ file: 'gpr8high', index: 0 });
  });

  it('REX makes AH to BH into SPL to DIL', () => {
    for (const [i, modrm] of ['e0', 'e8', 'f0', 'f8'].entries()) {
      expect(instruction(`88 ${modrm}`).operands[1]).toEqual({
        kind: 'register',
        file: 'gpr8high',
        index: i,
        width: 8,
      });
      expect(instruction(`40 88 ${modrm}`).operands[1]).toEqual({
        kind: 'register',
        file: 'gpr',
        index: 4 + i,
        width: 8,
      });
    }
  });

  it('40 to 4F are INC and DEC outside 64-bit mode', () => {
    expect(instruction('40', 32)).toMatchObject({ mnemonic: 'INC', operands: [{ index: 0, width: 32 }] });
    expect(instruction('66 4f', 32)).toMatchObject({ mnemonic: 'DEC', operands: [{ index: 7, width: 16 }] });
  });
});

describe('LOCK', () => {
  it.each(['f0 01 00', 'f0 0f c1 00', 'f0 87 00', 'f0 0f ab 00', 'f0 0f ba 28 00', 'f0 48 0f c7 08', 'f2 f0 ff 00'])(
    'may stand before %s',
    (hex) => {
      expect(instruction(hex).lock).toBe(true);
    },
  );

  it.each([
    ['a register destination', 'f0 01 c0'],
    ['a memory source', 'f0 03 00'],
    ['CMP', 'f0 39 00'],
    ['BT', 'f0 0f a3 00'],
    ['MOV', 'f0 89 00'],
    ['MOV to CR0', 'f0 0f 22 c0'],
    ['NOP', 'f0 90'],
    ['a string instruction', 'f0 a4'],
  ])('before %s is #UD', (_, hex) => {
    expect(decodeHex(hex, 64)).toEqual(UNDEFINED);
  });
});

describe('#UD', () => {
  it.each([
    [64, '06'],
    [64, '60'],
    [64, '62 00'],
    [64, '82 c0 00'],
    [64, '9a'],
    [64, 'c4 e2 79 18 00'],
    [64, 'c5 f8 28 c1'],
    [64, '62 f1 7c 48 28 c1'],
    [64, '8f e8 78 c0 c0 00'],
    [64, 'ce'],
    [64, 'd4 0a'],
    [64, 'd6'],
    [64, 'ea'],
    [64, 'c6 f8 00'],
    [64, 'c7 f8 00 00 00 00'],
    [64, 'ff f8'],
    [64, 'ff d8'],
    [64, '8d c0'],
    [64, '0f 24 c0'],
    [64, '0f 0f c0 90'],
    [64, '0f 01 c1'],
    [64, '0f b8 c0'],
    [64, 'f3 0f c7 f8'],
    [64, '66 0f ae f8'],
    [64, 'f3 0f 14 c0'],
    [64, 'f3 0f 38 f0 00'],
    [32, '62 c0'],
    [32, 'c4 c0'],
    [32, 'c5 f8 77'],
    [32, '0f 05'],
    [32, '0f 01 f8'],
    [32, 'f3 0f ae c0'],
    [16, 'c5 c0'],
  ] as const)('in %i-bit code: %s', (codeSize, hex) => {
    expect(decodeHex(hex, codeSize)).toEqual(UNDEFINED);
  });

  it('is raised by UD0 and UD1 only with their ModR/M byte', () => {
    expect(decodeHex('0f ff', 64)).toEqual(NEED_MORE);
    expect(decodeHex('0f b9', 64)).toEqual(NEED_MORE);
    expect(instruction('0f b9 40 01')).toMatchObject({ mnemonic: 'UD1' });
    expect(instruction('0f 0b')).toMatchObject({ mnemonic: 'UD2' });
  });

  it('for segment registers 6 and 7, and for CS as a destination', () => {
    for (const modrm of ['c8', 'f0', 'f8']) expect(decodeHex(`8e ${modrm}`, 32)).toEqual(UNDEFINED);
    for (const modrm of ['f0', 'f8']) expect(decodeHex(`8c ${modrm}`, 32)).toEqual(UNDEFINED);
    expect(instruction('8c c8', 32).operands[1]).toMatchObject({ file: 'segment', index: CS });
    // REX.R does not extend a segment register's number
    expect(instruction('44 8e d8').operands[0]).toMatchObject({ file: 'segment', index: DS });
  });

  it('for control registers other than 0, 2, 3, 4 and 8, and for debug registers above 7', () => {
    const valid = Array.from({ length: 16 }, (_, i) => i).filter((i) => {
      const rex = i >= 8 ? '44' : '40';
      return decodeHex(`${rex} 0f 20 ${(0xc0 | ((i & 7) << 3)).toString(16)}`, 64).kind === 'instruction';
    });
    expect(valid).toEqual([0, 2, 3, 4, 8]);
    expect(instruction('0f 21 f8').operands[1]).toMatchObject({ file: 'debug', index: 7, width: 64 });
    expect(decodeHex('44 0f 21 c0', 64)).toEqual(UNDEFINED);
  });

  it('says how many bytes it looked at', () => {
    expect(decodeHex('66 06', 64)).toMatchObject({ length: 2 });
    expect(decodeHex('0f 01 c1', 64)).toMatchObject({ length: 3 });
    expect(decodeHex('f0 81 c0 01 00 00 00', 64)).toMatchObject({ length: 7 });
  });
});

describe('memory operands', () => {
  const none = NO_REGISTER;
  it.each([
    [16, '8b 00', 3, 6, 1, 0],
    [16, '8b 03', 5, 7, 1, 0],
    [16, '8b 06 fe ff', none, none, 1, -2],
    [16, '8b 46 fe', 5, none, 1, -2],
    [16, '8b 87 00 80', 3, none, 1, -32768],
    [32, '8b 05 00 00 00 80', none, none, 1, -0x80000000],
    [32, '8b 04 25 01 00 00 00', none, none, 1, 1],
    [32, '8b 04 8d 01 00 00 00', none, 1, 4, 1],
    [32, '8b 44 8d 01', 5, 1, 4, 1],
    [32, '8b 04 e4', 4, none, 1, 0],
    [64, '8b 05 fc ff ff ff', BASE_RIP, none, 1, -4],
    [64, '41 8b 05 04 00 00 00', BASE_RIP, none, 1, 4],
    [64, '42 8b 04 e4', 4, 12, 8, 0],
    [64, '41 8b 44 24 7f', 12, none, 1, 127],
    [64, '43 8b 44 ad 80', 13, 13, 4, -128],
    [64, '41 8b 04 25 00 00 00 80', none, none, 1, -0x80000000],
    [64, '41 8b 45 00', 13, none, 1, 0],
  ] as const)('in %i-bit code: %s', (codeSize, hex, base, index, scale, displacement) => {
    const displacementHigh = displacement < 0 ? -1 : 0;
    expect(instruction(hex, codeSize).operands[1]).toMatchObject({
      base,
      index,
      scale,
      displacement,
      displacementHigh,
    });
  });

  it('have a 64-bit absolute offset in A0 to A3, and a 32-bit one after 67', () => {
    expect(instruction('48 a1 01 02 03 04 05 06 07 f8').operands[1]).toMatchObject({
      ...{ width: 64, base: NO_REGISTER, displacement: 0x04030201, displacementHigh: 0xf8070605 | 0 },
    });
    expect(instruction('67 a0 01 02 03 84').operands[1]).toMatchObject({
      ...{ width: 8, displacement: 0x84030201 | 0, displacementHigh: -1 },
    });
  });

  it.each([
    ['8d 00', 1, 0], // LEA
    ['0f 01 38', 0, 0], // INVLPG
    ['0f 1f 00', 0, 0], // NOP
    ['0f 18 08', 0, 0], // PREFETCHT0
    ['0f ae 20', 0, 0], // XSAVE
    ['0f ae 00', 0, 4096], // FXSAVE
    ['0f 01 10', 0, 80], // LGDT
    ['ff 28', 0, 48], // JMP far
    ['48 ff 28', 0, 80],
    ['0f b2 00', 1, 48], // LSS
    ['8c 18', 0, 16], // MOV m16, DS
    ['48 0f c7 08', 0, 128], // CMPXCHG16B
    ['db 28', 0, 80], // FLD m80fp
  ] as const)('%s: operand %i accesses %i bits', (hex, operand, width) => {
    expect(instruction(hex).operands[operand]).toMatchObject({ kind: 'memory', width });
  });

  it('are not read by moves from control registers, which ignore mod', () => {
    expect(instruction('0f 20 05', 32).operands).toMatchObject([{ file: 'gpr', index: 5, width: 32 }, { index: 0 }]);
  });
});

describe('immediates', () => {
  it.each([
    [64, '83 c0 ff', 32, -1, -1],
    [64, '48 83 c0 80', 64, -128, -1],
    [64, '48 81 c0 00 00 00 80', 64, -0x80000000, -1],
    [64, '05 ff ff ff ff', 32, -1, -1],
    [16, '05 ff 7f', 16, 0x7fff, 0],
    [64, '04 80', 8, -128, -1],
    [64, 'c0 e0 ff', 8, 255, 0],
    [64, 'd1 e0', 8, 1, 0],
    [64, '48 b8 01 00 00 80 02 00 00 80', 64, 0x80000001 | 0, 0x80000002 | 0],
    [64, 'b8 01 00 00 80', 32, 0x80000001 | 0, -1],
    [64, 'c2 00 80', 16, 0x8000, 0],
  ] as const)('in %i-bit code: %s has %i bits', (codeSize, hex, width, low, high) => {
    expect(instruction(hex, codeSize).operands.at(-1)).toEqual({ kind: 'immediate', width, low, high });
  });

  it('of INT are unsigned, of PUSH as wide as the operand size', () => {
    expect(instruction('cd 80').operands).toEqual([{ kind: 'immediate', width: 8, low: 0x80, high: 0 }]);
    expect(instruction('6a ff').operands).toEqual([{ kind: 'immediate', width: 64, low: -1, high: -1 }]);
    expect(instruction('66 6a ff').operands).toEqual([{ kind: 'immediate', width: 16, low: -1, high: -1 }]);
  });

  it('of ENTER are a word and a byte', () => {
    expect(instruction('c8 34 12 ff').operands).toMatchObject([{ low: 0x1234 }, { low: 0xff }]);
  });

  it('of branches are relative, 16 bits only outside 64-bit mode', () => {
    expect(instruction('e8 fb ff ff ff').operands).toEqual([{ kind: 'relative', displacement: -5 }]);
    expect(instruction('e8 fb ff', 16).operands).toEqual([{ kind: 'relative', displacement: -5 }]);
    expect(instruction('66 e8 00 00 00 80').operands).toEqual([{ kind: 'relative', displacement: -0x80000000 }]);
  });

  it('of far branches are a selector and an unsigned offset', () => {
    expect(instruction('ea 00 80 00 f0', 16).operands).toEqual([
      { kind: 'far-pointer', selector: 0xf000, offset: 0x8000 },
    ]);
    expect(instruction('9a 00 00 00 80 08 00', 32).operands).toEqual([
      { kind: 'far-pointer', selector: 8, offset: 0x80000000 },
    ]);
  });
});

describe('mnemonics', () => {
  it.each([
    ['98', 32, 'CWDE'],
    ['66 98', 32, 'CBW'],
    ['48 98', 64, 'CDQE'],
    ['48 99', 64, 'CQO'],
    ['48 a5', 64, 'MOVSQ'],
    ['6d', 16, 'INSW'],
    ['48 6d', 64, 'INSD'],
    ['9c', 64, 'PUSHFQ'],
    ['cf', 64, 'IRETD'],
    ['48 cf', 64, 'IRETQ'],
    ['e3 00', 64, 'JRCXZ'],
    ['67 e3 00', 64, 'JECXZ'],
    ['e3 00', 16, 'JCXZ'],
    ['66 e3 00', 16, 'JCXZ'],
    ['0f c7 08', 64, 'CMPXCHG8B'],
    ['48 0f c7 08', 64, 'CMPXCHG16B'],
    ['48 0f 6e c0', 64, 'MOVQ'],
    ['90', 64, 'NOP'],
    ['48 90', 64, 'NOP'],
    ['41 90', 64, 'XCHG'],
    ['f3 90', 64, 'PAUSE'],
    ['f3 41 90', 64, 'XCHG'],
    ['63 c0', 32, 'ARPL'],
    ['63 c0', 64, 'MOVSXD'],
    ['f3 0f 1e fa', 64, 'NOP'],
  ] as const)('%s in %i-bit code is %s', (hex, codeSize, mnemonic) => {
    expect(instruction(hex, codeSize).mnemonic).toBe(mnemonic);
  });
});
