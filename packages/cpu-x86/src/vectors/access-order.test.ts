/** Which of an instruction's accesses comes first, where several would fault: as the processor of the corpus has it. */
import { localSelector, SLOT_PAGE, USER_CODE_32, USER_CODE_64, USER_DATA } from '@longmode/x86-vectors';
import { describe, expect, it } from 'vitest';
import { CS, DS, ES, FS, GS, SS } from '../decode/instruction.ts';
import { fromHex } from '../machines.test.fixture.ts';
import { CR2, GPR } from '../state/layout.ts';
import { RecordedProcess } from './recorded-process.test.fixture.ts';

const GENERAL = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'] as const;
const SEGMENTS = { es: ES, cs: CS, ss: SS, ds: DS, fs: FS, gs: GS } as const;
const FLAG_AC = 0x40000;
const CODE_AT = 0x1000_1000;

interface Start {
  readonly registers?: Partial<Record<(typeof GENERAL)[number], bigint>>;
  readonly segments?: Partial<Record<keyof typeof SEGMENTS, number>>;
  readonly flags?: number;
  readonly codeSize?: 32 | 64;
}

/** @returns `14 at 1ffffff8 (6)`, `13`: the exception, and for page faults CR2 and the error code */
function faultOf(code: string, start: Start, process: RecordedProcess = new RecordedProcess({})): string {
  const { registers = {}, segments = {}, flags = 0, codeSize = 64 } = start;
  const { state } = process.cpu;
  process.placeCode(fromHex(code), SLOT_PAGE);
  const selectors = { es: USER_DATA, ds: USER_DATA, fs: 0, gs: 0, ...segments };
  for (const name of ['es', 'ds', 'fs', 'gs'] as const) process.loadSegment(SEGMENTS[name], selectors[name]);
  for (const [i, name] of GENERAL.entries()) state.setWideField(GPR + 8 * i, registers[name] ?? 0n);
  const rsp = registers.rsp ?? 0x2000_1000n;
  process.prepareEntry({
    rip: BigInt(CODE_AT),
    cs: segments.cs ?? (codeSize === 64 ? USER_CODE_64 : USER_CODE_32),
    rflags: 0x202 | flags,
    rsp,
    ss: segments.ss ?? USER_DATA,
  });
  process.cpu.run(1);
  state.setGpr(4, rsp);
  process.cpu.run(100);
  const { vector, pushed } = process;
  if (vector !== 14) return `${vector}`;
  return `14 at ${state.wideField(CR2).toString(16)} (${pushed.getUint32(0, true)})`;
}

describe('ENTER', () => {
  const ENTER_5 = 'c8 0000 05';
  it('reads each enclosing frame pointer before it pushes it', () => {
    // The third push reaches into the missing page; the first read lies in it.
    const registers = { rsp: 0x2000_0014n, rbp: 0x1fff_fffan };
    expect(faultOf(ENTER_5, { registers })).toBe('14 at 1ffffff2 (4)');
    expect(faultOf(ENTER_5, { registers: { ...registers, rbp: 0x2000_0800n } })).toBe('14 at 1ffffffc (6)');
  });
  it('looks at the alignment before the last byte', () => {
    const registers = { rsp: 0x8000_0000_0004n };
    expect(faultOf(ENTER_5, { registers })).toBe('12');
    expect(faultOf(ENTER_5, { registers, flags: FLAG_AC })).toBe('17');
  });
});

describe('PUSHA', () => {
  it('stores nothing where not all can be stored', () => {
    const process = new RecordedProcess({});
    process.writeData(0, new Uint8Array(64).fill(0x55));
    const start = { codeSize: 32, registers: { rsp: 0x2000_0010n } } as const;
    expect(faultOf('60', start, process)).toBe('14 at 1ffffffc (6)');
    expect(process.data.subarray(0, 64).every((byte) => byte === 0x55)).toBe(true);
  });
  it('stores across pages', () => {
    const process = new RecordedProcess({});
    const registers = {
      rax: 0xa0n,
      rcx: 0xc1n,
      rdx: 0xd2n,
      rbx: 0xb3n,
      rsp: 0x2000_1010n,
      rbp: 0xb5n,
      rsi: 0x51n,
      rdi: 0xd1n,
    };
    expect(faultOf('60', { codeSize: 32, registers }, process)).toBe('3');
    const stored = new Uint32Array(process.data.slice(0xff0, 0x1010).buffer);
    expect([...stored].toReversed()).toEqual([0xa0, 0xc1, 0xd2, 0xb3, 0x2000_1010, 0xb5, 0x51, 0xd1]);
  });
});

