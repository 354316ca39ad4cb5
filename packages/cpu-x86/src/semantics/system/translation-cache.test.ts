import { describe, expect, it } from 'vitest';
import { CR4_PAE, CR4_PCIDE } from '../../state/control-registers.ts';
import { CR3, CR4 } from '../../state/layout.ts';
import { OUTCOME_BRANCH } from './context.ts';
import { CPU_MODELS } from './cpu-models.ts';
import { FakeCpu, faultOf, RAX, RCX } from './fake-cpu.test.fixture.ts';

const GP0 = [13, 0];
const DESCRIPTOR = 0x6000;
const INVPCID = [0x66, 0x0f, 0x38, 0x82, 0x01]; // invpcid rax, [rcx]

function machine(type: bigint, pcid: bigint, linear = 0n, mode: 'protected' | '64-bit' = '64-bit', cpl = 0): FakeCpu {
  const cpu = new FakeCpu(mode, cpl);
  cpu.state.setGpr(RAX, type);
  cpu.state.setGpr(RCX, BigInt(DESCRIPTOR));
  cpu.view.setBigUint64(DESCRIPTOR, pcid, true);
  cpu.view.setBigUint64(DESCRIPTOR + 8, linear, true);
  return cpu;
}

describe('INVPCID', () => {
  it.each([
    ['0, of an address', 0n, 0n, [], [0x1234n]],
    ['1, of a context', 1n, 0n, [true], []],
    ['2, of all with global ones', 2n, 5n, [false], []],
    ['3, of all but global ones', 3n, 5n, [true], []],
  ] as const)('type %s', (_name, type, pcid, changes, pages) => {
    const cpu = machine(type, pcid, 0x1234n);
    expect(cpu.run(...INVPCID)).toBe(OUTCOME_BRANCH);
    expect(cpu.pagingChanges).toEqual(changes);
    expect(cpu.invalidated).toEqual(pages);
  });

  it.each([
    ['types above 3', machine(4n, 0n)],
    ['types of which only bits 63:32 are not 0', machine(1n << 32n, 0n)],
    ['reserved bits of the descriptor', machine(2n, 0x1000n)],
    ['a PCID without CR4.PCIDE, type 0', machine(0n, 1n)],
    ['a PCID without CR4.PCIDE, type 1', machine(1n, 1n)],
    ['an address that is not canonical, type 0', machine(0n, 0n, 1n << 47n)],
    ['CPL 3', machine(2n, 0n, 0n, '64-bit', 3)],
    ['virtual-8086 mode', new FakeCpu('virtual-8086')],
  ] as const)('refuses %s', (_name, cpu) => {
    expect(faultOf(cpu, ...INVPCID)).toEqual(GP0);
  });

  it('takes the type from 32 bits outside 64-bit mode, and looks at no address for other types', () => {
    expect(machine(0xffff_ffff_0000_0003n, 0n, 1n << 63n, 'protected').run(...INVPCID)).toBe(OUTCOME_BRANCH);
  });

  it('leaves other address spaces alone, of which nothing is cached', () => {
    for (const type of [0n, 1n]) {
      const cpu = machine(type, 7n, 0x5000n);
      cpu.state.setField(CR4, CR4_PAE | CR4_PCIDE);
      cpu.state.setWideField(CR3, 0x10006n);
      expect(cpu.run(...INVPCID)).toBe(OUTCOME_BRANCH);
      expect([cpu.pagingChanges, cpu.invalidated]).toEqual([[], []]);
      cpu.state.setWideField(CR3, 0x10007n);
      cpu.run(...INVPCID);
      expect(cpu.pagingChanges.length + cpu.invalidated.length).toBe(1);
    }
  });

  it('reads its descriptor as data: page faults, segments', () => {
    const cpu = machine(2n, 0n);
    cpu.absent.add(DESCRIPTOR >> 12);
    expect(faultOf(cpu, ...INVPCID)).toEqual([14, 0]);
    const narrow = machine(2n, 0n, 0n, 'protected');
    narrow.state.segments[3]?.load(0x10, 0n, DESCRIPTOR + 14, 0x93);
    expect(faultOf(narrow, ...INVPCID)).toEqual(GP0);
  });

  it('is none on models without it', () => {
    const cpu = machine(2n, 0n);
    cpu.model = CPU_MODELS['x86-64-v2'];
    expect(faultOf(cpu, ...INVPCID)).toEqual([6, -1]);
  });
});
