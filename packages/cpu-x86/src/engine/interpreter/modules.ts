import { generateCoreModule } from './core-module.ts';
import type { PrebuiltHandlers } from './handler-registry.ts';
import { inlineHandlers } from './hot-shapes.ts';
import { decodeBase64, PREBUILT } from './prebuilt.ts';

/** The modules that every CPU of the process shares. */
export interface InterpreterModules {
  readonly core: WebAssembly.Module;
  readonly inlineKeys: readonly string[];
  /** Handlers made ahead of time. */
  readonly prebuilt?: PrebuiltHandlers;
}

let modules: InterpreterModules | undefined;

/** @returns the interpreter's modules, from the build if it left any, else generated at the first call */
export function interpreterModules(): InterpreterModules {
  if (modules !== undefined) return modules;
  if (PREBUILT === undefined) {
    const handlers = inlineHandlers();
    const core = new WebAssembly.Module(generateCoreModule({ inlineHandlers: handlers }));
    modules = { core, inlineKeys: handlers.map(({ key }) => key) };
  } else {
    const { inlineKeys, shapeKeys, handlers } = PREBUILT;
    let handlerModule: WebAssembly.Module | undefined;
    const module = (): WebAssembly.Module => {
      handlerModule ??= new WebAssembly.Module(decodeBase64(handlers));
      return handlerModule;
    };
    modules = {
      core: new WebAssembly.Module(decodeBase64(PREBUILT.core)),
      inlineKeys,
      prebuilt: { shapeKeys, module },
    };
  }
  return modules;
}
