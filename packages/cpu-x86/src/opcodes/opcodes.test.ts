import { describe, expect, it } from 'vitest';
import { parseOperands } from '../decode/operand-code.ts';
import type { Encoding } from './encoding.ts';
import { ENCODINGS } from './opcodes.ts';
import { CONDITIONS, rowsOf } from './row.ts';
import { SEMANTICS_KEYS } from './semantics-key.ts';

function show(row: Encoding): string {
  return JSON.stringify(row);
}

/** Whether some instruction could be both rows, with neither having the better claim. */
function collide(a: Encoding, b: Encoding): boolean {
  const differ = <K extends keyof Encoding>(key: K): boolean =>
    a[key] !== undefined && b[key] !== undefined && a[key] !== b[key];
  if (a.map !== b.map || a.opcode !== b.opcode) return false;
  if ((a.prefix === undefined) !== (b.prefix === undefined)) return false;
  if ((a.only64 && b.invalid64) || (a.invalid64 && b.only64)) return false;
  return !(['prefix', 'reg', 'rm', 'mod', 'rexW', 'rexB'] as const).some(differ);
}

describe('the opcode tables', () => {
  it('have each semantics key in use, and no other', () => {
    expect([...new Set(ENCODINGS.map((row) => row.semantics))].sort()).toEqual([...SEMANTICS_KEYS].sort());
  });

  it('list the semantics keys in alphabetical order', () => {
    expect([...SEMANTICS_KEYS]).toEqual([...SEMANTICS_KEYS].sort());
  });

  it('have no two rows for one encoding', () => {
    const byOpcode = new Map<string, Encoding[]>();
    const collisions: string[] = [];
    for (const row of ENCODINGS) {
      const key = `${row.map} ${row.opcode}`;
      const rows = byOpcode.get(key) ?? [];
      collisions.push(...rows.filter((other) => collide(row, other)).map((other) => `${show(row)} ${show(other)}`));
      byOpcode.set(key, [...rows, row]);
    }
    expect(collisions).toEqual([]);
  });

  it('use ModR/M in all rows of an opcode that are told apart by it', () => {
    const selects = (row: Encoding): boolean => row.reg !== undefined || row.mod !== undefined;
    const mixed = ENCODINGS.filter(selects).filter((row) =>
      ENCODINGS.some(
        (other) =>
          other.map === row.map && other.opcode === row.opcode && other.prefix === row.prefix && !selects(other),
      ),
    );
    expect(mixed.map(show)).toEqual([]);
  });

  it.each([16, 32, 64] as const)('have operand codes that the decoder knows, in %i-bit code', (codeSize) => {
    for (const row of ENCODINGS) expect(() => parseOperands(row.operands, codeSize), show(row)).not.toThrow();
  });

  it('restrict rows with memory-only and register-only operand codes to those forms', () => {
    for (const row of ENCODINGS) {
      const codes = row.operands.split(',');
      if (codes.some((code) => /^M/.test(code))) expect(row.mod, show(row)).toBe('memory');
      if (codes.some((code) => /^[NU]/.test(code))) expect(row.mod, show(row)).toBe('register');
    }
  });

  it('let LOCK stand before read-modify-write instructions only', () => {
    const lockable = new Set(ENCODINGS.filter((row) => row.lockable).map((row) => row.mnemonic));
    // SDM Vol. 2A "LOCK - Assert LOCK# Signal Prefix"
    expect([...lockable].sort()).toEqual([
      ...['ADC', 'ADD', 'AND', 'BTC', 'BTR', 'BTS', 'CMPXCHG', 'CMPXCHG16B', 'CMPXCHG8B', 'DEC', 'INC', 'NEG', 'NOT'],
      ...['OR', 'SBB', 'SUB', 'XADD', 'XCHG', 'XOR'],
    ]);
  });

  it('give lockable rows a destination that can be memory', () => {
    for (const row of ENCODINGS) if (row.lockable) expect(row.operands, show(row)).toMatch(/^[EM]/);
  });

  it('name condition codes by the low nibble of the opcode', () => {
    for (const [key, prefix] of [
      ['Jcc', 'J'],
      ['SETcc', 'SET'],
      ['CMOVcc', 'CMOV'],
    ]) {
      const rows = ENCODINGS.filter((row) => row.semantics === key);
      expect(rows.length % 16).toBe(0);
      for (const row of rows) expect(row.mnemonic).toBe(`${prefix}${CONDITIONS[row.opcode & 15]}`);
    }
  });

  it('have opcodes of one byte and ModR/M fields of three bits', () => {
    for (const { opcode, reg = 0, rm = 0 } of ENCODINGS) {
      expect(opcode & ~0xff).toBe(0);
      expect((reg | rm) & ~7).toBe(0);
    }
  });

  it('have none of the prefixes and escapes as an opcode of the one-byte map', () => {
    const opcodes = new Set(ENCODINGS.filter((row) => row.map === 'one-byte').map((row) => row.opcode));
    for (const byte of [0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]) {
      expect(opcodes.has(byte)).toBe(false);
    }
  });
});

describe('rowsOf', () => {
  const op = rowsOf('0f');

  it('takes the mnemonic as the semantics key unless a trait names another', () => {
    expect(op(0x06, 'CLTS', '').semantics).toBe('CLTS');
    expect(op(0x18, 'PREFETCHT0', 'Mb', { semantics: 'NOP' }).semantics).toBe('NOP');
  });

  it('does not restrict mod for a code with a memory and a register form, or for control registers', () => {
    expect(op(0x00, 'SLDT', 'Rv/Mw').mod).toBeUndefined();
    expect(op(0x20, 'MOV', 'Ry,Cy').mod).toBeUndefined();
    expect(op(0xae, 'RDFSBASE', 'Ry').mod).toBe('register');
  });

  it('rejects a mnemonic that is no semantics key at compile time', () => {
    // @ts-expect-error a key must be named
    op(0x18, 'PREFETCHT0', 'Mb');
  });
});
