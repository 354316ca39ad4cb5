import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demangle } from './demangle.ts';
import { decodePunycode } from './punycode.ts';

const V0: readonly (readonly [mangled: string, path: string])[] = [
  ['_RNvCsciGn5CcqV8B_1t2dy', 't::dy'],
  ['__RNvCsciGn5CcqV8B_1t2dy', 't::dy'],
  ['_RNvCsciGn5CcqV8B_1t2dy.llvm.123', 't::dy'],
  ['_RNCNvCsciGn5CcqV8B_1t5main_0B3_', 't::main_::{closure#0}'],
  ['_RNCNvCsciGn5CcqV8B_1t5main_s_0B3_', 't::main_::{closure#1}'],
  ['_RINvCsciGn5CcqV8B_1t3genKl0_Kb0_Kc78_FKChEzEB2_', 't::gen::<0, false, \'x\', extern "C" fn(u8) -> !>'],
  [
    '_RINvCsciGn5CcqV8B_1t3genKl0_Kb0_Kc78_FUFG_RL0_hERL0_hEuEB2_',
    "t::gen::<0, false, 'x', unsafe fn(for<'a> fn(&'a u8) -> &'a u8)>",
  ],
  ['_RINvCsciGn5CcqV8B_1t3genKl0_Kb0_Kc79_INtB2_3ArrKj3_EEB2_', "t::gen::<0, false, 'y', t::Arr<3>>"],
  [
    '_RINvCsciGn5CcqV8B_1t3genKl0_Kb0_Kca_DNtNtCsgEmfK2I1SDS_4core6marker4SyncNtBB_4SendEL_EB2_',
    "t::gen::<0, false, '\\n', dyn core::marker::Sync + core::marker::Send>",
  ],
  ['_RINvCsciGn5CcqV8B_1t3genKl1_Kb0_Kc7a_PShEB2_', "t::gen::<1, false, 'z', *const [u8]>"],
  [
    '_RINvCsciGn5CcqV8B_1t3genKl7_Kb0_Kce9_DNtNtNtNtCsgEmfK2I1SDS_4core4iter6traits8iterator8Iteratorp4ItemhEL_EB2_',
    "t::gen::<7, false, 'é', dyn core::iter::traits::iterator::Iterator<Item = u8>>",
  ],
  ['_RINvCsciGn5CcqV8B_1t3genKln5_Kb1_Kc27_eEB2_', "t::gen::<-5, true, '\\'', str>"],
  [
    '_RINvMs_NtCsciGn5CcqV8B_1t3a_bINtB5_u9Gre_6ka8iyE3newNCNvB7_5main_0EB7_',
    '<t::a_b::Größe<u64>>::new::<t::main_::{closure#0}>',
  ],
  [
    '_RNvXNtCsciGn5CcqV8B_1t3a_bINtB2_u9Gre_6ka8ihEINtB2_2TrAhj3_E2goB4_',
    '<t::a_b::Größe<u8> as t::a_b::Tr<[u8; 3]>>::go',
  ],
  ['_RINvC1t1fTuhENvC1c1dE', 't::f::<((), u8), c::d>'],
  ['_RINvC1t1fKyfffffffffffffffff_E', 't::f::<0xfffffffffffffffff>'],
  ['_RINvC1t1fKRe616263_E', 't::f::<"abc">'],
  ['_RINvC1t1fKRAh1_h2_EE', 't::f::<{&[1, 2]}>'],
  ['_RINvC1t1fKVNtC1t1SS1ah1_1bb1_EE', 't::f::<{t::S { a: 1, b: true }}>'],
  ['_RINvC1t1fQL_hE', 't::f::<&mut u8>'],
];

const LEGACY: readonly (readonly [mangled: string, path: string])[] = [
  ['_ZN1t2ab17h601669747e8c35a0E', 't::ab'],
  ['_ZN1t12Arr$LT$_$GT$1x17h4259dddae04b252bE', 't::Arr<_>::x'],
  ['_ZN1t3a_b22Gr$uf6$$udf$e$LT$T$GT$3new17hd6f01d9d681fcd34E', 't::a_b::Größe<T>::new'],
  ['_ZN1t5main_28_$u7b$$u7b$closure$u7d$$u7d$17h47b259b83c129dffE', 't::main_::{{closure}}'],
  [
    '_ZN97_$LT$core..ops..range..RangeFull$u20$as$u20$core..slice..index..SliceIndex$LT$$u5b$T$u5d$$GT$$GT$5index17hd38c568e6c4df5ceE',
    '<core::ops::range::RangeFull as core::slice::index::SliceIndex<[T]>>::index',
  ],
  ['_ZN1t2ab17h601669747e8c35a0E.llvm.42', 't::ab'],
];

