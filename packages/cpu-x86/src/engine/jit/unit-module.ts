import { CodeBuilder, ModuleBuilder } from '@longmode/wasm-encoder';
import { ImportedCoreFunctions } from '../interpreter/core-functions.ts';
import { importGuestMemory } from '../interpreter/memory-import.ts';
import { type Unit, UnitWriter } from './unit-function.ts';

/** @returns a module that exports the unit as `unit`; like handlers, it does not import the table */
export function generateUnitModule(unit: Unit, memoryPages: number): Uint8Array<ArrayBuffer> {
  const core = new ImportedCoreFunctions();
  const code = new CodeBuilder(['i32'], 4096);
  new UnitWriter(code, core.functions, unit);
  const module = new ModuleBuilder();
  core.addTo(module);
  importGuestMemory(module, memoryPages);
  module.export('unit', 'func', module.addFunction({ params: ['i32'], results: ['i32'] }, 'unit', code).index);
  return module.toBytes();
}
