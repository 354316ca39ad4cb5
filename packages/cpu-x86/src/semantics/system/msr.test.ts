import { describe, expect, it } from 'vitest';
import { MSR_EFER, TSC_OFFSET } from '../../state/layout.ts';
import { OUTCOME_BRANCH, OUTCOME_NEXT } from './context.ts';
import { DEFAULT_CPU_MODEL } from './cpu-model.ts';
import { cpuid } from './cpuid.ts';
import { FakeCpu, faultOf, RAX, RCX, RDX } from './fake-cpu.test.fixture.ts';

const GP0 = [13, 0];
const RDMSR = [0x0f, 0x32] as const;
const WRMSR = [0x0f, 0x30] as const;
const HIGH = 0xffff800000000000n;
const NOT_CANONICAL = 0x0000800000000000n;

function writing(index: number, value: bigint, cpl = 0): FakeCpu {
  const cpu = new FakeCpu('64-bit', cpl);
  cpu.state.setGpr(RCX, 0xdeadbeef00000000n | BigInt(index));
  cpu.state.setGpr(RDX, 0xdeadbeef00000000n | (value >> 32n));
  cpu.state.setGpr(RAX, 0xdeadbeef00000000n | (value & 0xffffffffn));
  return cpu;
}

function read(cpu: FakeCpu, index: number): bigint {
  cpu.state.setGpr(RCX, BigInt(index));
  expect(cpu.run(...RDMSR)).toBe(OUTCOME_NEXT);
  return (cpu.state.gpr(RDX) << 32n) | cpu.state.gpr(RAX);
}

describe('WRMSR', () => {
  // biome-ignore format: a table
  it.each([
    ['IA32_SYSENTER_CS', 0x174, 0x8n],
    ['IA32_SYSENTER_ESP', 0x175, HIGH],
    ['IA32_SYSENTER_EIP', 0x176, HIGH],
    ['IA32_PAT', 0x277, 0x0007040600070406n],
    ['IA32_MTRR_PHYSBASE7', 0x20e, 0xf0000006n],
    ['IA32_MTRR_PHYSMASK7', 0x20f, 0xfff0000800n],
    ['IA32_MTRR_FIX4K_F8000', 0x26f, 0x0606060606060606n],
    ['IA32_MTRR_FIX64K_00000', 0x250, 0x0505050505050505n],
    ['IA32_MTRR_DEF_TYPE', 0x2ff, 0xc06n],
    ['IA32_STAR', 0xc0000081, 0x0023001000000000n],
    ['IA32_LSTAR', 0xc0000082, HIGH],
    ['IA32_CSTAR', 0xc0000083, HIGH],
    ['IA32_FMASK', 0xc0000084, 0xffffffffn],
    ['IA32_FS_BASE', 0xc0000100, HIGH],
    ['IA32_GS_BASE', 0xc0000101, HIGH],
    ['IA32_KERNEL_GS_BASE', 0xc0000102, HIGH],
    ['IA32_TSC_AUX', 0xc0000103, 0xffffffffn],
  ] as const)('%s keeps what is written', (_name, index, value) => {
    const cpu = writing(index, value);
    expect(cpu.run(...WRMSR)).toBe(OUTCOME_BRANCH);
    expect(read(cpu, index)).toBe(value);
  });

  // biome-ignore format: a table
  it.each([
    ['an MSR that does not exist', 0x12345, 0n],
    ['a read-only MSR', 0xfe, 0n],
    ['SYSENTER_EIP not canonical', 0x176, NOT_CANONICAL],
    ['LSTAR not canonical', 0xc0000082, NOT_CANONICAL],
    ['FS_BASE not canonical', 0xc0000100, NOT_CANONICAL],
    ['KERNEL_GS_BASE not canonical', 0xc0000102, NOT_CANONICAL],
    ['FMASK bits 63:32', 0xc0000084, 1n << 32n],
    ['TSC_AUX bits 63:32', 0xc0000103, 1n << 32n],
    ['PAT type 2', 0x277, 2n],
    ['PAT type 8 in the last byte', 0x277, 8n << 56n],
    ['MTRR type 7', 0x200, 7n],
    ['MTRR base beyond MAXPHYADDR', 0x200, 1n << 40n],
    ['MTRR mask bit 10', 0x201, 1n << 10n],
    ['MTRR fixed type 2', 0x250, 2n],
    ['MTRR default type 2', 0x2ff, 2n],
    ['MTRR default type bit 9', 0x2ff, 1n << 9n],
    ['EFER bit 1', 0xc0000080, 2n],
    ['EFER bit 12 (SVME)', 0xc0000080, 0x1100n],
    ['EFER.LME cleared while CR0.PG is set', 0xc0000080, 0n],
    ['APIC_BASE x2APIC enable', 0x1b, 0xfee00c00n],
    ['APIC_BASE beyond MAXPHYADDR', 0x1b, 1n << 40n],
    ['MISC_ENABLE bit 1', 0x1a0, 2n],
    ['MCG_STATUS bit 3', 0x17a, 8n],
    ['MCG_CAP', 0x179, 0n],
  ] as const)('refuses %s with #GP(0)', (_name, index, value) => {
    expect(faultOf(writing(index, value), ...WRMSR)).toEqual(GP0);
  });

  it('at CPL 3 faults with #GP(0), as RDMSR does', () => {
    expect(faultOf(writing(0xc0000100, 0n, 3), ...WRMSR)).toEqual(GP0);
    expect(faultOf(writing(0xc0000100, 0n, 3), ...RDMSR)).toEqual(GP0);
  });

  it('to EFER leaves LMA alone, and drops translations when NXE changes', () => {
    const cpu = writing(0xc0000080, 0x901n);
    cpu.run(...WRMSR);
    expect([cpu.state.wideField(MSR_EFER), cpu.pagingChanges]).toEqual([0xd01n, [false]]);
    const same = writing(0xc0000080, 0x100n);
    same.run(...WRMSR);
    expect([same.state.wideField(MSR_EFER), same.pagingChanges]).toEqual([0x500n, []]);
  });

  it('to EFER.NXE faults on a processor without NX', () => {
    const cpu = writing(0xc0000080, 0x900n);
    const features = new Set(DEFAULT_CPU_MODEL.features);
    features.delete('NX');
    cpu.model = { ...DEFAULT_CPU_MODEL, features };
    expect(faultOf(cpu, ...WRMSR)).toEqual(GP0);
  });

  it('to MISC_ENABLE can switch execute-disable off: EFER.NXE is reserved then, and CPUID has no NX', () => {
    const cpu = writing(0x1a0, 1n << 34n);
    cpu.run(...WRMSR);
    expect(read(cpu, 0x1a0)).toBe((1n << 34n) | 0x1800n);
    expect(cpuid(cpu, 0x80000001, 0)[3] & (1 << 20)).toBe(0);
    cpu.state.setGpr(RCX, 0xc0000080n);
    cpu.state.setGpr(RAX, 0x900n);
    cpu.state.setGpr(RDX, 0n);
    expect(faultOf(cpu, ...WRMSR)).toEqual(GP0);
  });

  it('to MCG_STATUS keeps RIPV, EIPV and MCIP', () => {
    const cpu = writing(0x17a, 7n);
    cpu.run(...WRMSR);
    expect(read(cpu, 0x17a)).toBe(7n);
  });

  it('to the time-stamp counter moves its offset', () => {
    const cpu = writing(0x10, 5n);
    cpu.tsc = 1000n;
    cpu.state.setWideField(TSC_OFFSET, 7n);
    cpu.run(...WRMSR);
    expect(cpu.state.wideField(TSC_OFFSET)).toBe(0xffffffffffffffffn & (7n + 5n - 1000n));
  });

  it('to APIC_BASE cannot change BSP', () => {
    const cpu = writing(0x1b, 0xfee00800n);
    cpu.state.setWideField(0x310, 0xfee00900n);
    cpu.run(...WRMSR);
    expect(read(cpu, 0x1b)).toBe(0xfee00900n);
  });
});

