// Test programs of others, as Debian packages their sources: where they are, how they are built, and which are left out.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CACHE, packageSource, tool } from './debian.mjs';

const NO_FEATURE = 'for an instruction set that the default processor does not offer';
const NEEDS_SYSTEM = 'for threads, files or timers of the operating system';
const LONG = 'runs for minutes';
const HOST = 'about what the operating system maps';

/** Programs that are left out, by name. */
const LEFT_OUT = {
  ...Object.fromEntries(
    [
      'avx-1',
      'avx2-1',
      'avx_estimate_insn',
      'bmi',
      'f16c',
      'fma',
      'fma4',
      'lzcnt32',
      'lzcnt64',
      'tm1',
      'test-i386-bmi2',
      'test-avx',
      'test-3dnow',
      'xsave-avx',
      'sh-mem-vec256',
      'sh-mem-vec256-plo-no',
      'sh-mem-vec256-plo-yes',
    ].map((name) => [name, NO_FEATURE]),
  ),
  ...Object.fromEntries(
    [
      'faultstatus',
      'yield',
      'munmap-pthread',
      'signals',
      'test-mmap',
      'testthread',
      'threadcount',

      'more_x86_fp',
    ].map((name) => [name, NEEDS_SYSTEM]),
  ),
  ...Object.fromEntries(['amd64locked', 'x86locked', 'fb_test_amd64', 'test-i386-fprem'].map((name) => [name, LONG])),
  vsyscall: HOST,
  'sh-mem-vec128': 'shows memory that was never written',
};

const COMMON = ['-static', '-w', '-no-pie', '-fno-pie'];

/** A folder of programs of one file each: C, assembly, or tables that a script of the suite makes C of. */
function folderOf(suite, source, folder, flags, include) {
  const made = join(CACHE, 'programs', suite);
  mkdirSync(made, { recursive: true });
  const from = join(source, folder);
  const tables = readdirSync(from).filter((file) => file.endsWith('.def'));
  for (const table of tables) {
    const program = tool('perl', [join(from, 'gen_insn_test.pl'), join(from, table)]);
    writeFileSync(join(made, table.replace(/\.def$/, '.c')), program);
  }
  const files = [
    ...readdirSync(from)
      .filter((file) => file.endsWith('.c'))
      .map((file) => join(from, file)),
    ...tables.map((table) => join(made, table.replace(/\.def$/, '.c'))),
  ];
  return files.map((file) => ({
    suite,
    name: basename(file, '.c'),
    build: [...COMMON, ...flags, ...include.map((path) => `-I${join(source, path)}`), `-I${from}`, file],
    libraries: ['-lm'],
  }));
}

const SIMD = ['-msse4.2', '-mpclmul', '-maes'];

function valgrind() {
  const source = packageSource('valgrind', [
    '*/none/tests/*',
    '*/memcheck/*',
    '*/include/*',
    '*/tests/*.h',
    '*/config.h',
  ]);
  const include = ['.', 'include', 'memcheck'];
  const flags = ['-O', '-fno-strict-aliasing', ...SIMD];
  return ['none', 'memcheck'].flatMap((tool) => [
    ...folderOf(`Valgrind ${tool}/tests/amd64`, source, `${tool}/tests/amd64`, ['-m64', ...flags], include),
    ...folderOf(`Valgrind ${tool}/tests/x86`, source, `${tool}/tests/x86`, ['-m32', ...flags], include),
  ]);
}

function qemu() {
  const source = packageSource('qemu', ['*/tests/tcg/*']);
  const at = 'tests/tcg/i386';
  const i386 = join(source, at);
  const header = join(i386, 'test-mmx.h');
  if (!existsSync(header)) {
    tool('python3', [join(i386, 'test-mmx.py'), join(i386, 'x86.csv'), header, 'MMX', 'SSE', 'SSE2', 'SSE3', 'SSSE3']);
  }
  const withDialect = (programs) =>
    programs.map((program) =>
      program.name === 'test-mmx' ? { ...program, build: [...program.build, '-masm=intel'] } : program,
    );
  const big = (suite, width, files) => ({
    suite,
    name: `test-i386 in ${width}-bit code`,
    build: [...COMMON, `-m${width}`, '-O2', `-I${i386}`, ...files.map((file) => join(i386, file))],
    libraries: ['-lm'],
  });
  const names = (width) => `QEMU tests/tcg, ${width}-bit`;
  return [32, 64].flatMap((width) => [
    ...withDialect(
      ['i386', 'multiarch', 'x86_64']
        .flatMap((folder) =>
          folderOf(names(width), source, `tests/tcg/${folder}`, [`-m${width}`, '-O2', '-msse4.2', `-I${i386}`], []),
        )
        .filter(({ name }) => name !== 'test-i386' && name !== 'hello-i386'),
    ),
    big(
      names(width),
      width,
      width === 32 ? ['test-i386.c', 'test-i386-code16.S', 'test-i386-vm86.S'] : ['test-i386.c'],
    ),
  ]);
}

export const SUITES = { valgrind, qemu };

/**
 * Builds a program.
 *
 * @returns {string | undefined} where it is; undefined where this computer's compiler does not take it
 */
export function build({ suite, name, build: args, libraries }) {
  const folder = join(CACHE, 'programs', suite);
  const file = join(folder, `${name.replaceAll(' ', '-')}.elf`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  try {
    tool('gcc', [...args, '-o', file, ...libraries]);
    return file;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('gcc ')) return undefined;
    throw error;
  }
}

/** Why a program is not run, if it is not. */
export const reasonToLeaveOut = (name) => LEFT_OUT[name];
