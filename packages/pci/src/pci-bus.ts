/**
 * The part: bus 0 of a PCI host bridge, with the functions on it, behind configuration mechanism #1.
 *
 * Ports: offsets 0 to 3 CONFIG_ADDRESS (CF8h), which takes 32-bit accesses only; 4 to 7 CONFIG_DATA (CFCh), of any width.
 *
 * **Not emulated**: other buses, special cycles, configuration mechanism #2, parity and system errors.
 *
 * @source PCI Local Bus Specification 2.1, "Configuration Mechanism #1"
 */
import type { AccessWidth, Component, PortDevice } from '@longmode/device';
import { type ConfigLayout, ConfigSpace } from './config-space.ts';
import { PciError } from './pci-error.ts';

/** Offsets of the two registers. */
export const PCI_CONFIG_ADDRESS = 0;
export const PCI_CONFIG_DATA = 4;

const ADDRESS_ENABLE = 0x8000_0000;
/** Enable bit, bus, device, function and register; the rest reads as zero. */
const ADDRESS_BITS = 0x80ff_fffc;
const PORT_COUNT = 8;
const DEVICE_COUNT = 32;
const FUNCTION_COUNT = 8;

/** What the bus and its functions remember. */
export interface PciBusState {
  /** CONFIG_ADDRESS. */
  readonly address: number;
  /** The 256 bytes of every function, by its place: `01.1` is function 1 of device 1. */
  readonly functions: Readonly<Record<string, Uint8Array>>;
}

/** See the file header. */
export class PciBus implements Component<PciBusState>, PortDevice {
  readonly name: string;
  readonly #functions = new Map<number, ConfigSpace>();
  readonly #listeners = new Map<ConfigSpace, () => void>();
  #address = 0;

  constructor(dependencies: { name?: string } = {}) {
    this.name = dependencies.name ?? 'pci';
  }

  /**
   * Puts a function on the bus.
   *
   * @param device 0 to 31
   * @param number the function's number in its device, 0 to 7
   * @param onChange told after the guest wrote to the configuration space, and after a reset or a restore
   * @returns its configuration space, for whoever decodes its base addresses
   * @throws {PciError} `bad-function` when the place is taken or does not exist, or the layout is wrong
   */
  add(device: number, number: number, layout: ConfigLayout, onChange?: () => void): ConfigSpace {
    const isPlace = Number.isInteger(device) && device >= 0 && device < DEVICE_COUNT;
    if (!isPlace || !Number.isInteger(number) || number < 0 || number >= FUNCTION_COUNT) {
      throw new PciError('bad-function', `${this.name}: there is no function ${number} of a device ${device}`);
    }
    const key = device * FUNCTION_COUNT + number;
    if (this.#functions.has(key)) throw new PciError('bad-function', `${this.name}: ${nameOf(key)} is there already`);
    const space = new ConfigSpace(layout);
    this.#functions.set(key, space);
    if (onChange !== undefined) this.#listeners.set(space, onChange);
    return space;
  }

  reset(): void {
    this.#address = 0;
    for (const space of this.#functions.values()) space.reset();
    this.#tellAll();
  }

  snapshot(): PciBusState {
    const functions = [...this.#functions].map(([key, space]) => [nameOf(key), space.snapshot()]);
    return { address: this.#address, functions: Object.fromEntries(functions) };
  }

  /** @throws {PciError} `bad-state`, with nothing changed, for a state that is damaged or of other functions */
  restore(state: PciBusState): void {
    const { address, functions } = checkedState(this.name, state);
    const spaces = [...this.#functions].map(([key, space]) => ({ name: nameOf(key), space }));
    if (Object.keys(functions).length !== spaces.length) refuse(this.name, 'the functions are others');
    for (const { name, space } of spaces) {
      if (!space.accepts(functions[name])) refuse(this.name, `function ${name} is not such a function`);
    }
    this.#address = address;
    for (const { name, space } of spaces) space.restore(functions[name] as Uint8Array);
    this.#tellAll();
  }

  readPort(offset: number, width: AccessWidth): number {
    if (offset === PCI_CONFIG_ADDRESS && width === 32) return this.#address;
    let value = 0;
    for (let i = 0; i < width / 8; i++) value += this.#readByte(offset + i) * 2 ** (8 * i);
    return value;
  }

  writePort(offset: number, width: AccessWidth, value: number): void {
    if (offset === PCI_CONFIG_ADDRESS && width === 32) {
      this.#address = (value & ADDRESS_BITS) >>> 0;
      return;
    }
    for (let i = 0; i < width / 8; i++) {
      const at = offset + i;
      if (at < PCI_CONFIG_DATA || at >= PORT_COUNT) continue;
      this.#selected?.write(this.#register + at - PCI_CONFIG_DATA, 8, (value >>> (8 * i)) & 0xff);
    }
    const selected = this.#selected;
    if (selected !== undefined) this.#listeners.get(selected)?.();
  }

  #tellAll(): void {
    for (const onChange of this.#listeners.values()) onChange();
  }

  #readByte(at: number): number {
    if (at < PCI_CONFIG_DATA || at >= PORT_COUNT) return 0xff;
    return this.#selected?.read(this.#register + at - PCI_CONFIG_DATA, 8) ?? 0xff;
  }

  /** The function that CONFIG_ADDRESS selects. */
  get #selected(): ConfigSpace | undefined {
    const isEnabled = this.#address >= ADDRESS_ENABLE;
    const isHere = ((this.#address >>> 16) & 0xff) === 0;
    return isEnabled && isHere ? this.#functions.get((this.#address >>> 8) & 0xff) : undefined;
  }
  get #register(): number {
    return this.#address & 0xfc;
  }
}

/** The place of a function, as `lspci` writes it. */
function nameOf(key: number): string {
  return `${(key >> 3).toString(16).padStart(2, '0')}.${key & 7}`;
}

function checkedState(name: string, state: unknown): { address: number; functions: Readonly<Record<string, unknown>> } {
  const { address, functions } = (state ?? {}) as Partial<Record<keyof PciBusState, unknown>>;
  const isAddress =
    typeof address === 'number' && Number.isInteger(address) && (address & ADDRESS_BITS) >>> 0 === address;
  if (!isAddress) refuse(name, 'address: expected 32 bits without the reserved ones');
  if (typeof functions !== 'object' || functions === null) refuse(name, 'functions: expected a record');
  return { address, functions: functions as Readonly<Record<string, unknown>> };
}

function refuse(name: string, detail: string): never {
  throw new PciError('bad-state', `${name}: ${detail}`);
}
