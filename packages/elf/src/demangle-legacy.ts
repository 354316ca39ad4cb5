const ESCAPES: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
};

const HASH = /^h[0-9a-f]{16}$/;

/**
 * Demangles a name of Rust's legacy scheme: the C++ form of a nested name whose last part is a hash.
 *
 * @param mangled as in the symbol table
 * @returns the path without its hash, or null if the name is not of this scheme
 * @source rustc book, "Symbol Mangling", "Legacy"
 */
export function demangleLegacy(mangled: string): string | null {
  const parts = splitParts(mangled);
  const hash = parts?.pop();
  if (parts === undefined || hash === undefined || parts.length === 0 || !HASH.test(hash)) return null;
  return parts.map(unescapePart).join('::');
}

/** Splits `_ZN`, numbers with as many characters after each, and `E`. */
function splitParts(mangled: string): string[] | undefined {
  const prefix = /^_{0,2}ZN/.exec(mangled);
  if (prefix === null) return undefined;
  const parts: string[] = [];
  let at = prefix[0].length;
  while (mangled[at] !== 'E') {
    const digits = /^[1-9][0-9]{0,5}/.exec(mangled.slice(at, at + 6))?.[0];
    if (digits === undefined) return undefined;
    const start = at + digits.length;
    at = start + Number(digits);
    if (at > mangled.length) return undefined;
    parts.push(mangled.slice(start, at));
  }
  // What a linker or optimiser appends begins with a point.
  return at + 1 === mangled.length || mangled[at + 1] === '.' ? parts : undefined;
}

function unescapePart(part: string): string {
  // An underscore protects a leading escape, since C identifiers may not begin with a dollar.
  const text = part.startsWith('_$') ? part.slice(1) : part;
  return text.replace(/\$([A-Za-z0-9]{1,8})\$|\.\.|\./g, (match, name: string | undefined) => {
    if (match === '..') return '::';
    if (name === undefined) return match === '.' ? '.' : match;
    const code = /^u([0-9a-f]{1,6})$/.exec(name)?.[1];
    const value = code === undefined ? Number.NaN : Number.parseInt(code, 16);
    if (value >= 0x20 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)) return String.fromCodePoint(value);
    return ESCAPES[name] ?? match;
  });
}
