/** An instruction that the interpreter executed. */
export interface ExecutedInstruction {
  /** RIP and linear address. */
  readonly rip: bigint;
  readonly linear: bigint;
  readonly bytes: Uint8Array;
  /** In Intel syntax. */
  readonly text: string;
}

/** A register, a flag or another number that is not the same: `rax`, `CF`, `rip`, `instructions`, `vector`. */
export interface FieldDifference {
  readonly name: string;
  readonly compiled: bigint;
  readonly interpreted: bigint;
}

/** A byte of memory that is not the same. */
export interface ByteDifference {
  readonly linear: bigint;
  readonly physical: number;
  readonly compiled: number;
  readonly interpreted: number;
}

/** Compiled code and the interpreter, from the same state on, did not come to the same. */
export interface CpuDivergence {
  /** Instructions that had retired where the compiled code was entered, and how many it then ran by its own account. */
  readonly instructionCount: number;
  readonly retired: number;
  /** RIP and physical address where it was entered. */
  readonly rip: bigint;
  readonly physical: number;
  /** Registers and flags after the shortest run that differs. */
  readonly fields: readonly FieldDifference[];
  /** The first bytes of memory that differ then. */
  readonly memory: readonly ByteDifference[];
  /** What the interpreter did that compiled code never does, where it did such a thing. */
  readonly strayed: string | undefined;
  /** Instructions from the entry to the beginning of `path`, about which both agree. */
  readonly agreed: number;
  /** What the interpreter then executed, up to where they differ. */
  readonly path: readonly ExecutedInstruction[];
  /** Position in `path` of the first instruction whose effects differ, where that could be found out. */
  readonly culprit: number | undefined;
}

/**
 * Thrown by `Cpu.run` with the engine `check`: a mistake of this package, whatever the guest does. The processor is as it was
 * before the first instruction of `divergence.path`.
 */
export class EngineDivergenceError extends Error {
  override readonly name: string = 'EngineDivergenceError';
  readonly code = 'engine-divergence';
  readonly divergence: CpuDivergence;

  constructor(divergence: CpuDivergence) {
    super(describeDivergence(divergence));
    this.divergence = divergence;
  }
}

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
const hexBytes = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
/** Lines of `path` that a message shows. */
const SHOWN_MAX = 40;

/** A divergence in words, on several lines. */
function describeDivergence(divergence: CpuDivergence): string {
  const { fields, memory, path, culprit, strayed } = divergence;
  const lines = [
    'compiled code and the interpreter differ',
    `  entered at ${hex(divergence.rip)} (physical ${hex(divergence.physical)}), ` +
      `${divergence.instructionCount} instructions after reset; it ran ${divergence.retired}`,
  ];
  if (divergence.agreed > 0) lines.push(`  the first ${divergence.agreed} of them give the same`);
  for (const { name, compiled, interpreted } of fields) {
    lines.push(`  ${name}: compiled ${hex(compiled)}, interpreted ${hex(interpreted)}`);
  }
  for (const { linear, physical, compiled, interpreted } of memory) {
    const place = `byte at ${hex(linear)} (physical ${hex(physical)})`;
    lines.push(`  ${place}: compiled ${hex(compiled)}, interpreted ${hex(interpreted)}`);
  }
  if (strayed !== undefined) lines.push(`  the interpreter came to ${strayed}`);
  if (path.length > 0) lines.push('  executed from there on:');
  const first = Math.max(0, Math.min(culprit ?? path.length, path.length) - SHOWN_MAX);
  if (first > 0) lines.push(`    (${first} more)`);
  path.slice(first, first + SHOWN_MAX + 8).forEach(({ linear, bytes, text }, index) => {
    const mark = first + index === culprit ? '=>' : '  ';
    lines.push(`  ${mark} ${hex(linear)}  ${hexBytes(bytes).padEnd(24)} ${text}`);
  });
  return lines.join('\n');
}
