// @ts-check
// Runs one Multiboot guest in v86 until it has said a line, and prints one line of JSON: processor and wall time since the
// emulator was ready, and instructions by its own count. Arguments: image, BIOS, VGA BIOS, `jit` or `no-jit`.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { V86 } from 'v86';
import { mainThreadMs } from './host.mjs';

const [image = '', bios = '', vgaBios = '', jit = 'jit'] = process.argv.slice(2);

/** @param {string} path @returns {{ buffer: ArrayBuffer }} */
const file = (path) => ({ buffer: new Uint8Array(readFileSync(path)).buffer });

const emulator = new V86({
  wasm_path: fileURLToPath(new URL('v86.wasm', import.meta.resolve('v86'))),
  bios: file(bios),
  vga_bios: file(vgaBios),
  multiboot: file(image),
  memory_size: 128 * 2 ** 20,
  disable_jit: jit !== 'jit',
  disable_speaker: true,
  autostart: false,
});

let serial = '';
let wallStart = 0;
let start = 0;
emulator.add_listener('emulator-ready', () => {
  wallStart = performance.now();
  start = mainThreadMs();
  void emulator.run();
});
emulator.add_listener('serial0-output-byte', (/** @type {number} */ byte) => {
  serial += String.fromCharCode(byte);
  // The firmware may say something of its own before.
  if (!serial.endsWith('\r\n')) return;
  const cpuMs = mainThreadMs() - start;
  const wallMs = performance.now() - wallStart;
  const instructions = emulator.get_instruction_counter();
  console.log(JSON.stringify({ kind: 'said', serial, cpuMs, wallMs, instructions }));
  process.exit(0);
});
