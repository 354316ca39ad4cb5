export { ByteWriter } from './byte-writer.ts';
export { type BlockType, CodeBuilder, type Label } from './code-builder.ts';
export { type DefinedFunction, ModuleBuilder } from './module-builder.ts';
export type { MemoryOpcode, Opcode, VectorOpcode } from './opcodes.ts';
export type { ExportKind } from './sections/export-section.ts';
export type { GlobalDefinition } from './sections/global-section.ts';
export type { FuncType, Limits, ValType } from './types.ts';
