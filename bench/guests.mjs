// @ts-check
// What runs: the benchmark guests and what they must say, and a guest that does nothing.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const kernels = new URL('../kernels/', import.meta.url);

/** @type {Readonly<Record<string, string>>} */
export const RESULTS = JSON.parse(readFileSync(new URL('bench/expected.json', kernels), 'utf8'));
export const WORKLOADS = Object.keys(RESULTS);
/** Those that the interpreter's speed is asked for: small loops of a kind each. */
export const LOOPS = ['xorshift64', 'sieve', 'fibonacci', 'checksum'];

/** What a guest says on COM1. @param {string} workload */
export const resultLine = (workload) => `${workload} ${RESULTS[workload]}\r\n`;

/** @param {string} name @returns {string} */
export const imagePath = (name) => fileURLToPath(new URL(`images/${name}`, kernels));

/** The C files of a workload as a program of this machine. @param {string} workload @returns {string[]} */
export const programSources = (workload) =>
  ['main.c', `${workload}.c`].map((name) => fileURLToPath(new URL(`bench/src/${name}`, kernels)));

/** What the guest that does nothing says. */
export const IDLE_LINE = '.\r\n';

/**
 * A Multiboot kernel that says `.` on COM1, leaves through port F4h and halts: what an emulator takes to start and end.
 *
 * @returns {Uint8Array} a flat file whose header has address fields
 */
export function idleGuest() {
  const base = 0x100000;
  const file = new Uint8Array(256);
  const header = new DataView(file.buffer);
  const flags = 0x10000;
  // Magic, flags, checksum; header, load, end of load, end of bss and entry addresses.
  [0x1badb002, flags, -(0x1badb002 + flags), base, base, base + 256, base + 256, base + 32].forEach((word, index) => {
    header.setUint32(4 * index, word >>> 0, true);
  });
  const say = [...IDLE_LINE].flatMap((character) => [0xb0, character.charCodeAt(0), 0xee]); // mov al, c; out dx, al
  file.set([0x66, 0xba, 0xf8, 0x03, ...say, 0xb0, 0x10, 0xe6, 0xf4, 0xfa, 0xf4, 0xeb, 0xfd], 32);
  return file;
}
