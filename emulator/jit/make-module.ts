/** Where every module of generated code is made, so that the host of a thread can say how. */

export type ModuleMaker = (bytes: Uint8Array<ArrayBuffer>) => WebAssembly.Module;

/** A module that every machine like this one has, and what it exports. */
export interface FixedModule {
  wire: Uint8Array<ArrayBuffer>;
  module: WebAssembly.Module;
  calls: CallableFunction[];
}

let maker: ModuleMaker = (bytes) => new WebAssembly.Module(bytes);

export function makeModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  return maker(bytes);
}

/** For all modules of this thread that are made from now on. */
export function makeModulesWith(own: ModuleMaker): void {
  maker = own;
}
