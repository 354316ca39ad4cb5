import { ModuleBuilder } from '@longmode/wasm-encoder';

let module: WebAssembly.Module | undefined;

/** @returns a function of WebAssembly, as tables want them, that calls one of TypeScript */
export function tableFunction(call: (record: number) => number): (record: number) => number {
  if (module === undefined) {
    const builder = new ModuleBuilder();
    const type = { params: ['i32'], results: ['i32'] } as const;
    const imported = builder.importFunction('host', 'call', type);
    const { code, index } = builder.addFunction(type, 'call');
    code.localGet(0).call(imported);
    builder.export('call', 'func', index);
    module = new WebAssembly.Module(builder.toBytes());
  }
  return new WebAssembly.Instance(module, { host: { call } }).exports.call as (record: number) => number;
}
