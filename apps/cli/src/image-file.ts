/** Files as images: opened without being read, so that a disk of any size costs no memory. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { ImageSource, WritableImage } from '@longmode/pc';
import { CliError, EXIT_UNREADABLE, usageError } from './exit-code.ts';

/** An open image. */
export interface ImageFile {
  /** For messages. */
  readonly name: string;
  /** Has `write` if the file was opened for writing. */
  readonly source: ImageSource | WritableImage;
  /** Which file it is, whatever its name; null for what is not one. */
  readonly identity: string | null;
  close(): void;
}

/** What is read at most from a pipe, whose size nobody knows beforehand. */
const PIPE_SIZE_MAX_BYTES = 256 * 2 ** 20;
const PIPE_CHUNK_BYTES = 2 ** 16;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory; give a kernel or a disk image',
};

/**
 * Opens an image for reading, and for writing if wanted.
 *
 * @param path a file, or `-` for standard input
 * @throws CliError with exit code 66; 64 for something to be written that is no file
 */
export function openImage(path: string, isWritable = false): ImageFile {
  if (path === '-' && isWritable) throw usageError('--writable: standard input cannot be written');
  if (path === '-') {
    if (process.stdin.isTTY) throw usageError('standard input is a terminal; pipe an image into it, or name a file');
    return inMemory('standard input', readPipe(0, 'standard input'));
  }
  const file = attempt(path, () => openSync(path, isWritable ? 'r+' : 'r'));
  const stat = attempt(path, () => fstatSync(file));
  if (stat.isFIFO() || stat.isSocket()) {
    const bytes = readPipe(file, path);
    closeSync(file);
    return inMemory(path, bytes);
  }
  if (!stat.isFile()) {
    closeSync(file);
    throw unreadable(path, stat.isDirectory() ? (REASONS.EISDIR as string) : 'it is a device, not a file');
  }
  return {
    name: path,
    source: {
      sizeBytes: stat.size,
      read: (offset, sizeBytes) => readAt(file, offset, sizeBytes),
      ...(isWritable
        ? { write: (offset: number, bytes: Uint8Array) => writeAt(file, offset, bytes), flush: () => flush(file) }
        : {}),
    },
    identity: `${stat.dev}:${stat.ino}`,
    close: () => closeSync(file),
  };
}

/** Reads a whole file. @throws CliError with exit code 66 */
export function readFile(path: string, limitBytes: number): Uint8Array {
  const image = openImage(path);
  const { sizeBytes } = image.source;
  if (sizeBytes > limitBytes) throw unreadable(path, `it has ${sizeBytes} bytes, more than ${limitBytes}`);
  const bytes = image.source.read(0, sizeBytes);
  image.close();
  return bytes;
}

function inMemory(name: string, bytes: Uint8Array): ImageFile {
  const read = (offset: number, sizeBytes: number): Uint8Array => bytes.subarray(offset, offset + sizeBytes);
  return { name, source: { sizeBytes: bytes.length, read }, identity: null, close: () => {} };
}

/** Fewer bytes than asked for, where the file has shrunk or the medium fails. */
function readAt(file: number, offset: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let done = 0;
  try {
    while (done < sizeBytes) {
      const count = readSync(file, bytes, done, sizeBytes - done, offset + done);
      if (count === 0) break;
      done += count;
    }
  } catch {
    // A read error: what has been read counts.
  }
  return bytes.subarray(0, done);
}

/**
 * Writes whole sectors, one system call for all of them: that copies page by page, and a process that is killed meanwhile is
 * stopped between two pages, so that a sector is old or new and never a mixture.
 */
function writeAt(file: number, offset: number, bytes: Uint8Array): boolean {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(file, bytes, done, bytes.length - done, offset + done);
    }
    return true;
  } catch {
    return false; // No room, or a medium that fails: the guest is told.
  }
}

function flush(file: number): boolean {
  try {
    fsyncSync(file);
    return true;
  } catch {
    return false;
  }
}

function readPipe(file: number, name: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = new Uint8Array(PIPE_CHUNK_BYTES);
    const count = attempt(name, () => readWaiting(file, chunk));
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    size += count;
    if (size > PIPE_SIZE_MAX_BYTES)
      throw unreadable(name, `more than ${PIPE_SIZE_MAX_BYTES} bytes; write it to a file`);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Reads from a pipe that may be set not to block. */
function readWaiting(file: number, chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(file, chunk, 0, chunk.length, null);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw unreadable(path, REASONS[code] ?? message);
  }
}

function unreadable(path: string, why: string): CliError {
  return new CliError(EXIT_UNREADABLE, `${path}: ${why}`);
}
