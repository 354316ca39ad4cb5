// @ts-check
/// <reference lib="webworker" />
// Runs guests in a Worker of a page, and posts a sample for each run: the browser's side of browser.mjs.
import { loadImage } from '@longmode/pc';

/** @typedef {{ name: string, engine: 'jit' | 'interpreter', url: string, line: string, runs: number }} Job */

/** @param {Job} job */
async function run({ url, engine, line, runs }) {
  const image = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const samples = [];
  for (let i = 0; i < runs; i++) {
    let serial = '';
    const onSerial = (/** @type {number} */ byte) => {
      serial += String.fromCharCode(byte);
    };
    const { pc } = loadImage(image, { ramSizeBytes: 128 * 2 ** 20 }, { engine, events: { onSerial } });
    const start = performance.now();
    pc.run({ instructions: 1e10 });
    const wallMs = performance.now() - start;
    if (!serial.endsWith(line)) throw new Error(`expected ${JSON.stringify(line)}, found ${JSON.stringify(serial)}`);
    samples.push({ wallMs, instructions: pc.cpu.instructionCount });
  }
  return samples;
}

self.onmessage = async (/** @type {MessageEvent<Job[]>} */ { data }) => {
  for (const job of data) {
    try {
      postMessage({ name: job.name, engine: job.engine, samples: await run(job) });
    } catch (error) {
      postMessage({ name: job.name, engine: job.engine, error: String(error) });
    }
  }
  postMessage({ isOver: true });
};
