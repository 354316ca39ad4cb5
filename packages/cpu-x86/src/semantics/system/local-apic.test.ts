import { describe, expect, it } from 'vitest';
import type { LocalApic } from '../../host.ts';
import { CR8 } from '../../state/layout.ts';
import { OUTCOME_BRANCH, OUTCOME_NEXT } from './context.ts';
import { CPU_MODELS } from './cpu-models.ts';
import { cpuid } from './cpuid.ts';
import { FakeCpu, faultOf, RAX, RCX, RDX } from './fake-cpu.test.fixture.ts';

const GP0 = [13, 0];
const RDMSR = [0x0f, 0x32] as const;
const WRMSR = [0x0f, 0x30] as const;
const MOV_CR8_RAX = [0x44, 0x0f, 0x22, 0xc0] as const;
const MOV_RAX_CR8 = [0x44, 0x0f, 0x20, 0xc0] as const;

class RecordingApic implements LocalApic {
  isEnabled = true;
  taskPriorityClass = 0;
  readonly log: string[] = [];
  readMsr(index: number): bigint | undefined {
    return index === 0x802 ? undefined : 0x1_0000_0000n + BigInt(index);
  }
  writeMsr(index: number, value: bigint): string | undefined {
    this.log.push(`${index.toString(16)} ${value.toString(16)}`);
    return value === 0xbadn ? 'is bad' : undefined;
  }
  timeStampCounterChanged(): void {
    this.log.push('TSC');
  }
}

function withApic(index = 0, value = 0n): { cpu: FakeCpu; apic: RecordingApic } {
  const cpu = new FakeCpu('64-bit');
  const apic = new RecordingApic();
  cpu.localApic = apic;
  cpu.state.setGpr(RCX, BigInt(index));
  cpu.state.setGpr(RDX, value >> 32n);
  cpu.state.setGpr(RAX, value & 0xffffffffn);
  return { cpu, apic };
}

describe('a processor with a local APIC', () => {
  it.each([0x1b, 0x6e0, 0x800, 0x83f, 0xbff])('asks it for MSR %d', (index) => {
    const { cpu } = withApic(index);
    expect(cpu.run(...RDMSR)).toBe(OUTCOME_NEXT);
    expect([cpu.state.gpr(RDX), cpu.state.gpr(RAX)]).toEqual([1n, BigInt(index)]);
  });

  it('gives it what is written, and faults where it refuses', () => {
    const { cpu, apic } = withApic(0x830, 0x1_0004_4041n);
    expect(cpu.run(...WRMSR)).toBe(OUTCOME_BRANCH);
    expect(apic.log).toEqual(['830 100044041']);
    expect(faultOf(withApic(0x830, 0xbadn).cpu, ...WRMSR)).toEqual(GP0);
    expect(faultOf(withApic(0x802).cpu, ...RDMSR)).toEqual(GP0);
  });

  it.each([0xfee00801n, 0xfee00a00n, 1n << 40n])('keeps reserved bits of IA32_APIC_BASE from it: %d', (value) => {
    const { cpu, apic } = withApic(0x1b, value);
    expect(faultOf(cpu, ...WRMSR)).toEqual(GP0);
    expect(apic.log).toEqual([]);
  });

  it('lets it see x2APIC mode', () => {
    const { cpu, apic } = withApic(0x1b, 0xfee00d00n);
    expect(cpu.run(...WRMSR)).toBe(OUTCOME_BRANCH);
    expect(apic.log).toEqual(['1b fee00d00']);
  });

  it('tells it of a new time-stamp counter', () => {
    const { cpu, apic } = withApic(0x10, 5n);
    cpu.run(...WRMSR);
    expect(apic.log).toEqual(['TSC']);
  });

  it('has its task priority in CR8', () => {
    const { cpu, apic } = withApic();
    cpu.state.setGpr(RAX, 9n);
    cpu.run(...MOV_CR8_RAX);
    expect([apic.taskPriorityClass, cpu.state.field(CR8), cpu.attention]).toEqual([9, 0, 1]);
    apic.taskPriorityClass = 3;
    cpu.run(...MOV_RAX_CR8);
    expect(cpu.state.gpr(RAX)).toBe(3n);
  });

  it('offers it in CPUID, with what the model has of it', () => {
    const { cpu, apic } = withApic();
    const bits = (): boolean[] => {
      const [, , ecx, edx] = cpuid(cpu, 1, 0);
      return [(edx & (1 << 9)) !== 0, (ecx & (1 << 21)) !== 0, (ecx & (1 << 24)) !== 0];
    };
    expect(bits()).toEqual([true, true, true]);
    apic.isEnabled = false;
    expect(bits()).toEqual([false, true, true]);
    apic.isEnabled = true;
    cpu.model = CPU_MODELS['x86-64-v2'];
    expect(bits()).toEqual([true, false, false]);
    cpu.model = CPU_MODELS['486'];
    expect(bits()).toEqual([false, false, false]);
  });
});

describe('a processor without', () => {
  it.each([0x6e0, 0x800, 0x808])('has no MSR %d', (index) => {
    const { cpu } = withApic(index);
    cpu.localApic = undefined;
    expect(faultOf(cpu, ...RDMSR)).toEqual(GP0);
    expect(faultOf(cpu, ...WRMSR)).toEqual(GP0);
  });

  it('offers none in CPUID', () => {
    const [, , ecx, edx] = cpuid(new FakeCpu('64-bit'), 1, 0);
    expect([edx & (1 << 9), ecx & ((1 << 21) | (1 << 24))]).toEqual([0, 0]);
  });
});
