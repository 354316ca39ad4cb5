import { describe, expect, it } from 'vitest';
import type { Cpu, Engine } from '../../cpu.ts';
import {
  HANDLER_SPACING,
  installGdt,
  installIdt,
  longModeMachine,
  place,
  RAX,
  RBX,
  RCX,
  RDX,
  RSP,
} from '../../machines.test.fixture.ts';
import { CR0_WP, CR4_OSXSAVE, CR4_PKE } from '../../state/control-registers.ts';
import { CR0, CR2, CR4, PKRU, XCR0 } from '../../state/layout.ts';
import { cpuid } from './cpuid.ts';
import { FakeCpu, faultOf } from './fake-cpu.test.fixture.ts';

const HANDLERS = 0x10000;
const PF_HANDLER = BigInt(HANDLERS + 14 * HANDLER_SPACING);
/** A user page with key 3, and one of the supervisor's. */
const KEYED = 0x4000;
const SUPERVISOR = 0x5000;
const KEY = 3;
const ACCESS_DISABLE = 1 << (2 * KEY);
const WRITE_DISABLE = 2 << (2 * KEY);
const PF_P = 1;
const PF_WR = 2;
const PF_PK = 0x20;

function machine(pkru: number, engine: Engine = 'interpreter'): Cpu {
  const { cpu, tables } = longModeMachine({ engine, jit: { threshold: 1, warmUp: 0 } });
  installGdt(cpu, 0x8000);
  installIdt(cpu, { idt: 0x9000, handlers: HANDLERS });
  tables.map(KEYED, KEYED, 0x1000, { user: true, protectionKey: KEY });
  tables.map(SUPERVISOR, SUPERVISOR, 0x1000, { protectionKey: KEY });
  cpu.state.setField(CR4, (cpu.state.field(CR4) | CR4_PKE | CR4_OSXSAVE) >>> 0);
  cpu.state.setField(XCR0, 0x203);
  cpu.state.setField(PKRU, pkru);
  cpu.state.setGpr(RBX, BigInt(KEYED));
  cpu.state.setGpr(RDX, 0n);
  cpu.synchronize();
  return cpu;
}
/** Runs code up to HLT. @returns the error code of the page fault that it met, or undefined */
function pageFault(cpu: Cpu, code: string): number | undefined {
  place(cpu, 0x1000, `${code} f4`);
  expect(cpu.run(10_000)).toBe('halted');
  return cpu.state.rip === PF_HANDLER + 1n ? cpu.memory.read32(Number(cpu.state.gpr(RSP))) : undefined;
}
const LOAD = '8b03'; // mov eax, [rbx]
const STORE = '8903'; // mov [rbx], eax

describe('protection keys of user pages', () => {
  it.each([
    ['access disabled, a load', ACCESS_DISABLE, LOAD, PF_P | PF_PK],
    ['access disabled, a store', ACCESS_DISABLE, STORE, PF_P | PF_PK | PF_WR],
    ['writes disabled, a load', WRITE_DISABLE, LOAD, undefined],
    ['writes disabled, a store', WRITE_DISABLE, STORE, PF_P | PF_PK | PF_WR],
    ['another key disabled', ~(3 << (2 * KEY)), STORE, undefined],
  ] as const)('count for the supervisor too: %s', (_name, pkru, code, expected) => {
    const cpu = machine(pkru >>> 0);
    expect(pageFault(cpu, code)).toBe(expected);
    if (expected !== undefined) expect(cpu.state.wideField(CR2)).toBe(BigInt(KEYED));
  });

  it('let the supervisor write with CR0.WP clear, but not with access disabled', () => {
    for (const [pkru, expected] of [
      [WRITE_DISABLE, undefined],
      [ACCESS_DISABLE, PF_P | PF_PK | PF_WR],
    ] as const) {
      const cpu = machine(pkru);
      cpu.state.setField(CR0, (cpu.state.field(CR0) & ~CR0_WP) >>> 0);
      cpu.synchronize();
      expect(pageFault(cpu, STORE)).toBe(expected);
    }
  });

  it('say nothing of supervisor pages, of fetches, and without CR4.PKE', () => {
    const other = machine(0xffff_fffc);
    other.state.setGpr(RBX, BigInt(SUPERVISOR));
    expect(pageFault(other, STORE)).toBeUndefined();
    const fetching = machine(ACCESS_DISABLE);
    place(fetching, KEYED, 'f4');
    fetching.state.rip = BigInt(KEYED);
    expect(fetching.run(100)).toBe('halted');
    expect(fetching.state.rip).toBe(BigInt(KEYED + 1));
    const off = machine(ACCESS_DISABLE);
    off.state.setField(CR4, (off.state.field(CR4) & ~CR4_PKE) >>> 0);
    off.synchronize();
    expect(pageFault(off, STORE)).toBeUndefined();
  });

  it.each(['interpreter', 'jit', 'check'] as const)('change with WRPKRU at once in %s', (engine) => {
    const cpu = machine(0, engine);
    // l: mov eax, [rbx]; dec esi; jnz l; mov eax, AD; wrpkru; mov eax, [rbx]
    cpu.state.setGpr(6, 500n);
    const disable = ACCESS_DISABLE.toString(16).padStart(2, '0');
    expect(pageFault(cpu, `8b03 ffce 75fa b8 ${disable}000000 0f01ef 8b03`)).toBe(PF_P | PF_PK);
  });
});

