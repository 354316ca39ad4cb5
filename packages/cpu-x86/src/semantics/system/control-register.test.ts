import { describe, expect, it } from 'vitest';
import { CR0, CR2, CR3, CR4, CR8, MSR_EFER, PDPTES, TR_INDEX } from '../../state/layout.ts';
import { OUTCOME_BRANCH, OUTCOME_NEXT } from './context.ts';
import { CODE64, FakeCpu, type FakeMode, faultOf, RAX, RSP, TSS } from './fake-cpu.test.fixture.ts';

const GP0 = [13, 0];
const UD = [6, -1];
const PE = 0x11; // with ET
const PG = 0x80000011;
const LME = 0x100n;
const LMA = 0x400n;
const PAE = 0x20;

const MOV_TO = [0x0f, 0x22];
const MOV_FROM = [0x0f, 0x20];
const toCr = (index: number): number[] => [...MOV_TO, 0xc0 | (index << 3)];
const fromCr = (index: number): number[] => [...MOV_FROM, 0xc0 | (index << 3)];

function withRax(mode: FakeMode, value: bigint | number, prepare?: (cpu: FakeCpu) => void, cpl = 0): FakeCpu {
  const cpu = new FakeCpu(mode, cpl);
  prepare?.(cpu);
  cpu.state.setGpr(RAX, BigInt(value));
  return cpu;
}

const pageTable = (cpu: FakeCpu): void => {
  cpu.state.setWideField(CR3, 0x7000n);
  cpu.view.setBigUint64(0x7000, 0x8001n, true);
};

describe('MOV to CR0', () => {
  it.each([
    ['PG without PE', 'real', 0x80000000n, undefined],
    ['NW without CD', 'real', 0x20000000n, undefined],
    ['bits 63:32', '64-bit', 0x100000000n | BigInt(PG), undefined],
    ['PG with LME and without PAE', 'protected', PG, (c: FakeCpu) => c.state.setWideField(MSR_EFER, LME)],
    [
      'PG with LME and CS.L',
      'protected',
      PG,
      (c: FakeCpu) => {
        c.state.setWideField(MSR_EFER, LME);
        c.state.setField(CR4, PAE);
        c.loadFromTable(1, CODE64);
      },
    ],
    [
      'PG with LME and a 16-bit TSS',
      'protected',
      PG,
      (c: FakeCpu) => {
        c.state.setWideField(MSR_EFER, LME);
        c.state.setField(CR4, PAE);
        c.state.segments[TR_INDEX]?.load(0x48, BigInt(TSS), 0x67, 0x83);
      },
    ],
    ['clearing PG in 64-bit mode', '64-bit', PE, undefined],
    ['clearing PG with PCIDE set', 'compatibility', PE, (c: FakeCpu) => c.state.setField(CR4, PAE | 0x20000)],
    [
      'PG for PAE paging with a reserved bit in a PDPTE',
      'protected',
      PG,
      (c: FakeCpu) => {
        c.state.setField(CR4, PAE);
        c.state.setWideField(CR3, 0x7000n);
        c.view.setBigUint64(0x7008, 0x8003n, true);
      },
    ],
  ] as const)('refuses %s with #GP(0)', (_name, mode, value, prepare) => {
    expect(faultOf(withRax(mode, value, prepare), ...toCr(0))).toEqual(GP0);
  });

  it('at CPL 3 faults with #GP(0)', () => {
    expect(faultOf(withRax('protected', PE, undefined, 3), ...toCr(0))).toEqual(GP0);
    expect(faultOf(withRax('virtual-8086', PE), ...toCr(0))).toEqual(GP0);
  });

  it('ignores reserved bits and keeps ET set', () => {
    const cpu = withRax('real', 0x1ffaffc0);
    expect(cpu.run(...toCr(0))).toBe(OUTCOME_BRANCH);
    expect(cpu.state.field(CR0)).toBe(0x10);
  });

  it('enters protected mode and leaves it, with CS as it was', () => {
    const cpu = withRax('real', 1);
    cpu.run(...toCr(0));
    expect([cpu.state.field(CR0), cpu.state.rip, cpu.modeChanges]).toEqual([PE, 0x4003n, 1]);
    cpu.state.setGpr(RAX, 0n);
    cpu.run(...toCr(0));
    expect([cpu.state.field(CR0), cpu.state.segments[1]?.limit]).toEqual([0x10, 0xffff]);
  });

  it('sets EFER.LMA with PG when LME is set, and clears it with PG', () => {
    const cpu = withRax('protected', PG, (c) => {
      c.state.setWideField(MSR_EFER, LME);
      c.state.setField(CR4, PAE);
    });
    expect(cpu.run(...toCr(0))).toBe(OUTCOME_BRANCH);
    expect([cpu.state.wideField(MSR_EFER), cpu.state.field(CR0)]).toEqual([LME | LMA, PG]);
    expect([cpu.pagingChanges, cpu.modeChanges]).toEqual([[false], 1]);
    cpu.state.setGpr(RAX, BigInt(PE));
    expect(cpu.run(...toCr(0))).toBe(OUTCOME_BRANCH);
    expect(cpu.state.wideField(MSR_EFER)).toBe(LME);
  });

  it('loads the PDPTE registers when it turns PAE paging on', () => {
    const cpu = withRax('protected', PG, (c) => {
      c.state.setField(CR4, PAE);
      pageTable(c);
    });
    expect(cpu.run(...toCr(0))).toBe(OUTCOME_BRANCH);
    expect(cpu.state.wideField(PDPTES)).toBe(0x8001n);
  });

  it.each([
    ['WP', 0x10000, 1],
    ['TS', 0x8, 0],
    ['AM', 0x40000, 0],
  ] as const)('that changes %s drops translations %s times: %i', (_name, bit, flushes) => {
    const cpu = withRax('64-bit', PG | bit);
    cpu.state.setGpr(RAX, BigInt((PG | bit) >>> 0));
    cpu.run(...toCr(0));
    expect(cpu.pagingChanges).toHaveLength(flushes);
  });
});

