import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { limitModule } from "../../../../src/plugin/runtimes/wasm/module.ts";
import { assemble } from "../../../support/wasm-plugin.ts";

const limit = async (text: string, maxPages = 4) => limitModule(await assemble(text), { maxPages });

/** Instantiates what was written anew; gives the exports. */
async function run(text: string, maxPages?: number) {
  const { bytes } = await limit(text, maxPages);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports as Record<string, CallableFunction>;
}

const GROW = `(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))`;

test.each([
  ["without a maximum", "(memory 1)"],
  ["with a larger one", "(memory 1 100)"],
])("a module's memory %s grows to the limit and no further", async (_, memory) => {
  const { grow } = await run(`(module ${memory} ${GROW})`);
  expect([grow!(3), grow!(1)]).toEqual([1, -1]);
});

test("a module's memory keeps a maximum that is smaller than the limit", async () => {
  const { grow } = await run(`(module (memory 1 2) ${GROW})`);
  expect([grow!(1), grow!(1)]).toEqual([1, -1]);
});

test("a module that needs more memory than it may have is refused", async () => {
  await expect(limit("(module (memory 5))")).rejects.toThrow("needs 1 MB of memory and may have 1 MB");
  await expect(limit("(module (memory 4096))", 1024)).rejects.toThrow("needs 256 MB of memory and may have 64 MB");
});

test.each([
  ["a memory", `(import "env" "memory" (memory 1))`, 'imports the memory "env" "memory"'],
  ["a table", `(import "env" "table" (table 1 funcref))`, 'imports the table "env" "table"'],
  ["a global", `(import "env" "g" (global i32))`, 'imports the global "env" "g"'],
])("a module that imports %s is refused", async (_, text, message) => {
  await expect(limit(`(module ${text})`)).rejects.toThrow(`${message}; only functions can be imported`);
});

test("a module with a shared memory is refused", async () => {
  await expect(limit("(module (memory 1 2 shared))")).rejects.toThrow("has a shared or a 64-bit memory");
});

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const limitBytes = (...bytes: number[]) => limitModule(Uint8Array.from([...HEADER, ...bytes]), { maxPages: 4 });

test("a module with two memories is refused", () => {
  expect(() => limitBytes(5, 5, 2, 0, 1, 0, 1)).toThrow("has 2 memories; one can be held to a limit");
});

test("a module with a 64-bit memory is refused", () => {
  expect(() => limitBytes(5, 3, 1, 4, 1)).toThrow("has a shared or a 64-bit memory");
});

test("a module with types of the engine's heap is refused", () => {
  expect(() => limitBytes(1, 4, 1, 0x5e, 0x7e, 1)).toThrow("has garbage-collected types");
  // A function that takes a reference to a type is none.
  expect(limitBytes(1, 7, 1, 0x60, 1, 0x63, 0x81, 0, 0).functions).toEqual([]);
});

test.each([
  [
    "no module at all",
    () => limitModule(new TextEncoder().encode("#!/bin/sh\n"), { maxPages: 4 }),
    "is no WebAssembly module",
  ],
  ["nothing", () => limitModule(new Uint8Array(), { maxPages: 4 }), "is no WebAssembly module"],
  [
    "a component",
    () => limitModule(Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), { maxPages: 4 }),
    "is no WebAssembly module",
  ],
  ["a section that is cut off", () => limitBytes(5, 9, 1), "is damaged: it ends too early"],
  [
    "a number that has no end",
    () => limitBytes(5, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80),
    "is damaged: a number is too large",
  ],
  ["a name that is no text", () => limitBytes(7, 5, 1, 1, 0xff, 0, 0), "is damaged: a name is not UTF-8"],
])("a module is refused when it is %s", (_, read, message) => {
  expect(read).toThrow(message);
});

test("a module that is cut off or changed anywhere is refused or read, and nothing else happens", async () => {
  const whole = await assemble(
    `(module (import "a" "b" (func)) (memory 1) (func (export "f") (result i32) (i32.const 7)) (data (i32.const 0) "text"))`,
  );
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
      const bytes = cut ? whole.slice(0, at) : whole.slice();
      if (!cut) bytes[at] = byte;
      try {
        limitModule(bytes, { maxPages: 4 });
      } catch (thrown) {
        expect((thrown as Error).constructor.name).toBe("ModuleFault");
      }
    }),
    { numRuns: 500 },
  );
});

test("a module says which functions it exports, and whether it is written for WASI", async () => {
  const wasi = `(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))`;
  const code = `(memory (export "memory") 1) (func (export "_start")) (func (export "go"))`;
  const plain = await limit(`(module ${code})`);
  expect([plain.functions, plain.usesWasi]).toEqual([["_start", "go"], false]);
  const forWasi = await limit(`(module ${wasi} ${code})`);
  expect([forWasi.functions, forWasi.usesWasi]).toEqual([["_start", "go"], true]);
  const module = new WebAssembly.Module(forWasi.bytes);
  // What would run it before its memory is known has another name, and so have the functions of its host.
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(["memory", "aleph:_start", "go"]);
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: "aleph:wasi", name: "proc_exit", kind: "function" }]);
});

test("a module for the WASI before preview 1 is refused", async () => {
  await expect(limit(`(module (import "wasi_unstable" "fd_write" (func)))`)).rejects.toThrow("before preview 1");
});
