import { describe, expect, it } from 'vitest';
import type { Engine } from '../cpu.ts';
import {
  installGdt,
  installIdt,
  longModeMachine,
  place,
  protectedModeMachine,
  RCX,
  RDX,
  RSP,
} from '../machines.test.fixture.ts';
import { GDTR_LIMIT } from '../state/layout.ts';

const HANDLERS = 0x10000;
const GP_HANDLER = HANDLERS + 16 * 13;
/** The last page of canonical addresses of the lower half, and where it is in RAM. */
const TOP = 0x7fff_ffff_f000n;
const TOP_AT = 0x4000;

/** Relative branches to 20h bytes behind the page, from its beginning. */
const BRANCHES = [
  ['JMP', 'e91b100000'],
  ['JE', '0f841a100000'],
  ['CALL', 'e81b100000'],
] as const;

describe.each(['interpreter', 'jit', 'check'] as const)('a relative branch in %s', (engine: Engine) => {
  const options = { engine, jit: { threshold: 1, warmUp: 0 } };

  it.each(BRANCHES)('%s to an address that is not canonical faults itself', (_name, code) => {
    const { cpu, tables } = longModeMachine(options);
    installIdt(cpu, { idt: 0x9000, handlers: HANDLERS });
    installGdt(cpu, 0x8000);
    tables.map(TOP, TOP_AT, 0x1000);
    place(cpu, TOP_AT, code);
    cpu.state.rip = TOP;
    cpu.state.rflags = 0x42;
    cpu.synchronize();
    expect(cpu.run(1)).toBe('limit');
    expect(cpu.state.rip).toBe(BigInt(GP_HANDLER));
    expect(cpu.instructionCount).toBe(1);
    // SS, RSP, RFLAGS, CS, RIP and the error code.
    const frame = Number(cpu.state.gpr(RSP));
    expect(frame).toBe(0x80000 - 48);
    const pushed = new DataView(cpu.memory.read(frame, 48).buffer);
    expect(pushed.getBigUint64(0, true)).toBe(0n);
    expect(pushed.getBigUint64(8, true)).toBe(TOP);
    expect(pushed.getBigUint64(32, true)).toBe(0x80000n);
  });

  it('LOOP beyond the limit of CS faults itself, RCX as it was, though it was within before', () => {
    const cpu = protectedModeMachine(options);
    installIdt(cpu, { idt: 0x9000, handlers: HANDLERS });
    installGdt(cpu, 0x8000);
    // Selector 18h: code with a limit of 1FFFh.
    cpu.memory.write32(0x8018, 0x0000_1fff);
    cpu.memory.write32(0x801c, 0x0040_9b00);
    cpu.state.setField(GDTR_LIMIT, 0x1f);
    place(cpu, 0x1ff0, 'e20e'); // loop 0x2000
    place(cpu, 0x2000, '4a 75ed eaf01f0000 1800'); // dec edx; jnz 0x1ff0; jmp 0x18:0x1ff0
    cpu.state.setGpr(RCX, 1000n);
    cpu.state.setGpr(RDX, 100n);
    cpu.state.rip = 0x1ff0n;
    cpu.synchronize();
    expect(cpu.run(10_000)).toBe('halted');
    const frame = Number(cpu.state.gpr(RSP));
    expect(cpu.state.rip).toBe(BigInt(GP_HANDLER + 1));
    expect([cpu.memory.read32(frame), cpu.memory.read32(frame + 4), cpu.memory.read32(frame + 8)]).toEqual([
      0, 0x1ff0, 0x18,
    ]);
    expect(cpu.state.gpr(RCX)).toBe(900n);
  });
});