describe('RDMSR', () => {
  it('of the machine-check registers: no banks, and none of them on a processor without MCA', () => {
    const cpu = new FakeCpu('64-bit');
    expect([0x179, 0x17a, 0, 1].map((index) => read(cpu, index))).toEqual([0n, 0n, 0n, 0n]);
    cpu.state.setGpr(RCX, 0x400n);
    expect(faultOf(cpu, ...RDMSR)).toEqual(GP0);
    const features = new Set(DEFAULT_CPU_MODEL.features);
    features.delete('MCA');
    for (const index of [0x179n, 0x17an]) {
      const without = new FakeCpu('64-bit');
      without.model = { ...DEFAULT_CPU_MODEL, features };
      without.state.setGpr(RCX, index);
      expect(faultOf(without, ...RDMSR)).toEqual(GP0);
    }
  });

  it('of an MSR that does not exist faults with #GP(0)', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RCX, 0xc0000085n);
    expect(faultOf(cpu, ...RDMSR)).toEqual(GP0);
  });

  it('clears the upper halves of RAX and RDX', () => {
    const cpu = writing(0xc0000081, 0n);
    expect(read(cpu, 0xc0000081)).toBe(0n);
    expect([cpu.state.gpr(RAX), cpu.state.gpr(RDX)]).toEqual([0n, 0n]);
  });

  it('tells what MTRRs there are, and that tracing is absent', () => {
    const cpu = new FakeCpu('64-bit');
    expect(read(cpu, 0xfe)).toBe(0x508n);
    expect(read(cpu, 0x1a0)).toBe(0x1800n);
  });
});

describe('RDTSC and RDTSCP', () => {
  it('give the counter in EDX:EAX, and TSC_AUX in ECX', () => {
    const cpu = writing(0xc0000103, 0x55n);
    cpu.run(...WRMSR);
    expect(cpu.run(0x0f, 0x31)).toBe(OUTCOME_NEXT);
    expect([cpu.state.gpr(RDX), cpu.state.gpr(RAX)]).toEqual([0x11223344n, 0x55667788n]);
    expect(cpu.run(0x0f, 0x01, 0xf9)).toBe(OUTCOME_NEXT);
    expect(cpu.state.gpr(RCX)).toBe(0x55n);
  });

  it('are for CR4.TSD to forbid above CPL 0', () => {
    for (const bytes of [
      [0x0f, 0x31],
      [0x0f, 0x01, 0xf9],
    ]) {
      const user = new FakeCpu('64-bit', 3);
      expect(user.run(...bytes)).toBe(OUTCOME_NEXT);
      user.state.setField(0x204, 0x24);
      expect(faultOf(user, ...bytes)).toEqual(GP0);
      const kernel = new FakeCpu('64-bit');
      kernel.state.setField(0x204, 0x24);
      expect(kernel.run(...bytes)).toBe(OUTCOME_NEXT);
    }
  });

  it('RDPMC finds no counter: #GP(0)', () => {
    expect(faultOf(new FakeCpu('64-bit'), 0x0f, 0x33)).toEqual(GP0);
  });
});
