import { KERNEL } from './kernel-bytes.ts';

/** What assembly/line-kernel.ts exports; addresses are those of its memory. */
export interface Kernel {
  setUp(columns: number, seedHigh: number, seedLow: number): void;
  scan(table: number, templates: number, at: number, end: number, out: number, outEnd: number): number;
  stoppedAt(): number;
  match(template: number, at: number, row: number): number;
  hashTo(at: number, length: number, into: number): void;
}

// The types of Node do not have it, and those of browsers would bring all of a browser along.
interface Memory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => Memory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Of lines at a time: small enough to stay in the cache between reading them and looking at them. */
export const BLOCK_BYTES = 512 * 1024;

const PAGE_BYTES = 64 * 1024;

/** Compiled when it is first asked for: most commands read little, and need it for nothing. */
let module: object | null = null;

/** A kernel with a memory of its own, which never grows: views of it stay valid. */
export function newKernel(bytes: number): { readonly kernel: Kernel; readonly memory: ArrayBuffer } {
  module ??= new WebAssembly.Module(Buffer.from(KERNEL, 'base64'));
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { kernel: exports as Kernel, memory: memory.buffer };
}
