import { describe, expect, it } from 'vitest';
import { TR_INDEX } from '../../state/layout.ts';
import { FLAG_DF, FLAG_IOPL } from '../../state/rflags.ts';
import { OUTCOME_BRANCH, OUTCOME_NEXT } from './context.ts';
import { DATA32, FakeCpu, faultOf, RAX, RCX, RDI, RDX, RSI, TSS } from './fake-cpu.test.fixture.ts';

const GP0 = [13, 0];

function withDx(cpu: FakeCpu, port: number): FakeCpu {
  cpu.state.setGpr(RDX, 0xffffffffffff0000n | BigInt(port));
  return cpu;
}

/** A user processor whose TSS has an I/O bit map at 0x68 of 0x40 bytes. */
function withBitMap(limit = 0x68 + 0x3f): FakeCpu {
  const cpu = new FakeCpu('protected', 3);
  cpu.state.segments[TR_INDEX]?.load(0x48, BigInt(TSS), limit, 0x8b);
  return cpu;
}

describe('IN and OUT', () => {
  it.each([
    [[0xe4, 0x60], 'in 8 60', 0x1122334455667788n, 0x1122334455667755n],
    [[0x66, 0xe5, 0x60], 'in 16 60', 0x1122334455667788n, 0x112233445566aa55n],
    [[0xe5, 0x60], 'in 32 60', 0x1122334455667788n, 0xcc33aa55n],
    [[0xec], 'in 8 3f8', 0n, 0x55n],
    [[0x48, 0xed], 'in 32 3f8', 0xffffffffffffffffn, 0xcc33aa55n],
  ] as const)('%j reads the port into the accumulator', (bytes, log, before, after) => {
    const cpu = withDx(new FakeCpu('64-bit'), 0x3f8);
    cpu.portValue = log.startsWith('in 8') ? 0x55 : log.startsWith('in 16') ? 0xaa55 : 0xcc33aa55;
    cpu.state.setGpr(RAX, before);
    expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
    expect([cpu.portLog, cpu.state.gpr(RAX)]).toEqual([[log], after]);
  });

  it.each([
    [[0xe6, 0x80], 'out 8 80 88'],
    [[0xee], 'out 8 f4 88'],
    [[0x66, 0xef], 'out 16 f4 7788'],
    [[0xef], 'out 32 f4 55667788'],
    [[0x48, 0xef], 'out 32 f4 55667788'],
  ] as const)('%j writes the accumulator', (bytes, log) => {
    const cpu = withDx(new FakeCpu('64-bit'), 0xf4);
    cpu.state.setGpr(RAX, 0x1122334455667788n);
    expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
    expect(cpu.portLog).toEqual([log]);
  });
});

describe('the right to use a port', () => {
  it('is given by IOPL', () => {
    const cpu = new FakeCpu('protected', 3);
    cpu.state.rflags = FLAG_IOPL | 2;
    expect(cpu.run(0xe6, 0x80)).toBe(OUTCOME_NEXT);
    cpu.state.rflags = 2;
    expect(faultOf(cpu, 0xe6, 0x80)).toEqual(GP0);
    expect(cpu.portLog).toHaveLength(1);
  });

  it('is not given by IOPL in virtual-8086 mode', () => {
    const cpu = new FakeCpu('virtual-8086');
    cpu.state.rflags = 0x23002;
    expect(faultOf(cpu, 0xe6, 0x80)).toEqual(GP0);
  });

  it.each([
    ['a clear bit', 0x80, 8, [], true],
    ['a set bit', 0x80, 8, [0x80], false],
    ['one set bit of two', 0x80, 16, [0x81], false],
    ['a set bit beyond a byte access', 0x80, 8, [0x81], true],
    ['four bits over two bytes', 0x86, 32, [0x89], false],
    ['a set bit after four', 0x86, 32, [0x8a], true],
  ] as const)('from the bit map: %s', (_name, port, width, set, allowed) => {
    const cpu = withDx(withBitMap(), port);
    for (const bit of set) cpu.bytes[TSS + 0x68 + (bit >> 3)] = 1 << (bit & 7);
    const bytes = width === 8 ? [0xec] : width === 16 ? [0x66, 0xed] : [0xed];
    if (allowed) expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
    else expect(faultOf(cpu, ...bytes)).toEqual(GP0);
  });

  it.each([
    ['the last byte of the map needs one more behind it', 0x68 + 0x10, false],
    ['two bytes inside the limit are enough', 0x68 + 0x11, true],
    ['no room for the map base', 0x66, false],
  ] as const)('%s', (_name, limit, allowed) => {
    const cpu = withBitMap(limit);
    if (allowed) expect(cpu.run(0xe6, 0x80)).toBe(OUTCOME_NEXT);
    else expect(faultOf(cpu, 0xe6, 0x80)).toEqual(GP0);
  });

  it('does not come from a 16-bit TSS', () => {
    const cpu = withBitMap();
    cpu.state.segments[TR_INDEX]?.load(0x48, BigInt(TSS), 0xff, 0x83);
    expect(faultOf(cpu, 0xe6, 0x80)).toEqual(GP0);
  });

  it('of a map that is not paged in is a page fault, implicit and so supervisor', () => {
    const cpu = withBitMap();
    cpu.absent.add(TSS >> 12);
    expect(faultOf(cpu, 0xe6, 0x80)).toEqual([14, 0]);
  });
});

