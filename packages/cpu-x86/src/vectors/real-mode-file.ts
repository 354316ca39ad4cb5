import type { RealModeCase, RealModeRegister } from './real-mode-case.ts';

/** The cases of one instruction form. */
export interface RealModeForm {
  /** The opcode in hexadecimal, with ModR/M.reg behind a point where that selects the instruction. */
  readonly form: string;
  /** The flags that the form defines. */
  readonly flagsMask: number;
  readonly cases: readonly RealModeCase[];
}

/** A column of the file: numbers of 1 to 4 bytes, their lowest bytes first, then their next ones, which compresses well. */
interface Column {
  readonly name: string;
  readonly width: number;
  readonly count: number;
}
interface Header {
  readonly forms: readonly { readonly form: string; readonly flagsMask: number; readonly count: number }[];
  readonly columns: readonly Column[];
}

const REGISTERS: readonly RealModeRegister[] = [
  ...(['ax', 'bx', 'cx', 'dx', 'cs', 'ss', 'ds', 'es', 'sp', 'bp', 'si', 'di', 'ip', 'flags'] as const),
];

/**
 * Reads a file of recorded cases, as `tools/hardware-vectors/pack-80286.mjs` writes it: a line of JSON, then the columns one
 * after the other. Addresses are distances from the address before, registers after the instruction from those before.
 *
 * @param bytes the unpacked file
 */
export function readRealModeFile(bytes: Uint8Array): RealModeForm[] {
  const end = bytes.indexOf(0x0a);
  const { forms, columns } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Header;
  const readers = new Map<string, () => number>();
  let at = end + 1;
  for (const { name, width, count } of columns) {
    let next = at;
    at += width * count;
    readers.set(name, () => {
      let value = 0;
      for (let plane = width - 1; plane >= 0; plane--) value = value * 256 + (bytes[next + plane * count] as number);
      next++;
      return value;
    });
  }
  if (at !== bytes.length) throw new Error(`expected ${at} bytes, found ${bytes.length}`);
  const take = (name: string): number => readers.get(name)?.() ?? 0;
  const memory = (prefix: string, start: number): [number, number][] => {
    let address = start;
    return Array.from({ length: take(`${prefix}.count`) }, () => {
      address += take(`${prefix}.isFar`) === 0 ? 1 : take(`${prefix}.distance`) - FAR;
      return [address, take(`${prefix}.value`)];
    });
  };
  const oneCase = (): RealModeCase => {
    const idx = take('idx');
    const initial = Object.fromEntries(REGISTERS.map((name) => [name, take(`initial.${name}`)]));
    const ram = memory('initial.ram', 0);
    const changed = take('changed');
    const final = Object.fromEntries(
      REGISTERS.filter((_, i) => (changed >> i) & 1).map((name) => [
        name,
        ((initial[name] as number) + take(`final.${name}`)) & 0xffff,
      ]),
    );
    const after = memory('final.ram', 0);
    const exception = take('exception');
    const bytes = Array.from({ length: take('length') }, () => take('byte').toString(16).padStart(2, '0')).join('');
    const test = { idx, bytes, initial: { regs: initial, ram }, final: { regs: final, ram: after } };
    return exception === 0 ? test : { ...test, exception: { number: exception - 1 } };
  };
  return forms.map(({ form, flagsMask, count }) => ({
    form,
    flagsMask,
    cases: Array.from({ length: count }, oneCase),
  }));
}

/** Distances are stored with this added. */
const FAR = 1 << 24;
