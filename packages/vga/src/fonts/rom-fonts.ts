/**
 * The fonts of the adapter's ROM. In the sources they are drawn at start; the build replaces this module in `dist` by one
 * with their bytes.
 */
export { FONT_8X8, FONT_8X14, FONT_8X16 } from './drawn-fonts.ts';
