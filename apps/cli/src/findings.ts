/** What a guest does that nothing answers, or that works by luck: told at once with `--verbose`, counted with `--strict`. */
import { explainInterrupts, type Pc, type PcEvents } from '@longmode/pc';
import type { Teller } from './teller.ts';

/** Findings that are kept, and told, at most. */
const FINDINGS_MAX = 200;

/** Collects findings of a run. */
export class Findings {
  readonly #teller: Teller | null;
  readonly #found: string[] = [];

  /** @param teller tells each finding at once; null keeps them for the end */
  constructor(teller: Teller | null) {
    this.#teller = teller;
  }

  /** For the machine. */
  get events(): PcEvents {
    return {
      onUnclaimedPort: ({ port, value }) => this.#add(`no part answers at port ${hex(port)}${written(value)}`),
      onUnclaimedMemory: ({ address, value }) =>
        this.#add(`no part answers at address ${hex(address)}${written(value)}`),
      onFirmware: (event) => {
        if (event.kind === 'unsupported-function') {
          this.#add(`the firmware has no INT ${hex(event.vector)} with AX=${hex(event.ax)}`);
        } else if (event.kind === 'unexpected-interrupt') {
          this.#add(`nobody handles interrupt ${hex(event.vector)} at ${hex(event.cs)}:${hex(event.ip)}`);
        }
      },
    };
  }

  /** All findings of a run that the guest has ended: what was collected, and how it left the interrupt controllers. */
  atEnd(pc: Pc): readonly string[] {
    return [...this.#found, ...explainInterrupts(pc)];
  }

  #add(finding: string): void {
    if (this.#found.length >= FINDINGS_MAX) return;
    this.#found.push(finding);
    this.#teller?.note(finding);
    if (this.#found.length === FINDINGS_MAX) this.#teller?.note('and so on; nothing more of this kind is told');
  }
}

const hex = (value: number): string => `0x${value.toString(16)}`;
const written = (value: number | null): string => (value === null ? ', which was read' : `, ${hex(value)} was written`);
