import { describe, expect, it } from 'vitest';
import { FLAG_AC, FLAG_VM } from '../../state/rflags.ts';
import { OUTCOME_BRANCH } from './context.ts';
import { DEFAULT_CPU_MODEL } from './cpu-model.ts';
import { FakeCpu, type FakeMode, faultOf } from './fake-cpu.test.fixture.ts';

const _GP0 = [13, 0];
const UD = [6, -1];

function withFlags(mode: FakeMode, cpl: number, flags: number): FakeCpu {
  const cpu = new FakeCpu(mode, cpl);
  cpu.state.rflags = flags | 2 | (mode === 'virtual-8086' ? FLAG_VM : 0);
  return cpu;
}

describe('CLAC and STAC', () => {
  it('change AC at CPL 0, and the engine hears of it', () => {
    const cpu = withFlags('64-bit', 0, 0);
    expect(cpu.run(0x0f, 0x01, 0xcb)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rflags, cpu.modeChanges]).toEqual([FLAG_AC | 2, 1]);
    expect(cpu.run(0x0f, 0x01, 0xca)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rflags, cpu.modeChanges]).toEqual([2, 2]);
  });

  it('give #UD above CPL 0 and without SMAP', () => {
    expect(faultOf(withFlags('64-bit', 3, 0), 0x0f, 0x01, 0xcb)).toEqual(UD);
    const cpu = withFlags('64-bit', 0, 0);
    cpu.model = { ...DEFAULT_CPU_MODEL, features: new Set() };
    expect(faultOf(cpu, 0x0f, 0x01, 0xca)).toEqual(UD);
  });
});
