import { generateCoreModule } from './core-module.ts';
import { generateHandlerModule } from './handler-registry.ts';
import { inlineHandlers } from './hot-shapes.ts';
import { type Prebuilt, prebuild } from './prebuilt.ts';
import type { Shape } from './shape.ts';

/**
 * Generates what the build stores in place of `prebuilt.ts`: the core module and a module of handlers.
 *
 * @param shapes what guests made a CPU make (`Cpu.shapesMade`)
 */
export function prebuildInterpreter(shapes: readonly Shape[]): Prebuilt {
  const handlers = inlineHandlers();
  const core = generateCoreModule({ memoryPages: 1, inlineHandlers: handlers });
  return prebuild({ inlineHandlers: handlers, core, shapes, handlers: generateHandlerModule(shapes, 1) });
}
