// @ts-check
// Puts the interpreter's WebAssembly modules into packages/cpu-x86/dist, so that no start of a program has to generate them.
// Which out-of-line handlers to include, the guests of kernels/ show: each is run for a while. The modules come from dist
// itself and replace dist/engine/interpreter/prebuilt.js; sources never see them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'packages/cpu-x86/dist');
const target = join(dist, 'engine/interpreter/prebuilt.js');
const stamp = join(dist, 'prebuilt.stamp');
const EMPTY = 'export const PREBUILT = undefined;';
const INSTRUCTIONS = 3_000_000;

/** Everything that the modules depend on. */
function fingerprint() {
  const hash = createHash('sha256');
  const files = /** @type {string[]} */ (readdirSync(dist, { recursive: true }))
    .filter((file) => file.endsWith('.js') && !file.endsWith('interpreter/prebuilt.js'))
    .sort();
  for (const file of files) hash.update(file).update(readFileSync(join(dist, file)));
  return hash.digest('hex');
}

const text = readFileSync(target, 'utf8');
const current = fingerprint();
const isDone = !text.includes(EMPTY) && existsSync(stamp) && readFileSync(stamp, 'utf8') === current;
if (!isDone) {
  // Without the old value: a build of other sources may have left it.
  const withoutValue = text.replace(/^export const PREBUILT = .*;$/m, EMPTY);
  writeFileSync(target, withoutValue);
  const { Pc } = await import(join(root, 'packages/pc/dist/index.js'));
  const { planDirect64, planMultiboot1, recognise } = await import(join(root, 'packages/bootloader/dist/index.js'));
  const { prebuildInterpreter } = await import(join(dist, 'engine/interpreter/prebuild.js'));
  const images = join(root, 'kernels/images');
  const shapes = new Map();
  const guests = readdirSync(images).filter(
    (file) => /^(hello|fault|bench)-?.*\.(elf|img)$/.test(file) && !/mb1|i386/.test(file),
  );
  for (const file of [...guests, 'hello-mb1-elf32.elf'].sort()) {
    const bytes = new Uint8Array(readFileSync(join(images, file)));
    const { kind } = recognise(bytes);
    const disk = {
      sectorSizeBytes: 512,
      sectorCount: Math.ceil(bytes.length / 512),
      read: (/** @type {number} */ lba, /** @type {number} */ count) => bytes.slice(lba * 512, (lba + count) * 512),
    };
    const ramSizeBytes = 32 * 1024 * 1024;
    const pc = new Pc({ ramSizeBytes, ...(kind === 'disk' ? { disks: { hardDisks: [disk] } } : {}) });
    if (kind === 'direct64') pc.boot(planDirect64(bytes, { ramSizeBytes }));
    else if (kind === 'multiboot1') pc.boot(planMultiboot1(bytes, { ramSizeBytes }));
    pc.run({ instructions: INSTRUCTIONS });
    for (const shape of pc.cpu.shapesMade) shapes.set(shape.key, shape);
  }
  const sorted = [...shapes.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  const value = JSON.stringify(prebuildInterpreter(sorted));
  writeFileSync(target, withoutValue.replace(EMPTY, `export const PREBUILT = ${value};`));
  writeFileSync(stamp, current);
  console.log(`prebuild: ${sorted.length} handlers, ${Math.round(value.length / 1024)} KiB`);
}
process.exitCode = 0;
