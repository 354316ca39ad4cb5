import type { PortIo } from '../host.ts';
import { CR4_DE } from '../state/control-registers.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { CODE_BASE, CR4, DR, MODE, RIP } from '../state/layout.ts';
import { MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';

/** What DR7 has a breakpoint wait for: the R/W field. */
const ON_EXECUTION = 0;
const ON_WRITE = 1;
const ON_PORT = 2;
const ON_ACCESS = 3;
type Kind = typeof ON_EXECUTION | typeof ON_WRITE | typeof ON_PORT | typeof ON_ACCESS;
/** Bytes by the LEN field of DR7. */
const LENGTHS: readonly number[] = [1, 2, 8, 4];
const DR7 = DR + 8 * 7;

interface Breakpoint {
  /** Bit of DR6. */
  readonly bit: number;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * The breakpoints of the debug registers. Pages with breakpoints on data have no entries in the TLB, so that accesses to
 * all others cost nothing; while one on execution is enabled, instructions run one by one.
 *
 * @source SDM Vol. 3B "Debug Registers", "Debug Exceptions"
 */
export class Breakpoints {
  readonly #state: CpuState;
  /** By what they wait for. */
  #on: readonly [Breakpoint[], Breakpoint[], Breakpoint[], Breakpoint[]] = [[], [], [], []];
  #pages: ReadonlySet<bigint> = new Set();
  #hits = 0;
  /** Called when data or a port was met. */
  onHit: () => void = () => {};

  constructor(state: CpuState) {
    this.#state = state;
    this.update();
  }

  /** The debug registers have changed. @returns whether there are or were breakpoints on data */
  update(): boolean {
    const before = this.#pages.size;
    const dr7 = this.#state.field(DR7);
    this.#on = [[], [], [], []];
    const pages = new Set<bigint>();
    for (let n = 0; n < 4; n++) {
      if (((dr7 >> (2 * n)) & 3) === 0) continue;
      const kind = ((dr7 >> (16 + 4 * n)) & 3) as Kind;
      const length = kind === ON_EXECUTION ? 1 : (LENGTHS[(dr7 >> (18 + 4 * n)) & 3] as number);
      const address = this.#state.wideField(DR + 8 * n);
      const first = address - (address % BigInt(length));
      this.#on[kind].push({ bit: 1 << n, first, last: first + BigInt(length - 1) });
      if (kind === ON_WRITE || kind === ON_ACCESS) pages.add(first >> 12n);
    }
    this.#pages = pages;
    return before > 0 || pages.size > 0;
  }

  get hasExecution(): boolean {
    return this.#on[ON_EXECUTION].length > 0;
  }
  /** Bits of DR6 for the instruction at RIP. */
  atRip(): number {
    const { u64, u32 } = this.#state;
    const linear = (u64[RIP >> 3] as bigint) + (u64[CODE_BASE >> 3] as bigint);
    const is64 = ((u32[MODE >> 2] as number) & MODE_CODE_MASK) === MODE_CODE_64;
    return this.#met(ON_EXECUTION, BigInt.asUintN(is64 ? 64 : 32, linear), 1);
  }

  /** Whether accesses to a page have to be told. */
  watches(low: number, high: number): boolean {
    return this.#pages.size > 0 && this.#pages.has(linearOf(low, high) >> 12n);
  }
  /** An access to memory that is about to happen. */
  noteAccess(low: number, high: number, sizeBytes: number, isWrite: boolean): void {
    if (this.#pages.size === 0) return;
    const linear = linearOf(low, high);
    this.#note(this.#met(ON_ACCESS, linear, sizeBytes) | (isWrite ? this.#met(ON_WRITE, linear, sizeBytes) : 0));
  }
  /** Ports whose accesses are told. */
  watchPorts(ports: PortIo): PortIo {
    return {
      readPort: (port, width) => {
        this.#notePort(port, width);
        return ports.readPort(port, width);
      },
      writePort: (port, width, value) => {
        this.#notePort(port, width);
        ports.writePort(port, width, value);
      },
    };
  }
  /** Without CR4.DE there are no breakpoints on ports. */
  #notePort(port: number, width: number): void {
    if (this.#on[ON_PORT].length === 0 || (this.#state.field(CR4) & CR4_DE) === 0) return;
    this.#note(this.#met(ON_PORT, BigInt(port), width / 8));
  }

  /** Bits of DR6 that were met since the last call. */
  takeHits(): number {
    const hits = this.#hits;
    this.#hits = 0;
    return hits;
  }

  #note(hits: number): void {
    if (hits === 0) return;
    this.#hits |= hits;
    this.onHit();
  }
  #met(kind: Kind, address: bigint, sizeBytes: number): number {
    const last = address + BigInt(sizeBytes - 1);
    let bits = 0;
    for (const breakpoint of this.#on[kind]) {
      if (address <= breakpoint.last && last >= breakpoint.first) bits |= breakpoint.bit;
    }
    return bits;
  }
}

const linearOf = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