describe('a Rust name', () => {
  it.each(V0)('%s of the v0 scheme is %s', (mangled, path) => {
    expect(demangle(mangled)).toBe(path);
  });

  it.each(LEGACY)('%s of the legacy scheme is %s', (mangled, path) => {
    expect(demangle(mangled)).toBe(path);
  });

  it.each([
    ['an empty name', ''],
    ['a plain name', 'memcpy'],
    ['a C++ name', '_ZN4llvm10DILocation19decodeDiscriminatorEjRjS1_S1_'],
    ['a legacy name with a short hash', '_ZN1t2ab16h601669747e8c35aE'],
    ['a legacy name that is cut off', '_ZN1t2ab17h601669747e8c35a0'],
    ['a v0 name that is cut off', '_RNvCsciGn5CcqV8B_1t2d'],
    ['a v0 name with a reference forward', '_RNvB9_1a'],
    ['a v0 name with a reference to itself', '_RB_'],
    ['a v0 name with more after it', '_RNvC1t1a0'],
  ])('is left alone if it is %s', (_what, name) => {
    expect(demangle(name)).toBe(name);
  });

  /** A name of nested tuples, each of which holds the one before it twice by reference. */
  function doubling(times: number): string {
    const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const base62 = (value: number): string =>
      value < 62 ? `${digits[value]}` : base62(Math.floor(value / 62)) + base62(value % 62);
    let body = 'INvC1t1fThhE';
    let previous = body.length - 4;
    for (let index = 0; index < times; index++) {
      const start = body.length;
      const reference = `B${base62(previous - 1)}_`;
      body += `T${reference}${reference}E`;
      previous = start;
    }
    return `_R${body}E`;
  }

  it('that doubles itself is read as long as it is short', () => {
    expect(demangle(doubling(1))).toBe('t::f::<(u8, u8), ((u8, u8), (u8, u8))>');
    const before = performance.now();
    expect(demangle(doubling(40))).toBe(doubling(40));
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it('that nests without end is left alone', () => {
    const name = `_RINvC1t1f${'S'.repeat(100_000)}hE`;
    expect(demangle(name)).toBe(name);
  });

  it('gives some text whatever it is', () => {
    const piece = fc.constantFrom(...'_RNvICMXYBTSAREKpFGDLs0129abchu.$'.split(''), '1t', 'Csx_1t', 'u9Gre_6ka8i');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(typeof demangle(`_R${pieces.join('')}`)).toBe('string');
        expect(typeof demangle(`_ZN${pieces.join('')}17h601669747e8c35a0E`)).toBe('string');
      }),
      { numRuns: 5000 },
    );
  });
});

function cppFilt(names: readonly string[]): string[] | null {
  try {
    const options = { encoding: 'utf8', input: names.join('\n'), stdio: 'pipe' } as const;
    return execFileSync('c++filt', ['-s', 'rust'], options).split('\n');
  } catch {
    return null;
  }
}

const filtered = cppFilt([...V0, ...LEGACY].map(([mangled]) => mangled));

it.skipIf(filtered === null)('every name of the tables is what binutils makes of it', () => {
  [...V0, ...LEGACY].forEach(([mangled, path], index) => {
    // binutils shows hashes and the types of constants, and prints characters and large constants its own way.
    const shown = (filtered?.[index] ?? '')
      .replace(/\[[0-9a-f]+\]/g, (match, at: number, text: string) => (/\w/.test(text[at - 1] ?? '') ? '' : match))
      .replace(/(\d|true|false|'): [a-z]\w+/g, '$1')
      .replace(/::h[0-9a-f]{16}/, '');
    if (/['$]/.test(shown) || shown === mangled || shown.includes('{') || shown.includes('0x')) return;
    expect(path).toBe(shown);
  });
});

describe('Punycode', () => {
  it.each([
    ['Gre_6ka8i', 'Größe'],
    ['ihqwcrb4cv8a8dqg056pqjye', '他们为什么不说中文'],
    ['_', ''],
    ['', ''],
  ])('%s decodes to %s', (ascii, name) => {
    expect(decodePunycode(ascii)).toBe(name);
  });

  it.each(['a_A', 'a_z', 'a_99999999', '99999999'])('%s decodes to nothing', (ascii) => {
    expect(decodePunycode(ascii)).toBeNull();
  });
});
