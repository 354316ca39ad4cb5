import { describe, expect, it } from 'vitest';
import type { Cpu, CpuOptions, Engine } from '../../cpu.ts';
import { DS } from '../../decode/instruction.ts';
import type { AccessWidth } from '../../host.ts';
import { longModeMachine, place, protectedModeMachine, RAX, RDI } from '../../machines.test.fixture.ts';
import { CR0_EM, CR0_TS, CR4_OSFXSR, CR4_OSXMMEXCPT } from '../../state/control-registers.ts';
import { CR0, CR2, CR4, MXCSR, XMM } from '../../state/layout.ts';

const DATA = 0x3000;
const PTE_P = 1n;

/** A processor with SSE enabled; XMM1 holds 1.0 in both lanes. */
function machine(options: Partial<CpuOptions> = {}, cr0 = 0, cr4: number = CR4_OSFXSR | CR4_OSXMMEXCPT) {
  const { cpu, tables } = longModeMachine(options);
  const { state } = cpu;
  state.setField(CR0, (state.field(CR0) | cr0) >>> 0);
  state.setField(CR4, state.field(CR4) | cr4);
  state.setField(MXCSR, 0x1f80);
  setXmm(cpu, 1, 0x3ff0_0000_0000_0000n, 0x3ff0_0000_0000_0000n);
  return { cpu, tables };
}
function setXmm({ state }: Cpu, index: number, low: bigint, high: bigint): void {
  state.setWideField(XMM + 16 * index, low);
  state.setWideField(XMM + 16 * index + 8, high);
}
const xmm = ({ state }: Cpu, index: number): readonly [low: bigint, high: bigint] => [
  state.wideField(XMM + 16 * index),
  state.wideField(XMM + 16 * index + 8),
];

/** Executes instructions. @returns the exception's vector and reason, or undefined */
function run(cpu: Cpu, code: string, count = 1): string | undefined {
  place(cpu, 0x1000, code);
  cpu.state.rip = 0x1000n;
  cpu.exceptionLog.clear();
  cpu.synchronize();
  cpu.run(count);
  const [entry] = cpu.exceptionLog.entries;
  return entry === undefined ? undefined : `${entry.vector} ${entry.reason ?? ''}`.trim();
}

describe('SSE instructions', () => {
  it.each([
    [0, 0, '6 ADDPD with CR4.OSFXSR clear'],
    [CR0_EM, CR4_OSFXSR, '6 ADDPD with CR0.EM set'],
    [CR0_EM | CR0_TS, CR4_OSFXSR, '6 ADDPD with CR0.EM set'],
    [CR0_TS, CR4_OSFXSR, '7 ADDPD with CR0.TS set'],
    [0, CR4_OSFXSR, undefined],
  ])('with CR0 bits %i and CR4 bits %i', (cr0, cr4, expected) => {
    expect(run(machine({}, cr0, cr4).cpu, '660f58c9')).toBe(expected);
  });

  it('become available when CLTS clears CR0.TS', () => {
    expect(run(machine({}, CR0_TS).cpu, '0f06 660f58c9', 2)).toBeUndefined();
  });

  it.each([
    ['MOVAPS', '0f280425 08300000'],
    ['MOVAPS', '0f290425 08300000'],
    ['PADDB', '660ffc0425 08300000'],
    ['ADDPD', '660f580425 08300000'],
  ])('%s [%s] refuses what is not aligned, in words', (mnemonic, code) => {
    expect(run(machine().cpu, code)).toBe(`13 ${mnemonic} at 0x3008, which is not a multiple of 16`);
  });

  it('of which the memory operand is a scalar, or that say so, take any address', () => {
    for (const code of ['0f100425 01300000', 'f20f580425 01300000', '660f3a63042501300000 00']) {
      expect(run(machine().cpu, code)).toBeUndefined();
    }
  });

  it('store nothing where the second of two pages is missing', () => {
    const { cpu, tables } = machine();
    tables.changeEntry(0x4000, 1, { clear: PTE_P });
    cpu.memory.fill(DATA, 0x1000, 0x55);
    expect(run(cpu, '0f110c25 f83f0000')).toMatch(/^14/);
    expect(cpu.state.wideField(CR2)).toBe(0x4000n);
    expect(cpu.memory.read32(0x3ffc)).toBe(0x5555_5555);
  });

  it('load and store across pages', () => {
    const { cpu } = machine();
    setXmm(cpu, 1, 0x0706_0504_0302_0100n, 0x0f0e_0d0c_0b0a_0908n);
    expect(run(cpu, '0f110c25 f93f0000 0f101425 f93f0000', 2)).toBeUndefined();
    expect(xmm(cpu, 2)).toEqual(xmm(cpu, 1));
    expect(cpu.memory.read8(0x4000)).toBe(7);
  });

  it('fault with #GP(0) beyond a segment limit', () => {
    const cpu = protectedModeMachine();
    cpu.state.setField(CR4, CR4_OSFXSR);
    cpu.state.segments[DS]?.load(0x10, 0n, 0x3007, 0x4093);
    expect(run(cpu, '0f1005 f82f0000')).toBeUndefined();
    expect(run(cpu, '0f1005 f92f0000')).toMatch(/^13/);
  });
});

