import { decode, MAX_INSTRUCTION_LENGTH } from '../decode/decode.ts';
import type { CodeSize, Instruction } from '../decode/instruction.ts';
import type { SemanticsKey } from '../opcodes/semantics-key.ts';
import { VECTOR_GP, VECTOR_UD } from '../state/exceptions.ts';
import { MODE_CODE_MASK } from '../state/mode.ts';
import type { GuestMemory } from './guest-memory.ts';
import { FETCH_FAULT, type InstructionFetch } from './instruction-fetch.ts';

/** Where decoding begins. */
export interface Place {
  /** Page of RAM or ROM, or -1 for device memory. */
  readonly page: number;
  /** Linear address. */
  readonly low: number;
  readonly high: number;
  /** Offset in the page. */
  readonly offset: number;
  /** Decode key. */
  readonly mode: number;
  /** Bits 31..0 of RIP, and the highest that the code segment allows. */
  readonly rip: number;
  readonly limit: number;
}

/** What decoding found. */
export interface Decoded {
  readonly instructions: readonly Instruction[];
  /** Vector of the exception that the bytes at the place raise, or 0; there are no instructions then. */
  readonly bad: 0 | typeof VECTOR_UD | typeof VECTOR_GP;
  /** Page that the only instruction reaches into, or -1. */
  readonly secondPage: number;
}

/** After these nothing is worth decoding: execution goes elsewhere. */
// biome-ignore format: a list
const BLOCK_ENDS: ReadonlySet<string> = new Set<SemanticsKey>([
  'JMP', 'CALL', 'RET', 'JMP_FAR', 'CALL_FAR', 'RET_FAR', 'IRET', 'INT', 'INT3', 'INT1', 'SYSCALL', 'SYSRET', 'SYSENTER',
  'SYSEXIT', 'HLT', 'UD0', 'UD1', 'UD2',
]);
/** With a repeat prefix they may use up any budget, so that nothing may follow them in a block. */
const REPEATED: ReadonlySet<string> = new Set<SemanticsKey>(['MOVS', 'CMPS', 'STOS', 'LODS', 'SCAS']);
const CODE_SIZES: readonly CodeSize[] = [16, 32, 64];

/** Decodes blocks: runs of instructions up to a branch that is always taken, the page's end, or a number of instructions. */
export class BlockDecoder {
  readonly #memory: GuestMemory;
  readonly #fetch: InstructionFetch;
  readonly #window = new Uint8Array(MAX_INSTRUCTION_LENGTH + 1);

  constructor(parts: { memory: GuestMemory; fetch: InstructionFetch }) {
    this.#memory = parts.memory;
    this.#fetch = parts.fetch;
  }

  /** @returns `'fault'` when the second page of the first instruction faults, with #PF recorded */
  decode(place: Place, limit: number): Decoded | 'fault' {
    const { page, offset, mode } = place;
    const codeSize = CODE_SIZES[mode & MODE_CODE_MASK] as CodeSize;
    if (page < 0) return this.#decodeAcross(place, codeSize);
    const { bytes } = this.#memory;
    const host = this.#memory.hostOfPage(page);
    const instructions: Instruction[] = [];
    for (let at = offset; instructions.length < limit && at < 0x1000; ) {
      const result = decode(bytes, host + at, host + 0x1000, codeSize);
      const isFirst = instructions.length === 0;
      if (result.kind === 'need-more-bytes') {
        if (isFirst) return this.#decodeAcross(place, codeSize);
        break;
      }
      if (result.kind === 'invalid-opcode') {
        if (isFirst) return undecodable(result.reason, -1);
        break;
      }
      at += result.length;
      if (exceedsLimit(place, at)) {
        if (isFirst) return undecodable('#GP', -1);
        break;
      }
      instructions.push(result);
      const key = result.encoding.semantics;
      if (BLOCK_ENDS.has(key) || (result.repeat !== 0 && REPEATED.has(key))) break;
    }
    return { instructions, bad: 0, secondPage: -1 };
  }

  /** Decodes one instruction that lies in device memory or reaches into the next page. */
  #decodeAcross(place: Place, codeSize: CodeSize): Decoded | 'fault' {
    const { low, high, offset } = place;
    const window = this.#window;
    const inFirst = Math.min(0x1000 - offset, window.length);
    for (let i = 0; i < inFirst; i++) window[i] = this.#fetch.byteAt(low, high, i);
    let secondPage = -1;
    let result = decode(window, 0, inFirst, codeSize);
    if (result.kind === 'need-more-bytes' && inFirst < window.length) {
      // The limit is tested before the page behind it is looked at.
      if (exceedsLimit(place, offset + inFirst + 1)) return undecodable('#GP', -1);
      secondPage = this.#fetch.nextPageAt(low, high);
      if (secondPage === FETCH_FAULT) return 'fault';
      for (let i = inFirst; i < window.length; i++) window[i] = this.#fetch.byteAt(low, high, i);
      result = decode(window, 0, window.length, codeSize);
    }
    if (result.kind === 'need-more-bytes') return undecodable('#GP', secondPage);
    if (result.kind === 'invalid-opcode') return undecodable(result.reason, secondPage);
    if (exceedsLimit(place, offset + result.length)) return undecodable('#GP', secondPage);
    return { instructions: [result], bad: 0, secondPage };
  }
}

const undecodable = (reason: '#UD' | '#GP', secondPage: number): Decoded => ({
  instructions: [],
  bad: reason === '#UD' ? VECTOR_UD : VECTOR_GP,
  secondPage,
});

/** Whether an instruction that ends before the offset `end` reaches beyond the code segment. */
function exceedsLimit(place: Place, end: number): boolean {
  return place.rip - place.offset + end - 1 > place.limit;
}