describe('MOV to CR3', () => {
  it('drops translations, global ones only without CR4.PGE', () => {
    for (const [cr4, keepGlobal] of [
      [PAE, false],
      [PAE | 0x80, true],
    ] as const) {
      const cpu = withRax('64-bit', 0x7018n, (c) => c.state.setField(CR4, cr4));
      expect(cpu.run(...toCr(3))).toBe(OUTCOME_BRANCH);
      expect([cpu.state.wideField(CR3), cpu.pagingChanges]).toEqual([0x7018n, [keepGlobal]]);
    }
  });

  it.each([
    [1n << 40n, 0, 'faults'],
    [1n << 63n, 0, 'faults'],
    [1n << 63n, 0x20000, 'is taken'],
    [(1n << 40n) - 1n, 0, 'is taken'],
  ] as const)('of %x with CR4 bits %x %s', (value, cr4, what) => {
    const cpu = withRax('64-bit', value, (c) => c.state.setField(CR4, PAE | cr4));
    if (what === 'faults') expect(faultOf(cpu, ...toCr(3))).toEqual(GP0);
    else {
      expect(cpu.run(...toCr(3))).toBe(OUTCOME_BRANCH);
      expect(cpu.state.wideField(CR3)).toBe(value & ~(1n << 63n));
    }
  });

  it('loads the PDPTE registers under PAE paging, or faults and loads nothing', () => {
    const pae = (c: FakeCpu): void => {
      c.state.setField(CR0, PG);
      c.state.setField(CR4, PAE);
      pageTable(c);
      c.state.setWideField(CR3, 0n);
    };
    const cpu = withRax('protected', 0x7000, pae);
    cpu.run(...toCr(3));
    expect(cpu.state.wideField(PDPTES)).toBe(0x8001n);
    const bad = withRax('protected', 0x7000, (c) => {
      pae(c);
      c.view.setBigUint64(0x7018, 0x8000_0000_0000_0001n, true);
    });
    expect(faultOf(bad, ...toCr(3))).toEqual(GP0);
  });
});

describe('MOV to CR4', () => {
  it.each([
    ['a bit of a feature that is absent (VMXE)', '64-bit', PAE | 0x2000, undefined],
    ['CET, which is absent', '64-bit', PAE | 0x80_0000, undefined],
    ['bits 63:32', '64-bit', 0x1_0000_0020n, undefined],
    ['clearing PAE in IA-32e mode', '64-bit', 0, undefined],
    ['LA57 in IA-32e mode', '64-bit', PAE | 0x1000, undefined],
    ['PCIDE outside IA-32e mode', 'protected', PAE | 0x20000, undefined],
    ['PCIDE with a PCID in CR3', '64-bit', PAE | 0x20000, (c: FakeCpu) => c.state.setWideField(CR3, 0x7001n)],
  ] as const)('refuses %s with #GP(0)', (_name, mode, value, prepare) => {
    expect(faultOf(withRax(mode, value, prepare), ...toCr(4))).toEqual(GP0);
  });

  it.each([
    ['PGE', 0x80, 1],
    ['SMEP', 0x100000, 1],
    ['SMAP', 0x200000, 1],
    ['PCIDE', 0x20000, 1],
    ['TSD', 0x4, 0],
    ['FSGSBASE', 0x10000, 0],
    ['UMIP', 0x800, 0],
  ] as const)('takes %s (%x) and drops translations %i times', (_name, bit, flushes) => {
    const cpu = withRax('64-bit', PAE | bit);
    expect(cpu.run(...toCr(4))).toBe(OUTCOME_BRANCH);
    expect([cpu.state.field(CR4), cpu.pagingChanges.length]).toEqual([PAE | bit, flushes]);
  });
});

