// @ts-check
// Runs longmode and draws what it printed as docs/images/triple-fault.svg, wrapped as a terminal would.
// Usage, after `npm run setup`: node docs/images/render-terminal.mjs
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = fileURLToPath(new URL('triple-fault.svg', import.meta.url));
const IMAGE = 'kernels/images/fault-stack-overflow.elf';
const COLUMNS = 100;
const CELL = { width: 8.4, height: 19 };
const PADDING = 16;
const COLOURS = { background: '#16181d', text: '#d6d8dc', prompt: '#7cc37c', alarm: '#ff7a6b', exit: '#8a8f98' };

/** @param {string} line @returns {string[]} the line in rows of at most `COLUMNS`, numbered lines with a hanging indent */
function wrap(line) {
  const [lead = ''] = /^\s*(?:\d+\. )?/.exec(line) ?? [];
  const rows = [lead];
  for (const word of line.slice(lead.length).split(' ')) {
    const row = rows.at(-1) ?? '';
    const isFirst = row === lead || row.trim() === '';
    if (isFirst || row.length + 1 + word.length <= COLUMNS)
      rows[rows.length - 1] = isFirst ? row + word : `${row} ${word}`;
    else rows.push(' '.repeat(lead.length) + word);
  }
  return rows;
}

/** @param {string} line */
function colourOf(line) {
  if (line.startsWith('$')) return COLOURS.prompt;
  if (line.startsWith('longmode: ')) return COLOURS.alarm;
  return line.startsWith('exit code') ? COLOURS.exit : COLOURS.text;
}

/** @param {string} text */
const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const { status, stdout, stderr } = spawnSync(
  process.execPath,
  ['apps/cli/bin/longmode.js', 'run', '--no-reboot', IMAGE],
  {
    cwd: root,
    encoding: 'utf8',
  },
);
const output = `${stdout}${stderr}`.split(/\r?\n/).filter((line) => line !== '');
const lines = [`$ longmode run ${IMAGE}`, ...output, `exit code ${status}`];
const rows = lines.flatMap((line) => wrap(line).map((text) => ({ text, colour: colourOf(line) })));

const width = Math.ceil(COLUMNS * CELL.width + 2 * PADDING);
const height = rows.length * CELL.height + 2 * PADDING;
const texts = rows.map(({ text, colour }, index) => {
  const y = PADDING + (index + 0.75) * CELL.height;
  return `<text x="${PADDING}" y="${y}" fill="${colour}">${escapeXml(text)}</text>`;
});
writeFileSync(
  target,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
  font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
<title>longmode tells why a kernel died</title>
<style>text { white-space: pre }</style>
<rect width="100%" height="100%" rx="8" fill="${COLOURS.background}"/>
${texts.join('\n')}
</svg>
`,
);
console.log(`${target}: ${rows.length} rows, exit code ${status}`);
