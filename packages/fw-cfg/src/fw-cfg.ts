/**
 * The firmware configuration device of QEMU's machines, from which firmware such as SeaBIOS takes what it cannot find out:
 * items of bytes by number, and files by name.
 *
 * Offsets: 0 the selector (16-bit writes), 1 data (8-bit reads, the next byte of the item each time). Behind an item's end, and
 * for items that there are not, data reads 0.
 *
 * **Not emulated**: the DMA interface (the feature bit says so) and writing.
 *
 * @source QEMU documentation, "QEMU Firmware Configuration (fw_cfg) Device"
 */
import type { AccessWidth, Component, PortDevice } from '@longmode/device';

/** How many ports the device has. */
export const FW_CFG_PORT_COUNT = 2;
/** Numbers of items that every device has. */
export const FW_CFG_SIGNATURE = 0x0000;
export const FW_CFG_ID = 0x0001;
export const FW_CFG_CPU_COUNT = 0x0005;
export const FW_CFG_MAX_CPUS = 0x000f;
export const FW_CFG_FILE_DIRECTORY = 0x0019;

const FIRST_FILE = 0x0020;
const FEATURE_TRADITIONAL = 1;
const DIRECTORY_ENTRY_SIZE = 64;
const NAME_SIZE_MAX = 55;

/** A file for the firmware. */
export interface FwCfgFile {
  /** ASCII, at most 55 characters, such as `vgaroms/vgabios.bin`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Which byte comes next; plain data. The items themselves are configuration. */
export interface FwCfgState {
  readonly selector: number;
  readonly position: number;
}

/** What an {@link FwCfgError} is about. */
export type FwCfgErrorCode = 'bad-state' | 'bad-file';

/** The one error of this package. */
export class FwCfgError extends Error {
  readonly code: FwCfgErrorCode;
  constructor(code: FwCfgErrorCode, message: string) {
    super(message);
    this.name = 'FwCfgError';
    this.code = code;
  }
}

/** What a {@link FwCfg} has in it. */
export interface FwCfgContents {
  readonly files?: readonly FwCfgFile[];
  /** Further items by number. */
  readonly items?: Readonly<Record<number, Uint8Array>>;
  /** 1 when left out. */
  readonly cpuCount?: number;
  /** Unique in the machine; `fw-cfg` when left out. */
  readonly name?: string;
}

/** See the file header. */
export class FwCfg implements Component<FwCfgState>, PortDevice {
  readonly name: string;
  readonly #items = new Map<number, Uint8Array>();
  #selector = 0;
  #position = 0;

  /** @throws {FwCfgError} `bad-file` for a name that is too long, not ASCII, empty or there twice */
  constructor(contents: FwCfgContents = {}) {
    this.name = contents.name ?? 'fw-cfg';
    const cpuCount = Uint8Array.of(contents.cpuCount ?? 1, 0);
    this.#items.set(FW_CFG_SIGNATURE, Uint8Array.of(0x51, 0x45, 0x4d, 0x55)); // QEMU
    this.#items.set(FW_CFG_ID, Uint8Array.of(FEATURE_TRADITIONAL, 0, 0, 0));
    this.#items.set(FW_CFG_CPU_COUNT, cpuCount);
    this.#items.set(FW_CFG_MAX_CPUS, cpuCount);
    for (const [number, bytes] of Object.entries(contents.items ?? {})) this.#items.set(Number(number), bytes);
    this.#addFiles(contents.files ?? []);
  }

  reset(): void {
    this.#selector = 0;
    this.#position = 0;
  }
  snapshot(): FwCfgState {
    return { selector: this.#selector, position: this.#position };
  }
  /** @throws {FwCfgError} `bad-state`; nothing is taken then */
  restore(state: FwCfgState): void {
    const { selector, position } = (state ?? {}) as Partial<FwCfgState>;
    if (!isCount(selector, 0xffff) || !isCount(position, Number.MAX_SAFE_INTEGER - 1)) {
      throw new FwCfgError('bad-state', `${this.name}: expected a selector and a position`);
    }
    this.#selector = selector;
    this.#position = position;
  }

  readPort(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let at = 0; at < width / 8; at++) {
      const byte = offset + at === 1 ? this.#next() : offset + at === 0 ? 0 : 0xff;
      value += byte * 2 ** (8 * at);
    }
    return value;
  }

  writePort(offset: number, width: AccessWidth, value: number): void {
    if (offset !== 0 || width !== 16) return;
    this.#selector = value & 0xffff;
    this.#position = 0;
  }

  #next(): number {
    const byte = this.#items.get(this.#selector)?.[this.#position] ?? 0;
    this.#position++;
    return byte;
  }

  /** Files are items from 20h on, sorted by name, and listed in the directory, whose numbers are big-endian. */
  #addFiles(files: readonly FwCfgFile[]): void {
    const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
    const directory = new Uint8Array(4 + DIRECTORY_ENTRY_SIZE * sorted.length);
    const view = new DataView(directory.buffer);
    view.setUint32(0, sorted.length);
    sorted.forEach(({ name, bytes }, index) => {
      if (!/^[\x20-\x7e]+$/.test(name) || name.length > NAME_SIZE_MAX || name === sorted[index - 1]?.name) {
        throw new FwCfgError('bad-file', `'${name}': give different names of 1 to ${NAME_SIZE_MAX} ASCII characters`);
      }
      const at = 4 + DIRECTORY_ENTRY_SIZE * index;
      view.setUint32(at, bytes.length);
      view.setUint16(at + 4, FIRST_FILE + index);
      for (let letter = 0; letter < name.length; letter++) directory[at + 8 + letter] = name.charCodeAt(letter);
      this.#items.set(FIRST_FILE + index, bytes);
    });
    this.#items.set(FW_CFG_FILE_DIRECTORY, directory);
  }
}

function isCount(value: unknown, limit: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= limit;
}
