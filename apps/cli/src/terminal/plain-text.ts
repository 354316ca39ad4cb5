/** Text from a guest made harmless: it must not drive the user's terminal where it is only shown. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const SEQUENCES = /\x1b(?:\[[0-9;:?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;

/** Removes escape sequences, and control characters other than line feeds and tabs. */
export function plainText(text: string): string {
  return text
    .replace(SEQUENCES, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{C}\n\t]/gu, '');
}

/** The lines of a text from a guest, broken at a width. */
export function plainLines(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const line of plainText(text).replaceAll('\t', '    ').replace(/\n$/, '').split('\n')) {
    if (line === '') lines.push('');
    for (let at = 0; at < line.length; at += columns) lines.push(line.slice(at, at + columns));
  }
  return lines;
}
