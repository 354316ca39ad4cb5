/** Pictures of the screen as PNG files: at the end of the run, or when so many instructions have retired. */
import { closeSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Pc } from '@longmode/pc';
import { encodePng, enlarge } from '@longmode/vga';
import type { Screenshot } from './options.ts';
import { openForWriting } from './serial-port.ts';
import type { Milestone } from './session.ts';

/** The screen as a monitor shows it, every dot and scan line. */
export function screenPng(pc: Pc): Uint8Array {
  return encodePng(enlarge(pc.vga.renderFrame()));
}

/** The pictures that a command line asks for. Their files are opened at once, so that a wrong path fails before the run. */
export class Screenshots {
  readonly #open: { readonly shot: Screenshot; readonly file: number }[];

  /** @throws CliError when a file cannot be written */
  constructor(shots: readonly Screenshot[]) {
    this.#open = shots.map((shot) => ({ shot, file: openForWriting(shot.path) }));
  }

  /** When the run has to pause for them, ascending. */
  milestones(pc: () => Pc): Milestone[] {
    return this.#open
      .flatMap(({ shot, file }) => {
        const { path, instructions } = shot;
        if (instructions === undefined) return [];
        return [{ instructions, reach: () => this.#take(file, path, pc()) }];
      })
      .sort((a, b) => a.instructions - b.instructions);
  }

  /** Takes those of the end. @returns the files whose moment has not come, which are gone */
  finish(pc: Pc): string[] {
    const missed: string[] = [];
    for (const { shot, file } of [...this.#open]) {
      if (shot.instructions === undefined) this.#take(file, shot.path, pc);
      else {
        closeSync(file);
        unlinkSync(shot.path);
        missed.push(shot.path);
      }
    }
    this.#open.length = 0;
    return missed;
  }

  #take(file: number, path: string, pc: Pc): void {
    writeFileSync(file, screenPng(pc));
    closeSync(file);
    const at = this.#open.findIndex((open) => open.file === file && open.shot.path === path);
    this.#open.splice(at, 1);
  }
}
