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

function encodeBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** Decodes what `prebuild` encoded. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
