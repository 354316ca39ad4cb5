import type { InlineHandler } from './inline-handlers.ts';
import type { Shape } from './shape.ts';

/**
 * Modules made ahead of time, so that starting up need not generate them: the core module, and one with the out-of-line
 * handlers that common guests use.
 */
export interface Prebuilt {
  /** Keys of the core module's inline handlers, in their order. */
  readonly inlineKeys: readonly string[];
  /** The core module, base64. */
  readonly core: string;
  /** Keys of the shapes in the handler module: `h0`, `h1`, ... */
  readonly shapeKeys: readonly string[];
  /** The handler module, base64. */
  readonly handlers: string;
}

/**
 * In the sources there is none, and everything is generated at start; the build replaces this module in `dist` by one whose
 * value was generated from `dist` itself.
 */
export const PREBUILT: Prebuilt | undefined = undefined;

/** Makes the value that the build stores. */
export function prebuild(parts: {
  readonly inlineHandlers: readonly InlineHandler[];
  readonly core: Uint8Array;
  readonly shapes: readonly Shape[];
  readonly handlers: Uint8Array;
}): Prebuilt {
  return {
    inlineKeys: parts.inlineHandlers.map(({ key }) => key),
    core: encodeBase64(parts.core),
    shapeKeys: parts.shapes.map(({ key }) => key),
    handlers: encodeBase64(parts.handlers),
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let shift = 18; shift >= 0; shift -= 6) text += ALPHABET[(word >> shift) & 63];
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  return text.slice(0, text.length - padding) + '='.repeat(padding);
}

/** Decodes what `prebuild` encoded. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[ALPHABET.charCodeAt(i)] = i;
  const bytes = new Uint8Array(Math.floor((text.replace(/=+$/, '').length * 3) / 4));
  for (let i = 0, at = 0; at < bytes.length; i += 4) {
    let word = 0;
    for (let j = 0; j < 4; j++) word = (word << 6) | (values[text.charCodeAt(i + j) & 127] as number);
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = (word >> shift) & 0xff;
  }
  return bytes;
}
