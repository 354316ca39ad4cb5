/** The live display: the guest's screen, below it what COM1 says, and a status line. */
import type { Pc, SerialLog } from '@longmode/pc';
import { changedRectangles, type Frame } from '@longmode/vga';
import { hostTimeMs } from '../host-time.ts';
import type { ColorDepth } from './colors.ts';
import { hideImage, type ImageProtocol, showImage } from './images.ts';
import { aspectOf, graphicsRows, pictureSize, textRow, usedRows } from './picture.ts';
import { plainLines } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

/** Wall time between two pictures at least, in milliseconds. */
const FRAME_INTERVAL_MS = 33;
/** Pictures may take one part in so many of the time. */
const PAINT_SHARE = 5;
/** Rows that the pane for COM1 needs to be worth showing, its title included. */
const PANE_ROWS_MIN = 3;

/** What a display shows. */
export interface DisplayDependencies {
  readonly terminal: Terminal;
  readonly pc: Pc;
  readonly depth: ColorDepth;
  /** How the terminal takes pictures; null for half blocks. */
  readonly images: ImageProtocol | null;
  /** What COM1 has said, or null for no pane. */
  readonly serial: SerialLog | null;
  /** The text of the status line. */
  readonly status: () => string;
}

/** Draws what has changed since the last picture, line by line. */
export class Display {
  readonly #d: DisplayDependencies;
  #lines: string[] = [];
  #changeCount = -1;
  #serialBytes = -1;
  #lastPaint = Number.NEGATIVE_INFINITY;
  /** Wall time that the last picture took, in milliseconds. */
  #cost = 0;
  /** The graphics picture that the terminal shows. */
  #shown: Frame | undefined;
  /** Its lines, in half blocks. */
  #rows: string[] = [];
  #cursor = '';
  #output = '';
  /** Goes out behind the lines, which would cover it. */
  #image = '';

  constructor(dependencies: DisplayDependencies) {
    this.#d = dependencies;
  }

  /** Everything is drawn anew at the next picture. */
  invalidate(): void {
    this.#lines = [];
    this.#shown = undefined;
    this.#cursor = '';
    this.#lastPaint = Number.NEGATIVE_INFINITY;
  }

  /** Takes away what the terminal does not take away by itself when it gets its own screen back. */
  close(): void {
    const { images, terminal } = this.#d;
    if (images !== null && this.#shown !== undefined) terminal.write(hideImage(images));
  }

  /** Draws a picture if it is time for one and the terminal has taken the last. @param now `hostTimeMs()` */
  update(now: number): void {
    const interval = Math.max(FRAME_INTERVAL_MS, PAINT_SHARE * this.#cost);
    if (now - this.#lastPaint < interval || !this.#d.terminal.isDrained) return;
    this.paint(now);
    this.#cost = hostTimeMs() - now;
  }

  /** Draws a picture. */
  paint(now: number): void {
    this.#lastPaint = now;
    const { terminal, pc, depth, serial } = this.#d;
    const { columns, rows } = terminal;
    const visible = Math.max(1, rows - 1);
    const serialBytes = serial?.totalBytes ?? 0;
    const isChanged = pc.vga.changeCount !== this.#changeCount || pc.vga.isExtended;
    if (isChanged || this.#lines.length !== rows || serialBytes !== this.#serialBytes) {
      this.#changeCount = pc.vga.changeCount;
      this.#serialBytes = serialBytes;
      this.#drawLines(this.#picture(columns, visible), visible);
    }
    const status = this.#d.status().slice(0, columns).padEnd(columns);
    this.#drawLine(rows - 1, depth === 1 ? status : `\x1b[0;7m${status}\x1b[0m`);
    this.#flush();
  }

  #picture(columns: number, visible: number): string[] {
    const { pc, depth, serial } = this.#d;
    const screen = pc.vga.textScreen();
    let lines: string[];
    let cursor = '\x1b[?25l';
    if (screen.rows > 0) {
      const used = Math.max(usedRows(screen)?.last ?? 0, screen.cursor.isVisible ? screen.cursor.row : 0);
      const shown = Math.min(screen.rows, visible);
      const first = Math.max(0, Math.min(used - shown + 1, screen.rows - shown));
      lines = Array.from({ length: shown }, (_, row) => textRow(screen, first + row, columns, depth));
      const { row, column, isVisible, startScanLine } = screen.cursor;
      if (isVisible && !screen.isBlanked && row >= first && row < first + shown && column < columns) {
        const isBlock = startScanLine < screen.characterHeight / 2;
        cursor = `\x1b[${row - first + 1};${column + 1}H\x1b[${isBlock ? 1 : 3} q\x1b[?25h`;
      }
      this.#clearGraphics();
    } else lines = this.#graphics(columns, visible);
    this.#cursor = cursor;
    const room = visible - lines.length;
    if (serial === null || room < PANE_ROWS_MIN) return lines;
    const title = '── COM1 '.padEnd(Math.min(columns, 80), '─').slice(0, columns);
    const tail = plainLines(serial.tail(room * columns * 2), columns).slice(-(room - 1));
    return [...lines, depth === 1 ? title : `\x1b[0;2m${title}\x1b[0m`, ...tail];
  }

  /** A graphics picture: the lines of it, or blank ones under an image that is sent if it has changed. */
  #graphics(columns: number, visible: number): string[] {
    const { pc, depth, images } = this.#d;
    if (images === null && depth < 8) {
      return ['The guest is in a graphics mode, which needs a terminal with 256 colours.'];
    }
    const frame = pc.vga.renderFrame();
    const aspect = aspectOf(frame, pc.vga.isExtended);
    const isSame = this.#shown !== undefined && changedRectangles(this.#shown, frame).length === 0;
    if (images === null) {
      if (!isSame) this.#rows = graphicsRows(frame, columns, visible, depth, aspect);
      this.#shown = frame;
      return this.#rows;
    }
    const { width, height } = pictureSize(columns, visible, aspect);
    const rows = Math.ceil(height / 2);
    if (!isSame && width > 0 && rows > 0) {
      if (this.#shown === undefined) this.#eraseAll();
      this.#image = `\x1b[1;1H${showImage(frame, images, { columns: width, rows })}`;
    }
    this.#shown = frame;
    return Array.from({ length: rows }, () => '');
  }

  /** Text takes the place of a graphics picture, all over it. */
  #clearGraphics(): void {
    const { images } = this.#d;
    if (this.#shown === undefined) return;
    this.#shown = undefined;
    this.#image = '';
    if (images === null) return;
    this.#output += hideImage(images);
    this.#eraseAll();
  }

  #eraseAll(): void {
    this.#output += '\x1b[0m\x1b[2J';
    this.#lines = [];
  }

  #drawLines(lines: readonly string[], count: number): void {
    for (let row = 0; row < count; row++) this.#drawLine(row, lines[row] ?? '');
  }

  #drawLine(row: number, line: string): void {
    if (this.#lines[row] === line) return;
    this.#lines[row] = line;
    this.#output += `\x1b[${row + 1};1H${line}\x1b[0m\x1b[K`;
  }

  #flush(): void {
    this.#output += this.#image;
    this.#image = '';
    if (this.#output === '') return;
    // Synchronized update: terminals that know it show the picture as a whole.
    this.#d.terminal.write(`\x1b[?2026h\x1b[?25l${this.#output}${this.#cursor}\x1b[?2026l`);
    this.#output = '';
  }
}
