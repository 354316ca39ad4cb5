import { generateCoreModule } from './core-module.ts';
import type { PrebuiltHandlers } from './handler-registry.ts';
import { inlineHandlers } from './hot-shapes.ts';
import { fitMemoryImport } from './memory-import.ts';
import { decodeBase64, PREBUILT } from './prebuilt.ts';

/** The modules that every CPU with the same size of memory shares. */
export interface InterpreterModules {
  readonly core: WebAssembly.Module;
  readonly inlineKeys: readonly string[];
  /** Handlers made ahead of time. */
  readonly prebuilt?: PrebuiltHandlers;
}

const modules = new Map<number, InterpreterModules>();

/** @returns the interpreter's modules for a memory size, from what the build left if it left any, else generated */
export function interpreterModules(memoryPages: number): InterpreterModules {
  let found = modules.get(memoryPages);
  if (found === undefined) {
    found = PREBUILT === undefined ? generate(memoryPages) : load(PREBUILT, memoryPages);
    modules.set(memoryPages, found);
  }
  return found;
}

function generate(memoryPages: number): InterpreterModules {
  const handlers = inlineHandlers();
  const bytes = generateCoreModule({ memoryPages, inlineHandlers: handlers });
  return { core: new WebAssembly.Module(bytes), inlineKeys: handlers.map(({ key }) => key) };
}

function load(prebuilt: NonNullable<typeof PREBUILT>, memoryPages: number): InterpreterModules {
  const compile = (text: string): WebAssembly.Module => {
    const bytes = decodeBase64(text);
    fitMemoryImport(bytes, memoryPages);
    return new WebAssembly.Module(bytes);
  };
  let handlers: WebAssembly.Module | undefined;
  const module = (): WebAssembly.Module => {
    handlers ??= compile(prebuilt.handlers);
    return handlers;
  };
  const { inlineKeys, shapeKeys } = prebuilt;
  return { core: compile(prebuilt.core), inlineKeys, prebuilt: { shapeKeys, module } };
}
