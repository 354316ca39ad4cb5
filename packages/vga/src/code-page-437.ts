/**
 * The glyphs of code page 437 at 00h to 1Fh and at 7Fh, where ASCII has control codes. Code 0 shows nothing: a space.
 */
const LOW = ' ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const HIGH = [
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ',
  'áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐',
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀',
  'αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
].join('');

/** The Unicode character of each of the 256 codes of the adapter's usual font, code page 437; one UTF-16 unit each. */
export const CODE_PAGE_437: readonly string[] = Array.from({ length: 256 }, (_, code) => {
  if (code < 0x20) return LOW.charAt(code);
  if (code < 0x7f) return String.fromCharCode(code);
  return code === 0x7f ? '⌂' : HIGH.charAt(code - 0x80);
});
