// @ts-check
// Runs one guest in longmode, as often as asked, and prints a line of JSON for each run. Arguments: image, runs,
// engine (`jit` or `interpreter`).
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { loadImage } from '@longmode/pc';
import { mainThreadMs } from './host.mjs';

const [image = '', runs = '1', engineName = 'jit'] = process.argv.slice(2);
const engine = engineName === 'interpreter' ? 'interpreter' : 'jit';
const bytes = new Uint8Array(readFileSync(image));

for (let i = 0; i < Number(runs); i++) {
  let serial = '';
  const events = {
    onSerial: (/** @type {number} */ byte) => {
      serial += String.fromCharCode(byte);
    },
  };
  const { pc } = loadImage(bytes, { ramSizeBytes: 128 * 2 ** 20 }, { engine, events });
  const wallStart = performance.now();
  const start = mainThreadMs();
  const { kind } = pc.run({ instructions: 1e10 });
  const cpuMs = mainThreadMs() - start;
  const wallMs = performance.now() - wallStart;
  console.log(JSON.stringify({ kind, serial, cpuMs, wallMs, instructions: pc.cpu.instructionCount }));
}
