// @ts-check
// The arrows of ARCHITECTURE.md, as rules. tools/boundaries.test.ts shows each of them firing.

/**
 * What a package may import besides itself. One that is not listed is a part, and gets PART: the contract alone.
 * A new arrow needs a record in docs/adr/.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const ARROWS = {
  device: [],
  machine: ['device'],
  'device-testing': ['device', 'machine'],
  'wasm-encoder': [],
  elf: [],
  'firmware-tables': [],
  mmu: [],
  'x86-vectors': [],
  'cpu-x86': ['mmu', 'wasm-encoder'],
  bootloader: ['elf'],
  // The bill of materials: anything but what tests parts and what makes the processor.
  pc: ['(?!device-testing|wasm-encoder)[^/]+'],
};

/** A part sees the contract, never another part: vga, bios, pic-8259a, ... */
export const PART = ['device'];

/** What an app may import: the system, and the packages that only read or describe data. */
export const APP = ['pc', 'bootloader', 'elf', 'vga'];

/**
 * The stages of cpu-x86, in the order of its pipeline: each imports only what stands before it. `state` comes after
 * `decode` because both name registers and segments by number, and the decoder, which knows no CPU, owns those names.
 */
export const CPU_STAGES = [
  'host.ts',
  'opcodes',
  'decode',
  'float',
  'state',
  'semantics',
  'engine',
  'cpu.ts',
  'index.ts',
];

/** Tests, and what only they load. */
const TEST = ['[.]test[.]', '/test/', '/vitest[.]config[.]ts$'];

/**
 * What is outside the workspace: installed, or not found at all.
 *
 * @type {import('dependency-cruiser').DependencyType[]}
 */
const OUTSIDE = ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown', 'unknown'];

/**
 * @param {readonly string[]} names
 * @returns {string} a pattern of the folders of these packages, for lookahead
 */
const anyOf = (names) => `(?:${names.join('|')})/`;

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const arrows = Object.entries(ARROWS).map(([name, allowed]) => ({
  name: `arrow-${name}`,
  comment: `${name} may import ${allowed.length === 0 ? 'no other package' : `only ${allowed.join(', ')}`}`,
  severity: 'error',
  from: { path: `^packages/${name}/src/`, pathNot: TEST },
  to: { path: `^packages/(?!${anyOf([name, ...allowed])})` },
}));

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const stages = CPU_STAGES.map((stage, index) => {
  const allowed = CPU_STAGES.slice(0, index + 1).map((name) => name.replace('.', '[.]'));
  return {
    name: `cpu-x86-stage-${stage.replace('.ts', '')}`,
    comment: `${stage} of cpu-x86 may import only ${CPU_STAGES.slice(0, index + 1).join(', ')}`,
    severity: 'error',
    from: { path: `^packages/cpu-x86/src/${stage.replace('.', '[.]')}(/|$)`, pathNot: TEST },
    to: { path: `^packages/cpu-x86/src/(?!(?:${allowed.join('|')})(?:/|$))` },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'modules that load each other; types may refer to each other',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...arrows,
    {
      name: 'no-part-imports-a-part',
      comment: 'a part sees the device contract only; wiring is the business of pc',
      severity: 'error',
      from: { path: `^packages/(?!${anyOf(Object.keys(ARROWS))})([^/]+)/src/`, pathNot: TEST },
      to: { path: '^packages/', pathNot: `^packages/(?:$1|${PART.join('|')})/` },
    },
    {
      name: 'arrow-apps',
      comment: `an app may import only ${APP.join(', ')}`,
      severity: 'error',
      from: { path: '^apps/[^/]+/src/', pathNot: TEST },
      to: { path: `^packages/(?!${anyOf(APP)})` },
    },
    {
      name: 'no-app-from-elsewhere',
      comment: 'no package imports an app, no app another app',
      severity: 'error',
      from: { path: '^(packages/|apps/([^/]+)/)' },
      to: { path: '^apps/', pathNot: '^apps/$2/' },
    },
    {
      name: 'no-path-into-a-package',
      comment: 'packages are imported by name, through their exports',
      severity: 'error',
      from: { path: '^((?:packages|apps)/[^/]+)/' },
      to: { path: '^(packages|apps)/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    ...stages,
    {
      name: 'no-processor-in-decoder',
      comment: 'opcodes and decode know neither a CPU nor WebAssembly',
      severity: 'error',
      from: { path: '^packages/cpu-x86/src/(opcodes|decode)/', pathNot: TEST },
      to: { pathNot: '^packages/cpu-x86/src/(opcodes|decode)/' },
    },
    {
      name: 'no-host-module',
      comment: 'nothing under packages/ touches the host',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-outside-dependency',
      comment: 'packages have no run-time dependency outside the workspace',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: TEST },
      to: { dependencyTypes: OUTSIDE },
    },
    {
      name: 'no-test-in-product',
      comment: 'what is published does not load tests',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: TEST },
      to: { path: TEST },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@longmode/source', 'import', 'default', 'types'],
    },
  },
};