describe.each(['interpreter', 'jit'] as const)('device memory, by the %s', (engine: Engine) => {
  /** A machine whose page at `DATA` is a device that counts. */
  function deviceMachine(): { cpu: Cpu; log: string[] } {
    const log: string[] = [];
    let next = 0;
    const memoryIo = {
      readMemory: (address: number, width: AccessWidth): number => {
        log.push(`read ${address.toString(16)} ${width}`);
        return next++ === 3 ? 0x7ff0_0001 : 0;
      },
      writeMemory: (address: number, width: AccessWidth, value: number): void => {
        log.push(`write ${address.toString(16)} ${width} ${value.toString(16)}`);
      },
    };
    const { cpu } = machine({ engine, jit: { threshold: 1, warmUp: 0 }, memoryIo });
    cpu.memory.setRegion(DATA, DATA + 0x1000, 'device');
    return { cpu, log };
  }

  it('is read and written in doublewords', () => {
    const { cpu, log } = deviceMachine();
    setXmm(cpu, 1, 0x2222_2222_1111_1111n, 0x4444_4444_3333_3333n);
    expect(run(cpu, '0f280425 00300000 0f290c25 10300000', 2)).toBeUndefined();
    expect(log).toEqual([
      ...['read 3000 32', 'read 3004 32', 'read 3008 32', 'read 300c 32'],
      ...['write 3010 32 11111111', 'write 3014 32 22222222', 'write 3018 32 33333333', 'write 301c 32 44444444'],
    ]);
  });

  it('is read once where TypeScript does the rest', () => {
    const { cpu, log } = deviceMachine();
    // An SNaN in the upper lane.
    expect(run(cpu, '660f580c25 00300000')).toBeUndefined();
    expect(log.length).toBe(4);
    expect(xmm(cpu, 1)).toEqual([0x3ff0_0000_0000_0000n, 0x7ff8_0001_0000_0000n]);
    expect(cpu.state.field(MXCSR)).toBe(0x1f81);
  });
});

describe('exceptions that MXCSR does not mask', () => {
  it('raise #XM, with the flag set and the destination as it was', () => {
    const { cpu } = machine();
    cpu.state.setField(MXCSR, 0x1d80);
    setXmm(cpu, 2, 0n, 0n);
    expect(run(cpu, 'f20f5eca')).toBe('19 DIVSD raises exceptions 0x4 that MXCSR does not mask');
    expect(cpu.state.field(MXCSR)).toBe(0x1d84);
    expect(xmm(cpu, 1)[0]).toBe(0x3ff0_0000_0000_0000n);
  });

  it('raise #UD without CR4.OSXMMEXCPT', () => {
    const { cpu } = machine({}, 0, CR4_OSFXSR);
    cpu.state.setField(MXCSR, 0x1d80);
    setXmm(cpu, 2, 0n, 0n);
    expect(run(cpu, 'f20f5eca')).toMatch(/^6 DIVSD raises .* CR4.OSXMMEXCPT is clear$/);
  });
});

describe('LDMXCSR', () => {
  it('refuses bits that do not exist', () => {
    const { cpu } = machine();
    cpu.memory.write32(DATA, 0x1_1f80);
    expect(run(cpu, '0fae1425 00300000')).toMatch(/^13/);
    expect(cpu.state.field(MXCSR)).toBe(0x1f80);
    const other = machine().cpu;
    other.memory.write32(DATA, 0xffff);
    expect(run(other, '0fae1425 00300000')).toBeUndefined();
    expect(other.state.field(MXCSR)).toBe(0xffff);
  });
});

describe('MASKMOVDQU', () => {
  it('stores the bytes that are chosen, where all of them may be written', () => {
    const { cpu, tables } = machine();
    cpu.memory.fill(0x3ff0, 16, 0x55);
    setXmm(cpu, 1, 0x0706_0504_0302_0100n, 0x0f0e_0d0c_0b0a_0908n);
    setXmm(cpu, 2, 0x8000_0000_0000_7f80n, 0x80n);
    cpu.state.setGpr(RDI, 0x3ff0n);
    expect(run(cpu, '660ff7ca')).toBeUndefined();
    const low = [0, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 7];
    expect([...cpu.memory.read(0x3ff0, 16)]).toEqual([...low, 8, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55]);
    tables.changeEntry(0x4000, 1, { clear: PTE_P });
    setXmm(cpu, 2, 0x80n, 0n);
    cpu.state.setGpr(RDI, 0x3ff8n);
    expect(run(cpu, '660ff7ca')).toMatch(/^14/);
    expect(cpu.memory.read8(0x3ff8)).toBe(8);
  });
});

describe('CRC32', () => {
  it('gives the check value of CRC-32C', () => {
    const { cpu } = machine();
    cpu.memory.write(DATA, new TextEncoder().encode('123456789'));
    cpu.state.setGpr(RAX, 0xffff_ffffn);
    // crc32 rax, qword [data]; crc32 eax, byte [data + 8]; not eax
    expect(run(cpu, 'f2480f38f10425 00300000 f20f38f00425 08300000 f7d0', 3)).toBeUndefined();
    expect(cpu.state.gpr(RAX)).toBe(0xe306_9283n);
  });
});
