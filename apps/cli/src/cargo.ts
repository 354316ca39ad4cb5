/**
 * What cargo knows of a kernel that it has built: how the kernel wants to be run and loaded, from the manifest beside it.
 * So `runner = "longmode run"` serves `cargo run` and `cargo test` of a project for the bootloader crate 0.9, and its
 * configuration for `bootimage` holds.
 *
 * @source bootimage 0.10 "Configuration"; bootloader 0.9 "Configuration"; The Cargo Book, "target.<triple>.runner"
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { DiskImageOptions } from '@longmode/bootloader';
import { parse, TomlError } from 'smol-toml';
import { CliError, EXIT_USAGE } from './exit-code.ts';

/** What a manifest asks for. */
export interface CargoSettings {
  /** Path of the manifest. */
  readonly manifest: string;
  /** The image is a test: bootimage takes every program in a folder `deps` for one. */
  readonly isTest: boolean;
  /** Arguments for the run, in QEMU's spelling. */
  readonly args: readonly string[];
  /** The features and addresses that the kernel was built for; undefined if it does not use the bootloader crate 0.9. */
  readonly direct64: DiskImageOptions | undefined;
}

type Table = Readonly<Record<string, unknown>>;
const TEST_TIMEOUT_SECONDS = 300;

/**
 * @param image path of the image as given
 * @param environment cargo names the package's folder in it
 * @returns undefined for what cargo has not built, or has no manifest
 * @throws CliError for a manifest that is no TOML, or has a value of another type than the crates document
 */
export function findCargoSettings(
  image: string,
  environment: Readonly<Record<string, string | undefined>>,
): CargoSettings | undefined {
  const path = resolve(image);
  const target = ancestorWith(path, '.rustc_info.json');
  if (target === undefined) return undefined;
  const folder = environment.CARGO_MANIFEST_DIR ?? dirname(target);
  const manifest = join(folder, 'Cargo.toml');
  if (!existsSync(manifest)) return undefined;
  const reader = new ManifestReader(manifest);
  const isTest = basename(dirname(path)) === 'deps';
  return { manifest, isTest, args: argumentsOf(reader, isTest), direct64: loaderOptionsOf(reader, folder) };
}

function ancestorWith(path: string, name: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** `[package.metadata.bootimage]`. */
function argumentsOf(manifest: ManifestReader, isTest: boolean): string[] {
  const keys = ['package', 'metadata', 'bootimage'];
  if (!isTest) return manifest.strings([...keys, 'run-args']);
  const success = manifest.integer([...keys, 'test-success-exit-code']);
  const timeout = manifest.integer([...keys, 'test-timeout']) ?? TEST_TIMEOUT_SECONDS;
  return [
    ...manifest.strings([...keys, 'test-args']),
    ...(manifest.boolean([...keys, 'test-no-reboot']) === false ? [] : ['--no-reboot']),
    ...(success === undefined ? [] : [`--success-code=${success}`]),
    `--timeout=${timeout}`,
  ];
}

/** The dependency `bootloader`, and `[package.metadata.bootloader]`. */
function loaderOptionsOf(manifest: ManifestReader, folder: string): DiskImageOptions | undefined {
  const own = manifest.value(['dependencies', 'bootloader']);
  const shared = isTable(own) && own.workspace === true ? workspaceDependency(folder) : undefined;
  const version = versionOf(own) ?? versionOf(shared);
  if (version === undefined || !/^[\^~=\s]*0\.9(\.|$)/.test(version)) return undefined;
  const features = new Set([...featuresOf(own), ...featuresOf(shared)]);
  const keys = ['package', 'metadata', 'bootloader'];
  const kernelStackSizePages = manifest.integer([...keys, 'kernel-stack-size']);
  return {
    mapPhysicalMemory: features.has('map_physical_memory'),
    recursivePageTable: features.has('recursive_page_table'),
    sse: features.has('sse'),
    vga320x200: features.has('vga_320x200'),
    ...(kernelStackSizePages === undefined ? {} : { kernelStackSizePages }),
    ...manifest.address('kernelStackAddress', [...keys, 'kernel-stack-address']),
    ...manifest.address('physicalMemoryOffset', [...keys, 'physical-memory-offset']),
    ...manifest.address('bootInfoAddress', [...keys, 'boot-info-address']),
  };
}

function workspaceDependency(folder: string): unknown {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'Cargo.toml');
    const found = existsSync(path)
      ? new ManifestReader(path).value(['workspace', 'dependencies', 'bootloader'])
      : undefined;
    if (found !== undefined || at === dirname(at)) return found;
  }
}

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const versionOf = (dependency: unknown): string | undefined => {
  const version = isTable(dependency) ? dependency.version : dependency;
  return typeof version === 'string' ? version : undefined;
};
const featuresOf = (dependency: unknown): readonly unknown[] =>
  isTable(dependency) && Array.isArray(dependency.features) ? dependency.features : [];

/** A manifest, whose values are asked for by their keys and types. */
class ManifestReader {
  readonly #path: string;
  readonly #root: Table;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#root = parse(readFileSync(path, 'utf8'));
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const [reason = ''] = error.message.split('\n');
      throw new CliError(EXIT_USAGE, `${path}: line ${error.line}: ${reason}`);
    }
  }

  value(keys: readonly string[]): unknown {
    return keys.reduce<unknown>((at, key) => (isTable(at) && Object.hasOwn(at, key) ? at[key] : undefined), this.#root);
  }
  strings(keys: readonly string[]): string[] {
    const found = this.value(keys);
    if (found === undefined) return [];
    if (Array.isArray(found) && found.every((item) => typeof item === 'string')) return found;
    throw this.#mistyped(keys, 'a list of strings', found);
  }
  integer(keys: readonly string[]): number | undefined {
    const found = this.value(keys);
    if (found === undefined || (Number.isSafeInteger(found) && Number(found) >= 0)) return found as number | undefined;
    throw this.#mistyped(keys, 'a number from 0 up', found);
  }
  boolean(keys: readonly string[]): boolean | undefined {
    const found = this.value(keys);
    if (found === undefined || typeof found === 'boolean') return found;
    throw this.#mistyped(keys, 'true or false', found);
  }
  /** An address is written as a string, since TOML's integers end at 2^63. @returns it under a name, or nothing */
  address<Name extends string>(name: Name, keys: readonly string[]): { readonly [Key in Name]?: bigint } {
    const found = this.value(keys);
    if (found === undefined) return {};
    const text = typeof found === 'string' ? found.replaceAll('_', '') : '';
    if (!/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text)) throw this.#mistyped(keys, 'an address as a string', found);
    return { [name]: BigInt(text) } as { readonly [Key in Name]: bigint };
  }
  #mistyped(keys: readonly string[], expected: string, found: unknown): CliError {
    return new CliError(
      EXIT_USAGE,
      `${this.#path}: ${keys.join('.')}: expected ${expected}, found ${JSON.stringify(found)}`,
    );
  }
}
