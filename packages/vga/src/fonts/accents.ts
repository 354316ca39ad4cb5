/** Letters with accents: a letter of ours, lowered or shortened where it must be, and a mark above or below it. */

/** Row 0 on from the top of the cell; for the small letters and, where there are three, for capitals too. */
type Mark = readonly string[];

/** What a letter of code page 437 is made of. */
interface Composition {
  readonly letter: string;
  readonly mark: keyof (typeof MARKS)[14];
}

/** Marks in the cells of 14 and of 8 scan lines. */
const MARKS = {
  14: {
    acute: ['....##..', '...##...'],
    grave: ['..##....', '...##...'],
    circumflex: ['..###...', '.##.##..'],
    wideCircumflex: ['..####..', '.##..##.'],
    diaeresis: ['.##.##..', '.##.##..'],
    wideDiaeresis: ['.##..##.', '.##..##.'],
    tilde: ['.###.##.', '##.###..'],
    ring: ['..###...', '.##.##..', '..###...'],
    cedilla: ['...##...', '....##..', '..###...'],
  },
  8: {
    acute: ['....##..'],
    grave: ['..##....'],
    circumflex: ['..###...', '.##.##..'],
    wideCircumflex: ['..####..', '.##..##.'],
    diaeresis: ['.##.##..'],
    wideDiaeresis: ['.##..##.'],
    tilde: ['.###.##.'],
    ring: ['..###...'],
    cedilla: ['..###...'],
  },
} as const satisfies Record<number, Record<string, Mark>>;

const COMPOSITIONS: Readonly<Record<string, Composition>> = Object.fromEntries(
  (
    [
      ['acute', 'éeáaíióoúuÉE'],
      ['grave', 'àaèeìiòoùu'],
      ['circumflex', 'âaêeôoûu'],
      ['wideCircumflex', 'îi'],
      ['diaeresis', 'üuäaëeöoÿyÄAÖOÜU'],
      ['wideDiaeresis', 'ïi'],
      ['tilde', 'ñnÑN'],
      ['ring', 'åaÅA'],
      ['cedilla', 'çcÇC'],
    ] as const
  ).flatMap(([mark, pairs]) =>
    Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i], { letter: pairs[2 * i + 1], mark }]),
  ),
);

/** How a design of one height places letters and marks, in scan lines from the top. */
interface Layout {
  readonly smallTop: number;
  readonly smallMarkTop: number;
  readonly capitalTop: number;
  readonly baseLine: number;
  /** Rows of a capital that are left out under a mark. */
  readonly capitalCuts: readonly number[];
}

const LAYOUTS: Readonly<Record<14 | 8, Layout>> = {
  14: { smallTop: 4, smallMarkTop: 1, capitalTop: 1, baseLine: 11, capitalCuts: [3, 8] },
  8: { smallTop: 2, smallMarkTop: 0, capitalTop: 0, baseLine: 7, capitalCuts: [2, 5] },
};

function bits(picture: string): number {
  return Number.parseInt(picture.replaceAll('.', '0').replaceAll('#', '1'), 2);
}

/**
 * Draws a letter with an accent.
 *
 * @param plain looks up the glyph of a letter without one
 * @returns a byte per scan line, or `undefined` for a character that is no such letter
 */
export function accented(
  character: string,
  height: 14 | 8,
  plain: (letter: string) => Uint8Array,
): Uint8Array | undefined {
  const composition = COMPOSITIONS[character];
  if (composition === undefined) return undefined;
  const { letter, mark } = composition;
  const layout = LAYOUTS[height];
  const rows = plain(letter).slice();
  const picture: Mark = MARKS[height][mark];
  const draw = (top: number): void => {
    picture.forEach((row, y) => {
      rows[top + y] = (rows[top + y] as number) | bits(row);
    });
  };
  if (mark === 'cedilla') {
    draw(layout.baseLine);
  } else if (letter === letter.toLowerCase()) {
    rows.fill(0, 0, layout.smallTop); // the dot of the i
    draw(mark === 'ring' ? 0 : layout.smallMarkTop);
  } else {
    const kept = [...rows.subarray(0, layout.baseLine)].filter((_, y) => !layout.capitalCuts.includes(y));
    rows.fill(0, 0, layout.baseLine);
    rows.set(kept.slice(layout.capitalTop), layout.capitalTop + layout.capitalCuts.length);
    draw(0);
  }
  return rows;
}
