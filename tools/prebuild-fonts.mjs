// @ts-check
// Puts the bytes of the ROM's fonts into packages/vga/dist, so that no start of a program has to draw them from pictures.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './commands.mjs';

const folder = join(ROOT, 'packages/vga/dist/fonts');
const fonts = await import(join(folder, 'drawn-fonts.js'));
const lines = Object.entries(fonts).map(
  ([name, bytes]) => `export const ${name} = /* @__PURE__ */ bytes('${Buffer.from(bytes).toString('base64')}');`,
);
writeFileSync(
  join(folder, 'rom-fonts.js'),
  `function bytes(base64) {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
${lines.join('\n')}
`,
);
