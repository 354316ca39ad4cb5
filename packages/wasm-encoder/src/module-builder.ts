import { ByteWriter } from './byte-writer.ts';
import { CodeBuilder } from './code-builder.ts';
import { CodeSection } from './sections/code-section.ts';
import { DataSection } from './sections/data-section.ts';
import { ElementSection } from './sections/element-section.ts';
import { type ExportKind, ExportSection } from './sections/export-section.ts';
import { FunctionSection } from './sections/function-section.ts';
import { type GlobalDefinition, GlobalSection } from './sections/global-section.ts';
import { ImportSection } from './sections/import-section.ts';
import { MemorySection } from './sections/memory-section.ts';
import { NameSection } from './sections/name-section.ts';
import { TableSection } from './sections/table-section.ts';
import { TypeSection } from './sections/type-section.ts';
import type { FuncType, Limits, ValType } from './types.ts';

interface Section {
  readonly count: number;
  write(out: ByteWriter): void;
}

/** A function of the module: its index for `call`, `export` and `element`, and its body to be written. */
export interface DefinedFunction {
  readonly index: number;
  readonly code: CodeBuilder;
}

/**
 * A WebAssembly module under construction. Import before you define: imports come first in each index space, and
 * importing a function after one was defined throws.
 *
 * @source WebAssembly Core Specification 2.0, "Binary Format: Modules"
 */
export class ModuleBuilder {
  readonly #types = new TypeSection();
  readonly #imports = new ImportSection();
  readonly #functions = new FunctionSection();
  readonly #tables = new TableSection();
  readonly #memories = new MemorySection();
  readonly #globals = new GlobalSection();
  readonly #exports = new ExportSection();
  readonly #elements = new ElementSection();
  readonly #code = new CodeSection();
  readonly #data = new DataSection();
  readonly #names = new NameSection();

  /** @returns the index of a function type, for `callIndirect` and multi-value blocks */
  typeIndex(type: FuncType): number {
    return this.#types.indexOf(type.params, type.results);
  }

  /** @returns the function's index */
  importFunction(module: string, name: string, type: FuncType): number {
    if (this.#functions.count > 0) throw new Error(`import ${module}.${name} after a function was defined`);
    const index = this.#imports.add(module, name, { kind: 'func', typeIndex: this.typeIndex(type) });
    this.#names.nameFunction(index, name);
    return index;
  }

  importMemory(module: string, name: string, limits: Limits): number {
    return this.#imports.add(module, name, { kind: 'memory', limits });
  }

  importTable(module: string, name: string, limits: Limits): number {
    return this.#imports.add(module, name, { kind: 'table', limits });
  }

  importGlobal(module: string, name: string, type: ValType, mutable: boolean): number {
    return this.#imports.add(module, name, { kind: 'global', type, mutable });
  }

  /**
   * Defines a function; its body may be written at any time before `toBytes`.
   *
   * @param name for the name section
   * @param code a body that was begun before, of a function with these parameters
   */
  addFunction(type: FuncType, name?: string, code: CodeBuilder = new CodeBuilder(type.params)): DefinedFunction {
    const position = this.#functions.add(this.typeIndex(type));
    const index = this.#imports.countOf('func') + position;
    this.#code.set(position, code);
    if (name !== undefined) this.#names.nameFunction(index, name);
    return { index, code };
  }

  addTable(limits: Limits): number {
    return this.#imports.countOf('table') + this.#tables.add(limits);
  }

  addMemory(limits: Limits): number {
    return this.#imports.countOf('memory') + this.#memories.add(limits);
  }

  addGlobal(definition: GlobalDefinition): number {
    return this.#imports.countOf('global') + this.#globals.add(definition);
  }

  export(name: string, kind: ExportKind, index: number): void {
    this.#exports.add(name, kind, index);
  }

  /** Fills table 0 from `offset` at instantiation. */
  addElements(offset: number, functionIndexes: readonly number[]): void {
    this.#elements.add(offset, functionIndexes);
  }

  /** Fills memory 0 from `offset` at instantiation. */
  addData(offset: number, bytes: Uint8Array): void {
    this.#data.add(offset, bytes);
  }

  /** @returns the module's bytes, ready for `new WebAssembly.Module` */
  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter(4096);
    out.append(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
    const sections: [number, Section][] = [
      [TypeSection.id, this.#types],
      [ImportSection.id, this.#imports],
      [FunctionSection.id, this.#functions],
      [TableSection.id, this.#tables],
      [MemorySection.id, this.#memories],
      [GlobalSection.id, this.#globals],
      [ExportSection.id, this.#exports],
      [ElementSection.id, this.#elements],
      [CodeSection.id, this.#code],
      [DataSection.id, this.#data],
    ];
    for (const [id, section] of sections) {
      if (section.count === 0) continue;
      const content = new ByteWriter(1024).u32(section.count);
      section.write(content);
      out.byte(id).u32(content.length).append(content.view());
    }
    if (this.#names.count > 0) {
      const content = new ByteWriter(1024);
      this.#names.write(content);
      out.byte(0).u32(content.length).append(content.view());
    }
    return out.toBytes();
  }
}
