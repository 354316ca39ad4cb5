/** A processor whose system has switched x87, SSE and XSAVE on, and an area for their images. */
import type { Cpu, CpuOptions } from '../../cpu.ts';
import { longModeMachine, place, RAX, RDX } from '../../machines.test.fixture.ts';
import { CR4_OSFXSR, CR4_OSXMMEXCPT, CR4_OSXSAVE } from '../../state/control-registers.ts';
import { CR0, CR4, FPR, FPU_CONTROL, FPU_STATUS, FPU_TAG, MXCSR, XCR0, XMM } from '../../state/layout.ts';

/** Where the images are. */
export const AREA = 0x3000;

/** A processor whose system has switched all of it on. */
export function machine(
  bits: { cr0?: number; cr4?: number; cpl?: 0 | 3 } = {},
  options: Partial<CpuOptions> = {},
): Cpu {
  const { cpu } = longModeMachine({ ...options, cpl: bits.cpl ?? 0 });
  const { state } = cpu;
  state.setField(CR4, (state.field(CR4) | (bits.cr4 ?? CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE)) >>> 0);
  state.setField(CR0, (state.field(CR0) | (bits.cr0 ?? 0)) >>> 0);
  state.setField(XCR0, 3);
  for (let i = 0; i < 32; i++) state.setWideField(XMM + 8 * i, BigInt(0x1000 + i));
  state.setField(MXCSR, 0x9fa0);
  state.setField(FPU_CONTROL, 0x027f);
  state.setField(FPU_STATUS, 6 << 11);
  state.setField(FPU_TAG, 0xc0);
  for (let i = 0; i < 8; i++) {
    state.setWideField(FPR + 16 * i, (1n << 63n) + BigInt(i));
    state.setField(FPR + 16 * i + 8, 0x3fff + i);
  }
  cpu.synchronize();
  return cpu;
}

/** Executes one instruction. @returns the exception's vector and reason, or undefined */
export function run(cpu: Cpu, code: string): string | undefined {
  place(cpu, 0x1000, code);
  cpu.state.rip = 0x1000n;
  cpu.exceptionLog.clear();
  cpu.synchronize();
  cpu.run(1);
  const [entry] = cpu.exceptionLog.entries;
  return entry === undefined ? undefined : `${entry.vector} ${entry.reason}`;
}

/** Eight bytes of the area. */
export const quad = (cpu: Cpu, at: number): bigint =>
  BigInt(cpu.memory.read32(AREA + at)) | (BigInt(cpu.memory.read32(AREA + at + 4)) << 32n);

/** Sets EDX:EAX, the components asked for. */
export function ask(cpu: Cpu, components: bigint): Cpu {
  cpu.state.setGpr(RAX, components & 0xffff_ffffn);
  cpu.state.setGpr(RDX, components >> 32n);
  return cpu;
}
