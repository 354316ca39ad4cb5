/**
 * Pictures for terminals that have a protocol for them: PNG files in escape sequences, scaled by the terminal to a number of
 * cells.
 *
 * **Not used**: sixels, which terminals do not scale, so that one would have to know how large their cells are.
 *
 * @source kitty "Terminal graphics protocol"; iTerm2 "Inline Images Protocol"
 */
import { encodePng, type Frame } from '@longmode/vga';

/** How a terminal takes pictures. */
export type ImageProtocol = 'kitty' | 'iterm2';

const PROTOCOLS: readonly string[] = ['kitty', 'iterm2'];
/** Most characters of data in one sequence of kitty's. */
const KITTY_CHUNK_SIZE = 4096;
/** The one picture that is shown; a new one takes its place. */
const KITTY_IMAGE = 1;

/**
 * The protocol of a terminal by what it says of itself in the environment, or null. Not inside of tmux and screen, which
 * keep such sequences to themselves. `LONGMODE_IMAGES` decides instead, if it is set: `kitty`, `iterm2`, or `none`.
 */
export function imageProtocolOf(environment: NodeJS.ProcessEnv): ImageProtocol | null {
  const { LONGMODE_IMAGES: chosen = '', TERM = '', TERM_PROGRAM = '', LC_TERMINAL = '' } = environment;
  if (chosen !== '') return PROTOCOLS.includes(chosen) ? (chosen as ImageProtocol) : null;
  if (environment.TMUX !== undefined || TERM.startsWith('screen') || TERM.startsWith('tmux')) return null;
  const isKitty = environment.KITTY_WINDOW_ID !== undefined || TERM === 'xterm-kitty' || TERM === 'xterm-ghostty';
  if (isKitty || TERM_PROGRAM === 'ghostty') return 'kitty';
  return ['iTerm.app', 'WezTerm'].includes(TERM_PROGRAM) || LC_TERMINAL === 'iTerm2' ? 'iterm2' : null;
}

/** Cells of a picture. */
export interface CellSize {
  readonly columns: number;
  readonly rows: number;
}

/** @returns the sequences that show a frame in so many cells, from where the cursor is, which they leave there */
export function showImage(frame: Frame, protocol: ImageProtocol, { columns, rows }: CellSize): string {
  const data = Buffer.from(encodePng(frame)).toString('base64');
  if (protocol === 'iterm2') {
    const size = `width=${columns};height=${rows};preserveAspectRatio=0`;
    return `\x1b7\x1b]1337;File=inline=1;doNotMoveCursor=1;${size}:${data}\x07\x1b8`;
  }
  const chunks = data.match(new RegExp(`.{1,${KITTY_CHUNK_SIZE}}`, 'g')) ?? [];
  return chunks
    .map((chunk, index) => {
      const more = index < chunks.length - 1 ? 1 : 0;
      const first = `a=T,f=100,i=${KITTY_IMAGE},p=1,c=${columns},r=${rows},C=1,q=2,`;
      return `\x1b_G${index === 0 ? first : ''}m=${more};${chunk}\x1b\\`;
    })
    .join('');
}

/** @returns what removes the picture; elsewhere than in kitty text does, when it is written over it */
export function hideImage(protocol: ImageProtocol): string {
  return protocol === 'kitty' ? `\x1b_Ga=d,d=I,i=${KITTY_IMAGE},q=2\x1b\\` : '';
}
