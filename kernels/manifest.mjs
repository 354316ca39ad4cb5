// The record of what each committed image is made of. `node manifest.mjs write RECORDS` is the last step of build.sh;
// the functions are what the tests hold the images against.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that every path in the manifest is relative to. */
export const kernelsFolder = fileURLToPath(new URL('.', import.meta.url));
/** The folder of the committed images. */
export const imagesFolder = join(kernelsFolder, 'images');
const manifestFile = join(imagesFolder, 'manifest.json');

/** The SHA-256 of some bytes, in hexadecimal. */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** One hash over the names and the contents of sources, whatever their order. */
export function hashSources(sources) {
  const lines = [...sources].sort().map((path) => `${sha256(readFileSync(join(kernelsFolder, path)))}  ${path}\n`);
  return sha256(lines.join(''));
}

/** The manifest as committed: image name -> its entry. */
export const readManifest = () => JSON.parse(readFileSync(manifestFile, 'utf8'));

/** The image files that are there. */
export const listImages = () => readdirSync(imagesFolder).filter((name) => name !== 'manifest.json');

/** The BIOS disk image that `build.sh disks` made around a 64-bit guest; null if it was not asked to. */
export function diskOf(image) {
  const disk = join(kernelsFolder, 'target', 'disks', image.replace(/\.elf$/, '.img'));
  return existsSync(disk) ? disk : null;
}

function entryOf(image, record) {
  const rows = record
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const values = (key) => rows.filter(([name]) => name === key).map((row) => row.slice(1));
  const bytes = readFileSync(join(imagesFolder, image));
  const sources = values('source').flat().sort();
  return {
    kind: values('kind')[0][0],
    size: bytes.length,
    sha256: sha256(bytes),
    sources,
    sourcesSha256: hashSources(sources),
    recipe: values('recipe')[0][0],
    tools: Object.fromEntries(values('tool')),
  };
}

/** Takes over the entries of what was just built; keeps the others; drops those whose image is gone. */
function write(recordsFolder) {
  const old = existsSync(manifestFile) ? readManifest() : {};
  const entries = listImages()
    .sort()
    .map((image) => {
      const record = join(recordsFolder, image);
      return [image, existsSync(record) ? entryOf(image, readFileSync(record, 'utf8')) : old[image]];
    });
  writeFileSync(manifestFile, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, recordsFolder] = process.argv.slice(2);
  if (command !== 'write' || recordsFolder === undefined) {
    console.error('usage: node manifest.mjs write RECORDS');
    process.exit(2);
  }
  write(recordsFolder);
}
