import { ModuleBuilder } from '@longmode/wasm-encoder';
import { CORE_FUNCTION_TYPES, type CoreFunctionName, type CoreFunctions } from '../interpreter/core-functions.ts';
import { importGuestMemory } from '../interpreter/memory-import.ts';
import { type Unit, UnitWriter } from './unit-function.ts';

/** @returns a module that exports the unit as `unit`; like handlers, it does not import the table */
export function generateUnitModule(unit: Unit, memoryPages: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const core = {} as Record<CoreFunctionName, number>;
  for (const name of Object.keys(CORE_FUNCTION_TYPES) as CoreFunctionName[]) {
    core[name] = module.importFunction('core', name, CORE_FUNCTION_TYPES[name]);
  }
  importGuestMemory(module, memoryPages);
  const { code, index } = module.addFunction({ params: ['i32'], results: ['i32'] }, 'unit');
  new UnitWriter(code, core as CoreFunctions, unit);
  module.export('unit', 'func', index);
  return module.toBytes();
}
