// @ts-check
// docs/conformance.md has sections that several programs write. Each writes its own, and leaves the others.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './commands.mjs';

/** Every section in its order, with the program that makes it. */
const SECTIONS = /** @type {const} */ ({
  recordings: 'node tools/hardware-vectors/conformance.mjs',
  suites: 'npm run test:suites -- --write',
});
const PAGE = join(ROOT, 'docs/conformance.md');

const begin = (/** @type {string} */ name) => `<!-- ${name}: made by a program, see above -->`;
const end = (/** @type {string} */ name) => `<!-- end of ${name} -->`;

/**
 * Puts a section into the page.
 *
 * @param {keyof typeof SECTIONS} name
 * @param {string} text Markdown, its headings from the second level on
 */
export function writeSection(name, text) {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const parts = Object.keys(SECTIONS).map((other) => {
    const from = page.indexOf(begin(other));
    const to = page.indexOf(end(other));
    const known = from < 0 || to < 0 ? '' : page.slice(from + begin(other).length, to).trim();
    return [begin(other), '', other === name ? text.trim() : known, '', end(other)].join('\n');
  });
  const makers = Object.entries(SECTIONS).map(([section, command]) => `${section} by \`${command}\``);
  writeFileSync(
    PAGE,
    `# Conformance\n\nMade by programs: ${makers.join(', ')}. Change those, not this.\n\n${parts.join('\n\n')}\n`,
  );
}