describe('INS and OUTS', () => {
  it('REP INSW runs one iteration a call and stays on the instruction until the count is used up', () => {
    const cpu = withDx(new FakeCpu('protected'), 0x1f0);
    cpu.portValue = 0xbeef;
    cpu.state.setGpr(RDI, 0x6000n);
    cpu.state.setGpr(RCX, 2n);
    expect(cpu.run(0x66, 0xf3, 0x6d)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rip, cpu.state.gpr(RCX), cpu.state.gpr(RDI)]).toEqual([0x4000n, 1n, 0x6002n]);
    expect(cpu.run(0x66, 0xf3, 0x6d)).toBe(OUTCOME_NEXT);
    expect([cpu.state.rip, cpu.state.gpr(RCX), cpu.state.gpr(RDI)]).toEqual([0x4003n, 0n, 0x6004n]);
    expect(cpu.view.getUint32(0x6000, true)).toBe(0xbeefbeef);
    expect(cpu.run(0x66, 0xf3, 0x6d)).toBe(OUTCOME_NEXT);
    expect(cpu.portLog).toHaveLength(2);
  });

  it('OUTSB goes down with DF, and takes a segment override', () => {
    const cpu = withDx(new FakeCpu('protected'), 0xe9);
    cpu.state.segments[4]?.load(DATA32, 0x1000n, 0xffffffff, 0xc093);
    cpu.state.setGpr(RSI, 0x5001n);
    cpu.bytes[0x6001] = 0x41;
    cpu.state.rflags = FLAG_DF | 2;
    expect(cpu.run(0x64, 0x6e)).toBe(OUTCOME_NEXT); // outsb fs:
    expect([cpu.portLog, cpu.state.gpr(RSI)]).toEqual([['out 8 e9 41'], 0x5000n]);
  });

  it('use SI, DI and CX with 16-bit addresses, and keep the rest', () => {
    const cpu = withDx(new FakeCpu('real'), 0x60);
    cpu.state.setGpr(RDI, 0x1111ffffn);
    cpu.state.setGpr(RCX, 0x22220001n);
    expect(cpu.run(0xf3, 0x6c)).toBe(OUTCOME_NEXT);
    expect([cpu.state.gpr(RDI), cpu.state.gpr(RCX)]).toEqual([0x11110000n, 0x22220000n]);
  });

  it('INS that cannot write does not read the port', () => {
    const cpu = withDx(new FakeCpu('protected'), 0x60);
    cpu.state.setGpr(RDI, 0x6000n);
    cpu.readOnly.add(6);
    expect(faultOf(cpu, 0x6c)).toEqual([14, 3]);
    cpu.state.segments[0]?.loadNull(0);
    expect(faultOf(cpu, 0x6c)).toEqual(GP0);
    expect(cpu.portLog).toEqual([]);
  });

  it('OUTS that cannot read does not write the port', () => {
    const cpu = withDx(new FakeCpu('64-bit'), 0x60);
    cpu.state.setGpr(RSI, 0x6000n);
    cpu.absent.add(6);
    expect(faultOf(cpu, 0x6e)).toEqual([14, 0]);
    expect(cpu.portLog).toEqual([]);
  });
});