describe('MASKMOVDQU', () => {
  const MASKMOVDQU = '66 0ff7 c1';
  it('has its upper half first, and needs the pages of all bytes, whatever the mask', () => {
    expect(faultOf(MASKMOVDQU, { registers: { rdi: 0x3000_0000n } })).toBe('14 at 30000008 (6)');
    expect(faultOf(MASKMOVDQU, { registers: { rdi: 0x1fff_fff8n } })).toBe('14 at 1ffffff8 (6)');
    expect(faultOf(MASKMOVDQU, { registers: { rdi: 0x2000_1ff4n } })).toBe('14 at 20002000 (7)');
    expect(faultOf('0ff7 c1', { registers: { rdi: 0x1fff_fffcn } })).toBe('14 at 1ffffffc (6)');
  });
  it('looks at the alignment of the upper half before the limit of the lower one', () => {
    const start = { codeSize: 32, registers: { rdi: 0xffan }, segments: { ds: localSelector(15) } } as const;
    expect(faultOf(MASKMOVDQU, start)).toBe('13');
    expect(faultOf(MASKMOVDQU, { ...start, flags: FLAG_AC })).toBe('17');
  });
  it('wraps between its halves where the address does', () => {
    expect(faultOf(`67 ${MASKMOVDQU}`, { registers: { rdi: 0xffff_fffcn } })).toBe('14 at 4 (6)');
  });
});

describe('an operand across the end of the address space', () => {
  it.each([
    ['MOV RAX, [RSI]', '48 8b06'],
    ['FLD m80', 'db2e'],
    ['FBLD', 'df26'],
    ['LAR EAX, [RSI]', '0f02 06'],
    ['CALL m16:64', '48 ff1e'],
  ])('is canonical: %s', (_name, code) => {
    expect(faultOf(code, { registers: { rsi: 2n ** 64n - 1n } })).toBe('14 at ffffffffffffffff (4)');
  });
  it('is that for stores too', () => {
    expect(faultOf('df36', { registers: { rsi: 2n ** 64n - 4n } })).toBe('14 at fffffffffffffffc (6)');
  });
});

describe.each([
  ['FXSAVE', '0fae 06', 16n, 6],
  ['FXRSTOR', '0fae 0e', 16n, 4],
  ['XSAVE', '0fae 26', 64n, 6],
])('%s', (_name, code, alignment, errorCode) => {
  const at = (rsi: bigint, segments: Start['segments'], flags = 0): string =>
    faultOf(code, { codeSize: 32, registers: { rsi }, segments: segments ?? {}, flags });
  it('looks at the limit of 4 bytes first, then at the alignment', () => {
    const segments = { ss: localSelector(11) };
    const inStack = (rsi: bigint): string =>
      faultOf(`36 ${code}`, { codeSize: 32, registers: { rsi }, segments, flags: FLAG_AC });
    expect([inStack(0xfffdn), inStack(0xfffcn), inStack(0x402n)]).toEqual(['12', '13', '17']);
  });
  it('looks at what the segment allows after the alignment, and at a null selector before it', () => {
    expect(at(0x402n, { ds: localSelector(13) }, FLAG_AC)).toBe('17');
    expect(
      faultOf(`2e ${code}`, {
        codeSize: 32,
        registers: { rsi: 0x402n },
        segments: { cs: localSelector(7) },
        flags: FLAG_AC,
      }),
    ).toBe('17');
    expect(at(0x402n, { ds: 0 }, FLAG_AC)).toBe('13');
  });
  it('touches the last byte before it sees that offsets wrap', () => {
    const last = (0xf000_0000n + 2n ** 32n - alignment + (alignment === 16n ? 511n : 575n)) & 0xffff_ffffn;
    expect(at(2n ** 32n - alignment, { ds: localSelector(20) })).toBe(`14 at ${last.toString(16)} (${errorCode})`);
    expect(at(2n ** 32n - 8n, { ds: localSelector(20) })).toBe('13');
  });
});