describe('RDPKRU and WRPKRU', () => {
  const RDPKRU = [0x0f, 0x01, 0xee];
  const WRPKRU = [0x0f, 0x01, 0xef];
  const enabled = (cpl = 3): FakeCpu => {
    const cpu = new FakeCpu('64-bit', cpl);
    cpu.state.setField(CR4, cpu.state.field(CR4) | CR4_PKE);
    return cpu;
  };

  it('read and write PKRU at CPL 3, EDX 0', () => {
    const cpu = enabled();
    cpu.state.setGpr(RAX, 0xffff_ffff_8765_4320n);
    cpu.state.setGpr(RCX, 0xffff_ffff_0000_0000n);
    cpu.run(...WRPKRU);
    expect(cpu.state.field(PKRU)).toBe(0x8765_4320);
    expect(cpu.pagingChanges).toEqual([false]);
    cpu.state.setGpr(RAX, 0n);
    cpu.state.setGpr(RDX, 5n);
    cpu.run(...RDPKRU);
    expect([cpu.state.gpr(RAX), cpu.state.gpr(RDX)]).toEqual([0x8765_4320n, 0n]);
  });

  it('refuse other values than 0 in ECX, WRPKRU in EDX too; without CR4.PKE they are none', () => {
    for (const code of [RDPKRU, WRPKRU]) {
      const cpu = enabled();
      cpu.state.setGpr(RCX, 1n);
      expect(faultOf(cpu, ...code)).toEqual([13, 0]);
      expect(faultOf(new FakeCpu('64-bit'), ...code)).toEqual([6, -1]);
    }
    const cpu = enabled();
    cpu.state.setGpr(RDX, 1n);
    expect(faultOf(cpu, ...WRPKRU)).toEqual([13, 0]);
  });
});

describe('PKRU as a component of XSAVE', () => {
  const XSAVE = '0fae2425 00300000';
  const XRSTOR = '0fae2c25 00300000';
  const AREA = 0x3000;

  it('is behind the header, as CPUID says', () => {
    const cpu = new FakeCpu('64-bit');
    expect(cpuid(cpu, 0xd, 9)).toEqual([8, 576, 0, 0]);
    expect(cpuid(cpu, 0xd, 0)).toEqual([0x203, 576, 584, 0]);
    expect(cpuid(cpu, 7, 0)[2] & 0x18).toBe(0x08);
    cpu.state.setField(CR4, cpu.state.field(CR4) | CR4_PKE);
    cpu.state.setField(XCR0, 0x201);
    expect(cpuid(cpu, 7, 0)[2] & 0x18).toBe(0x18);
    expect(cpuid(cpu, 0xd, 0)[1]).toBe(584);
  });

  it('is saved, loaded, and 0 where the area has none; pages follow', () => {
    const cpu = machine(WRITE_DISABLE);
    cpu.memory.fill(AREA, 584, 0);
    cpu.state.setGpr(RAX, 0x200n);
    cpu.state.setGpr(RDX, 0n);
    // xsave; xor esi, esi; mov [pkru], AD of the key; xrstor; mov eax, [rbx]
    const code = `${XSAVE} c70425 40320000 40000000 ${XRSTOR} 8b03`;
    expect(pageFault(cpu, code)).toBe(PF_P | PF_PK);
    expect(cpu.memory.read32(AREA + 512)).toBe(0x200);
    expect(cpu.state.field(PKRU)).toBe(ACCESS_DISABLE);
    const cleared = machine(ACCESS_DISABLE);
    cleared.memory.fill(AREA, 584, 0);
    cleared.state.setGpr(RAX, 0x200n);
    expect(pageFault(cleared, `${XRSTOR} 8b03`)).toBeUndefined();
    expect(cleared.state.field(PKRU)).toBe(0);
  });
});
