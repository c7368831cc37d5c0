/** Where every module of generated code is made, so that the host of a thread can say how. */

export type ModuleMaker = (bytes: Uint8Array<ArrayBuffer>) => WebAssembly.Module;

let maker: ModuleMaker = (bytes) => new WebAssembly.Module(bytes);

export function makeModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  return maker(bytes);
}

/** For all modules of this thread that are made from now on. */
export function makeModulesWith(own: ModuleMaker): void {
  maker = own;
}
