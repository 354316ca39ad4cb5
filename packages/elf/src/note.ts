import { PT_NOTE, SHT_NOTE } from './constants.ts';
import { type Elf, readerOf, sectionBytes, segmentBytes } from './elf.ts';
import { ElfError } from './error.ts';
import type { ElfSection } from './section.ts';
import type { ElfSegment } from './segment.ts';

/** One note. */
export interface ElfNote {
  /** Who defined the type, for example `GNU`; without the zero at its end. */
  readonly name: string;
  readonly type: number;
  /** A view of the descriptor's bytes. */
  readonly descriptor: Uint8Array;
  /** File offset of the note, bytes. */
  readonly offset: number;
}

/**
 * Reads the notes of one segment or section.
 *
 * @param elf the image
 * @param container a segment of type `PT_NOTE` or a section of type `SHT_NOTE`
 * @returns the notes in the file's order
 * @throws ElfError `truncated`, `bad-note`
 * @source gABI "Note Section"; the words have 32 bits in both classes, padding is 8 bytes only where the alignment is
 */
export function readNotesIn(elf: Elf, container: ElfSegment | ElfSection): ElfNote[] {
  const isSegment = 'virtualAddress' in container;
  const bytes = isSegment ? segmentBytes(elf, container) : sectionBytes(elf, container);
  const alignment = container.alignment === 8n ? 8 : 4;
  const reader = readerOf(elf);
  const base = bytes.byteOffset - elf.bytes.byteOffset;
  const notes: ElfNote[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const at = base + offset;
    if (bytes.length - offset < 12) throw badNote(at, '12 bytes of header', bytes.length - offset);
    const nameSize = reader.u32(at);
    const descriptorSize = reader.u32(at + 4);
    const descriptorStart = alignUp(offset + 12 + nameSize, alignment);
    const end = descriptorStart + descriptorSize;
    // The last note of a container may lack its padding.
    if ((descriptorSize > 0 ? end : offset + 12 + nameSize) > bytes.length) {
      throw badNote(at, `a name of ${nameSize} and a descriptor of ${descriptorSize} bytes`, bytes.length - offset);
    }
    notes.push({
      name: noteName(bytes.subarray(offset + 12, offset + 12 + nameSize)),
      type: reader.u32(at + 8),
      descriptor: bytes.subarray(descriptorStart, end),
      offset: at,
    });
    offset = alignUp(end, alignment);
  }
  return notes;
}

/**
 * Reads every note of the file once: those of the segments, or those of the sections if there are no segments.
 *
 * @param elf the image
 * @returns the notes in the tables' order
 * @throws ElfError as {@link readNotesIn}, and `too-large` if the containers together exceed twice the file's size
 */
export function readNotes(elf: Elf): ElfNote[] {
  const segments = elf.segments.filter((segment) => segment.type === PT_NOTE);
  const containers = segments.length > 0 ? segments : elf.sections.filter((section) => section.type === SHT_NOTE);
  const notes: ElfNote[] = [];
  let budget = 2 * elf.bytes.length;
  for (const container of containers) {
    const bytes = 'virtualAddress' in container ? segmentBytes(elf, container) : sectionBytes(elf, container);
    budget -= bytes.length;
    if (budget < 0) {
      const offset = bytes.byteOffset - elf.bytes.byteOffset;
      const expected = 'note areas that together are at most twice as long as the file';
      throw new ElfError({ code: 'too-large', offset, what: 'notes', expected, found: 'more' });
    }
    for (const note of readNotesIn(elf, container)) notes.push(note);
  }
  return notes;
}

/**
 * The build identity that a linker left in the file.
 *
 * @param elf the image
 * @returns lower-case hexadecimal digits, or null
 * @throws ElfError as {@link readNotes}
 */
export function readBuildId(elf: Elf): string | null {
  const NT_GNU_BUILD_ID = 3;
  const note = readNotes(elf).find((candidate) => candidate.name === 'GNU' && candidate.type === NT_GNU_BUILD_ID);
  if (note === undefined) return null;
  return Array.from(note.descriptor, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function noteName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode((end < 0 ? bytes : bytes.subarray(0, end)).slice());
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function badNote(offset: number, expected: string, left: number): ElfError {
  const found = `${left} bytes before the end of the notes`;
  return new ElfError({ code: 'bad-note', offset, what: 'note', expected, found });
}
