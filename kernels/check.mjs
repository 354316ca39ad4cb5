// Runs the images in QEMU and holds what they do against what is recorded in */expected/.
// Usage: node check.mjs [--record] [PART OF A NAME]...
import { availableParallelism } from 'node:os';
import { checkApi } from './check/api.mjs';
import { checkBench } from './check/bench.mjs';
import { checkChapter } from './check/chapter.mjs';
import { checkDevice } from './check/device.mjs';
import { checkFault } from './check/fault.mjs';
import { checkHello } from './check/hello.mjs';
import { checkMultiboot } from './check/multiboot.mjs';
import { checkStrict } from './check/strict.mjs';
import { checkVideo } from './check/video.mjs';
import { listImages } from './manifest.mjs';

const record = process.argv.includes('--record');
const wanted = process.argv.slice(2).filter((argument) => argument !== '--record');
const images = listImages().filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

const checks = {
  api: checkApi,
  bench: checkBench,
  chapter: checkChapter,
  device: checkDevice,
  fault: checkFault,
  hello: checkHello,
  multiboot: checkMultiboot,
  strict: checkStrict,
  video: checkVideo,
};
const skipped = [];
let passed = 0;
let failed = 0;

async function checkImage(image) {
  const family = image.match(/^[a-z]+/)?.[0] ?? '';
  const complaint = await (checks[family]?.(image, record) ?? 'no check for this name');
  if (complaint === null) {
    skipped.push(image);
    return;
  }
  if (complaint === '') passed += 1;
  else failed += 1;
  console.log(`${complaint === '' ? 'ok  ' : 'FAIL'} ${image}${complaint === '' ? '' : `: ${complaint}`}`);
}

/** Guests wait a lot: several run at a time, but for those whose records go to one file. */
async function checkFrom(remaining) {
  for (let image = remaining.shift(); image !== undefined; image = remaining.shift()) await checkImage(image);
}
await Promise.all(Array.from({ length: record ? 1 : availableParallelism() }, () => checkFrom(images)));
if (skipped.length > 0) console.log(`not for QEMU, or no loader there (see build.sh disks): ${skipped.join(' ')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
