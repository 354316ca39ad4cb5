import { decode } from './decode.ts';
import { type FormatOptions, formatInstruction } from './format.ts';
import type { CodeSize, Instruction } from './instruction.ts';

/** What to disassemble, and how to print it. */
export interface DisassembleOptions {
  /** Default: 64. */
  readonly codeSize?: CodeSize;
  /** Address of the first byte. Default: 0. */
  readonly ip?: bigint;
  /** Names addresses; see `FormatOptions`. */
  readonly symbol?: FormatOptions['symbol'];
}

/** One line of a disassembly. */
export interface DisassembledLine {
  /** Address of the first byte, truncated to the code size. */
  readonly address: bigint;
  /** Index of the first byte in the input. */
  readonly offset: number;
  /** The bytes of this line; a view of the input. */
  readonly bytes: Uint8Array;
  /** Intel syntax, or `db 0x..` for a byte that begins no complete instruction. */
  readonly text: string;
  /** Absent for `db` lines. */
  readonly instruction?: Instruction;
}

/**
 * Disassembles all bytes, one line at a time. After a byte that begins no instruction it goes on at the next one.
 * Never throws.
 */
export function* disassemble(bytes: Uint8Array, options: DisassembleOptions = {}): Generator<DisassembledLine, void> {
  const { codeSize = 64, ip = 0n, symbol } = options;
  let offset = 0;
  while (offset < bytes.length) {
    const address = BigInt.asUintN(codeSize, ip + BigInt(offset));
    const result = decode(bytes, offset, bytes.length, codeSize);
    if (result.kind === 'instruction') {
      const text = formatInstruction(result, { ip: address, ...(symbol && { symbol }) });
      yield { address, offset, bytes: bytes.subarray(offset, offset + result.length), text, instruction: result };
      offset += result.length;
    } else {
      const byte = bytes.subarray(offset, offset + 1);
      yield { address, offset, bytes: byte, text: `db 0x${byte[0]?.toString(16).padStart(2, '0')}` };
      offset += 1;
    }
  }
}
