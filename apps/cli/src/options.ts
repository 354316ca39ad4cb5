/** The values of longmode's options: text from the command line to what a run needs. */
import { parseKeys, TypingError, type TypingStep, unescapeText } from '@longmode/pc';
import { usageError } from './exit-code.ts';

/** Where COM1 goes. `auto`: a pane below the screen while that is shown, else standard output. */
export type SerialTarget =
  | { readonly kind: 'auto' | 'stdio' | 'none' }
  | { readonly kind: 'file'; readonly path: string };

/** A picture of the screen. */
export interface Screenshot {
  readonly path: string;
  /** When to take it, in retired instructions; at the end of the run without. */
  readonly instructions?: number;
}

/** A file to hand over, and the text that goes with it. */
export interface InitrdFile {
  readonly path: string;
  readonly text: string;
}

const UNITS: Readonly<Record<string, number>> = { '': 2 ** 20, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** A size of memory such as `128M`, `1G`, `65536K`, or a number of MiB. @returns bytes */
export function parseMemorySize(text: string): number {
  const match = /^(\d{1,12})([KMGT]?)(?:i?B)?$/i.exec(text);
  if (match === null) throw usageError('expected a size such as 128M or 1G');
  return Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] ?? 1);
}

/** A count such as `1000000`, `1_000_000`, `5k`, `10M`, `2G` (powers of 1000). */
export function parseCount(text: string): number {
  const match = /^(\d[\d_]{0,18})([kMG]?)$/i.exec(text);
  const factor = { '': 1, k: 1e3, m: 1e6, g: 1e9 }[match?.[2]?.toLowerCase() ?? ''] ?? 1;
  const count = match === null ? Number.NaN : Number((match[1] as string).replaceAll('_', '')) * factor;
  if (!Number.isSafeInteger(count) || count < 1) throw usageError('expected a count such as 1000000 or 10M');
  return count;
}

/** `FILE`, or `FILE@COUNT`; a name that ends like a count is written with an empty one, `odd@1@`. */
export function parseScreenshot(text: string): Screenshot {
  const [, path, count] = /^(.*)@([^@/]*)$/s.exec(text) ?? [];
  const isCount = count !== undefined && /^(\d[\d_]*[kMG]?)?$/i.test(count);
  const shot = !isCount
    ? { path: text }
    : { path: path ?? '', ...(count === '' ? {} : { instructions: parseCount(count) }) };
  if (shot.path === '') throw usageError('expected FILE or FILE@COUNT, such as screen.png@10M');
  return shot;
}

/** Seconds, with a fraction if wanted. */
export function parseSeconds(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})s?$/.exec(text);
  const seconds = match === null ? Number.NaN : Number(match[1]);
  if (!(seconds > 0)) throw usageError('expected seconds such as 10 or 0.5');
  return seconds;
}

/** An exit code, 0 to 255. */
export function parseExitCode(text: string): number {
  const code = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(code <= 255)) throw usageError('expected an exit code from 0 to 255');
  return code;
}

/** The debug-exit device's first port, null for no such device. */
export interface DebugExitPort {
  readonly port: number | null;
}

/** A port number, decimal or hexadecimal, or `none`. */
export function parseDebugExit(text: string): DebugExitPort {
  if (text === 'none') return { port: null };
  const port = /^(0x[0-9a-f]{1,4}|\d{1,5})$/i.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 0xfffc)) throw usageError('expected a port such as 0xf4, or none');
  return { port };
}

export function parseSerial(text: string): SerialTarget {
  if (text === 'auto' || text === 'stdio' || text === 'none') return { kind: text };
  const path = /^file:(.+)$/s.exec(text)?.[1];
  if (path === undefined) throw usageError('expected stdio, none, or file:PATH');
  return { kind: 'file', path };
}

/** `FILE[ ARGUMENTS][,FILE…]`, a comma in a name doubled. */
export function parseInitrd(text: string): InitrdFile[] {
  return text
    .replaceAll(',,', '\0')
    .split(',')
    .map((item) => item.replaceAll('\0', ','))
    .map((item) => {
      const path = item.trimStart().split(' ')[0] as string;
      if (path === '') throw usageError('expected FILE[ ARGUMENTS][,FILE…]');
      return { path, text: item.trimStart() };
    });
}

/** The drives that {@link parseDrives} knows, by the options that attach them; `image` is the image itself. */
const DRIVE_NAMES = ['image', 'hda', 'hdb', 'hdc', 'hdd', 'fda', 'fdb'] as const;
export type DriveName = (typeof DRIVE_NAMES)[number];
export type DriveNames = 'all' | readonly DriveName[];

/** Names of drives, separated by commas, or `all`. */
export function parseDrives(text: string): DriveNames {
  if (text.split(',').includes('all')) return 'all';
  return text.split(',').map((word) => {
    const name = DRIVE_NAMES.find((known) => known === word);
    if (name === undefined) throw usageError(`expected some of ${DRIVE_NAMES.join(', ')}, or all`);
    return name;
  });
}

/** The options of the loaders by the names of the bootloader crate's features. */
export const BOOT_FEATURES = {
  map_physical_memory: 'mapPhysicalMemory',
  recursive_page_table: 'recursivePageTable',
  sse: 'sse',
  vga_320x200: 'vga320x200',
} as const;

/** Features of the bootloader crate 0.9, separated by commas; those not named are off. */
export function parseBootFeatures(text: string): Record<(typeof BOOT_FEATURES)[keyof typeof BOOT_FEATURES], boolean> {
  const features = { mapPhysicalMemory: false, recursivePageTable: false, sse: false, vga320x200: false };
  for (const name of text.split(',').filter((item) => item !== '' && item !== 'none')) {
    if (!Object.hasOwn(BOOT_FEATURES, name)) {
      throw usageError(`expected some of ${Object.keys(BOOT_FEATURES).join(', ')}, or none`);
    }
    features[BOOT_FEATURES[name as keyof typeof BOOT_FEATURES]] = true;
  }
  return features;
}

/** A script of keys, as `parseKeys` understands it. */
export function parseKeyScript(text: string): TypingStep[] {
  return asUsage(() => parseKeys(text));
}

/** A text to type, with `\\n` for Enter. @returns it as a script of keys */
export function typedTextAsKeys(text: string): string {
  return `type:${JSON.stringify(asUsage(() => unescapeText(text)))}`;
}

function asUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof TypingError) throw usageError(error.message);
    throw error;
  }
}