describe('CR2, CR8 and what does not exist', () => {
  it('CR2 holds 64 bits in 64-bit mode', () => {
    const cpu = withRax('64-bit', 0xffff800012345678n);
    expect(cpu.run(...toCr(2))).toBe(OUTCOME_NEXT);
    expect(cpu.state.wideField(CR2)).toBe(0xffff800012345678n);
  });

  it('CR8 has four bits, and may let an interrupt through', () => {
    const cpu = withRax('64-bit', 15);
    expect(cpu.run(0x44, ...toCr(0))).toBe(OUTCOME_BRANCH);
    expect([cpu.state.field(CR8), cpu.attention]).toEqual([15, 1]);
    cpu.state.setGpr(RAX, 16n);
    expect(faultOf(cpu, 0x44, ...toCr(0))).toEqual(GP0);
  });

  it.each([1, 5, 6, 7])('CR%i gives #UD in both directions, at any CPL', (index) => {
    for (const cpl of [0, 3]) {
      expect(faultOf(withRax('protected', 0, undefined, cpl), ...toCr(index))).toEqual(UD);
      expect(faultOf(withRax('protected', 0, undefined, cpl), ...fromCr(index))).toEqual(UD);
    }
  });

  it('MOV from control registers gives 32 or 64 bits by the mode', () => {
    const cpu = withRax('64-bit', 0xffffffffffffffffn);
    cpu.run(...fromCr(0));
    expect(cpu.state.gpr(RAX)).toBe(BigInt(PG));
    cpu.state.setWideField(CR3, 0x12_3456_7000n);
    cpu.run(...fromCr(3));
    expect(cpu.state.gpr(RAX)).toBe(0x12_3456_7000n);
    cpu.loadFromTable(1, 0x08);
    cpu.run(...fromCr(3));
    expect(cpu.state.gpr(RAX)).toBe(0x3456_7000n);
  });
});

describe('LMSW, SMSW, CLTS', () => {
  it('LMSW sets PE, MP, EM and TS but cannot clear PE', () => {
    const cpu = withRax('protected', 0xfff0);
    cpu.state.setField(CR0, 0x1f);
    expect(cpu.run(0x0f, 0x01, 0xf0)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.field(CR0)).toBe(0x11);
    cpu.state.setGpr(RAX, 0xffffn);
    cpu.run(0x0f, 0x01, 0xf0);
    expect(cpu.state.field(CR0)).toBe(0x1f);
  });

  it('SMSW gives CR0 in a register and 16 bits of it in memory', () => {
    const cpu = withRax('64-bit', 0);
    cpu.run(0x0f, 0x01, 0xe0);
    expect(cpu.state.gpr(RAX)).toBe(BigInt(PG));
    cpu.view.setUint32(0x6000, 0xffffffff, true);
    cpu.run(0x0f, 0x01, 0x24, 0x25, 0, 0x60, 0, 0);
    expect(cpu.view.getUint32(0x6000, true)).toBe(0xffff0011);
  });

  it('SMSW at CPL 3 is for UMIP to forbid', () => {
    const cpu = withRax('64-bit', 0, undefined, 3);
    expect(cpu.run(0x0f, 0x01, 0xe0)).toBe(OUTCOME_NEXT);
    cpu.state.setField(CR4, PAE | 0x800);
    expect(faultOf(cpu, 0x0f, 0x01, 0xe0)).toEqual(GP0);
  });

  it('CLTS clears TS at CPL 0 only', () => {
    const cpu = withRax('64-bit', 0);
    cpu.state.setField(CR0, (PG | 8) >>> 0);
    expect(cpu.run(0x0f, 0x06)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.field(CR0)).toBe(PG);
    expect(faultOf(withRax('64-bit', 0, undefined, 3), 0x0f, 0x06)).toEqual(GP0);
  });
});

describe('the way into 64-bit mode and back', () => {
  it('is PAE, LME, PG, far jump; and far return, PG', () => {
    const cpu = new FakeCpu('real');
    cpu.buildTables(true);
    const set = (value: number): void => cpu.state.setGpr(RAX, BigInt(value >>> 0));
    set(PE);
    cpu.run(...toCr(0));
    cpu.run(0x66, 0xea, 0, 0x40, 0, 0, 0x08, 0);
    expect(cpu.codeSize).toBe(32);
    set(PAE);
    cpu.run(...toCr(4));
    set(0x7000);
    cpu.run(...toCr(3));
    cpu.state.setGpr(1, 0xc0000080n);
    set(0x100);
    cpu.run(0x0f, 0x30);
    set(PG);
    cpu.run(...toCr(0));
    expect(cpu.codeSize).toBe(32);
    cpu.run(0xea, 0, 0x50, 0, 0, CODE64, 0);
    expect([cpu.codeSize, cpu.state.rip]).toEqual([64, 0x5000n]);

    cpu.state.setGpr(RSP, 0x7f00n);
    cpu.view.setBigUint64(0x7f00, 0x5100n, true);
    cpu.view.setBigUint64(0x7f08, 0x08n, true);
    cpu.run(0x48, 0xcb);
    expect(cpu.codeSize).toBe(32);
    set(PE);
    cpu.run(...toCr(0));
    expect([cpu.state.wideField(MSR_EFER), cpu.state.rip]).toEqual([LME, 0x5103n]);
  });
});
