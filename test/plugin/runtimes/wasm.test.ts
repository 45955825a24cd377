import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createWasmRuntime } from "../../../src/plugin/runtimes/wasm.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { OutboundRequest, ProcessHost } from "../../../src/sdk/runtime.ts";
import { refusal } from "../../support/config.ts";
import { testFolder } from "../../support/folder.ts";
import { BARE_MANIFEST } from "../../support/plugins.ts";
import { until } from "../../support/until.ts";
import { assemble, countVowels, startWasmPlugin, type WasmPluginOptions } from "../../support/wasm-plugin.ts";

const wat = async (name: string) => assemble(await Bun.file(join(import.meta.dir, "../../support/wasm", name)).text());

const TEXT_TOOL = {
  name: "count_vowels",
  description: "Counts",
  handler: "count_vowels",
  parameters: { type: "object", properties: { input: { type: "string" } } },
};

async function started(options: Partial<WasmPluginOptions> = {}) {
  const folder = await testFolder();
  const plugin = await startWasmPlugin(folder.path, {
    ...options,
    module: options.module ?? (await wat("attacks.wat")),
  });
  return {
    ...plugin,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await plugin[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const failed = (message: string, code = "handler") => ({
  reason: "plugin_error",
  message,
  data: { plugin: "sample", code },
});

test("wasm plugins run the example that Extism's kits ship as it is, which keeps a variable between calls", async () => {
  await using plugin = await started({ module: await countVowels(), manifest: { tools: [TEXT_TOOL] } });
  expect(await plugin.call("count_vowels", { input: "Hello, World!" })).toEqual({
    count: 3,
    total: 3,
    vowels: "aeiouAEIOU",
  });
  expect(await plugin.call("count_vowels", "aei")).toEqual({ count: 3, total: 6, vowels: "aeiouAEIOU" });
});

test("wasm plugins read config values: the variables that they were granted", async () => {
  await using plugin = await started({ module: await countVowels(), host: { env: { vowels: "xyz" } } });
  expect(await plugin.call("count_vowels", "Hello xyz")).toEqual({ count: 3, total: 3, vowels: "xyz" });
});

test("wasm plugins give a stream of one value", async () => {
  await using plugin = await started();
  const values = [];
  const signal = new AbortController().signal;
  for await (const value of plugin.process.stream({ handler: "ok", args: null, signal })) values.push(value);
  expect(values).toEqual([100000007]);
});

test("wasm plugins that loop are ended after the time limit, and the next call finds a new process", async () => {
  // The new process has to start within it, too.
  await using plugin = await started({ limits: { timeoutMs: 1500 } });
  const before = plugin.process.pid;
  const looping = refusal(() => plugin.call("spin"));
  // Has not begun, so it is not hurt.
  const behind = plugin.call("ok");
  expect(await looping).toEqual({
    reason: "timeout",
    message: 'Plugin "sample" gave no answer within 1500 ms and was ended',
    data: { plugin: "sample" },
  });
  expect(await behind).toBe(100000007);
  expect(plugin.process.pid).not.toBe(before);
  await until(() => !isAlive(before));
});

test("wasm plugins have the time that a call names instead of the limit", async () => {
  await using plugin = await started();
  expect((await refusal(() => plugin.call("spin", null, { timeoutMs: 200 }))).message).toContain("within 200 ms");
});

test("wasm plugins are ended when the call is cancelled, and a call that waits leaves without an effect", async () => {
  await using plugin = await started();
  const [first, second] = [new AbortController(), new AbortController()];
  const looping = refusal(() => plugin.call("spin", null, { signal: first.signal }));
  const waiting = refusal(() => plugin.call("ok", null, { signal: second.signal }));
  const last = plugin.call("ok");
  second.abort();
  expect((await waiting).reason).toBe("cancelled");
  first.abort();
  expect((await looping).reason).toBe("cancelled");
  expect(await last).toBe(100000007);
  expect((await refusal(() => plugin.call("ok", null, { signal: AbortSignal.abort() }))).reason).toBe("cancelled");
});

test("wasm plugins may have so many calls waiting, and no more", async () => {
  await using plugin = await started();
  const stop = new AbortController();
  const calls = Array.from({ length: 256 }, () => refusal(() => plugin.call("spin", null, { signal: stop.signal })));
  expect((await refusal(() => plugin.call("ok"))).reason).toBe("overloaded");
  stop.abort();
  expect(new Set((await Promise.all(calls)).map(({ reason }) => reason))).toEqual(new Set(["cancelled"]));
  expect(await plugin.call("ok")).toBe(100000007);
});

test("wasm plugins get the memory of the limit and no page more, again and again", async () => {
  await using plugin = await started({ limits: { memoryBytes: 256 * 2 ** 20 } });
  expect(await plugin.call("grow")).toBe(100004081);
  for (let times = 0; times < 5; times++) {
    expect(await refusal(() => plugin.call("grow_and_trap"))).toEqual(
      failed("trapped: Unreachable code should not be executed"),
    );
  }
  expect(await plugin.call("grow")).toBe(100004081);
});

test("wasm plugins cannot take memory by way of Extism's blocks", async () => {
  await using plugin = await started();
  const overLimit = failed("The module is over its memory limit");
  expect(await refusal(() => plugin.call("alloc_large"))).toEqual(overLimit);
  expect(await refusal(() => plugin.call("alloc_once"))).toEqual(overLimit);
  expect(await refusal(() => plugin.call("alloc_small"))).toEqual(
    failed("The module made more than 32000 blocks in one call"),
  );
  expect(await refusal(() => plugin.call("variables"))).toEqual(
    failed("The module is over the limit of its variables"),
  );
  expect(await plugin.call("alloc_and_free")).toBe(100000500);
});

test.skipIf(process.platform !== "linux")(
  "wasm plugins are ended when the engine's own memory grows without end",
  async () => {
    await using plugin = await started({ limits: { memoryBytes: 2 ** 20 }, module: await tableBomb() });
    expect(await refusal(() => plugin.call("tables"))).toEqual(
      failed('Plugin "sample" was ended: it is over its memory limit', "crashed"),
    );
    expect(await plugin.process.exited).toEqual({ reason: "killed: over its memory limit" });
    expect(await refusal(() => plugin.call("ok"))).toEqual(
      failed('Plugin "sample" ended before the call: killed: over its memory limit', "crashed"),
    );
  },
);

/** Many tables, each of which may be large. */
async function tableBomb(): Promise<Uint8Array> {
  const names = Array.from({ length: 60 }, (_, index) => `$t${index}`);
  const grow = names.map((name) => `(drop (table.grow ${name} (ref.null func) (i32.const 5000000)))`);
  return assemble(
    `(module ${names.map((name) => `(table ${name} 1 funcref)`).join("")} (func (export "tables") ${grow.join("")} (loop $on (br $on))) (func (export "ok")))`,
  );
}

test.each([
  ["traps", "trap", "trapped: Unreachable code should not be executed", "handler"],
  ["calls itself without end", "deep", "its calls went too deep", "handler"],
  ["has no such function", "nope", 'The module exports no function "nope"', "handler"],
  ["sets an error", "fails", "the message", "handler"],
  ["gives too large an output", "huge", "Its answer is larger than 1048576 bytes", "too_large"],
  ["gives what is outside of its memory", "outside", "The module's output is outside of its memory", "handler"],
  ["gives what is no text", "binary", 'Plugin "sample" gave an answer that is not UTF-8 text', "protocol"],
])("wasm plugins whose module %s fail that call and no other", async (_, handler, message, code) => {
  await using plugin = await started();
  const { pid } = plugin.process;
  expect(await refusal(() => plugin.call(handler))).toEqual(failed(message, code));
  expect(await plugin.call("ok")).toBe(100000007);
  expect(plugin.process.pid).toBe(pid);
});

test("wasm plugins that flood the log are heard in part, and told of", async () => {
  await using plugin = await started();
  expect(await plugin.call("flood")).toBeNull();
  const lines = plugin.entries.filter(({ message }) => message === "plugin output");
  expect(lines.length).toBeGreaterThan(100);
  expect(lines.length).toBeLessThan(1000);
  expect(lines[0]).toMatchObject({ level: "info", fields: { text: "the message" } });
  const dropped = plugin.entries.filter(({ message }) => message === "plugin output dropped");
  expect(dropped.reduce((sum, { fields }) => sum + Number(fields.lines), lines.length)).toBe(5000);
});

test("wasm plugins reach the network through the door that was given, and are told what it refuses", async () => {
  const asked: OutboundRequest[] = [];
  let answer: () => Promise<Response> = async () => new Response("hello, world", { status: 201 });
  const network: ProcessHost["network"] = {
    fetch: (request) => {
      asked.push(request);
      return answer();
    },
    connect: () => Promise.reject(new Error("not asked for")),
  };
  await using plugin = await started({ host: { network } });
  expect(await plugin.call("fetch")).toBe("hello");
  expect(asked).toEqual([{ url: "https://example.com/", method: "GET", headers: [] }]);
  answer = () => Promise.reject(new AlephError("forbidden", 'This plugin may not connect to "https://example.com"'));
  expect(await refusal(() => plugin.call("fetch"))).toEqual(
    failed('This plugin may not connect to "https://example.com"'),
  );
  answer = () => Promise.reject(new Error("secret detail"));
  expect(await refusal(() => plugin.call("fetch"))).toEqual(failed("The request failed"));
  answer = async () => new Response(new Uint8Array(11 * 2 ** 20));
  expect(await refusal(() => plugin.call("fetch"))).toEqual(failed("The answer is larger than 10485760 bytes"));
  expect(await plugin.call("ok")).toBe(100000007);
});

test("wasm plugins send a body and headers, and get the status and the headers of the answer", async () => {
  const asked: unknown[] = [];
  const network: ProcessHost["network"] = {
    async fetch({ body, ...request }) {
      asked.push({ ...request, body: body && new TextDecoder().decode(body) });
      return new Response("made", { status: 201, headers: { "x-made": "yes" } });
    },
    connect: () => Promise.reject(new Error("not asked for")),
  };
  await using plugin = await started({ module: await wat("http.wat"), host: { network } });
  const request = { url: "https://a.b/", method: "post", headers: { "x-a": "b" } };
  expect(await plugin.call("post", request)).toEqual({ "x-made": "yes" });
  expect(await plugin.call("status", request)).toBe(201);
  const common = { url: "https://a.b/", method: "POST", headers: [["x-a", "b"]] };
  expect(asked).toEqual([
    { ...common, body: JSON.stringify(request) },
    { ...common, body: undefined },
  ]);
  expect(await refusal(() => plugin.call("post", {}))).toEqual(failed("The module's HTTP request has no url"));
  const headers = { a: "x".repeat(70_000) };
  expect(await refusal(() => plugin.call("post", { url: "https://a.b/", headers }))).toEqual(
    failed("The head of the module's HTTP request is too large"),
  );
  expect(asked.length).toBe(2);
});

test("wasm plugins find who calls in a config value, for that call alone", async () => {
  await using plugin = await started({ module: await wat("http.wat"), host: { env: { KEY: "value" } } });
  const context = { agent: "main", tool: "config" };
  expect(await plugin.call("config", "aleph.context", { context })).toEqual(context);
  expect(await plugin.call("config", "aleph.context")).toBeNull();
  expect(await plugin.call("config", "KEY", { context })).toBe("value");
  expect(await plugin.call("config", "constructor", { context })).toBeNull();
});

/** A network on which nothing ever comes; `asked` resolves when something was asked of it. */
function silence() {
  const asked = Promise.withResolvers<AbortSignal>();
  const network: ProcessHost["network"] = {
    fetch(_request, signal) {
      asked.resolve(signal);
      return new Promise(() => {});
    },
    connect: () => Promise.reject(new Error("not asked for")),
  };
  return { network, asked: asked.promise };
}

test("wasm plugins that wait for the network are ended in time, and so is the request", async () => {
  const { network, asked } = silence();
  await using plugin = await started({ host: { network }, limits: { timeoutMs: 200 } });
  expect((await refusal(() => plugin.call("fetch"))).reason).toBe("timeout");
  expect((await asked).aborted).toBe(true);
});

test("wasm plugins whose process dies fail the call, and say why they ended", async () => {
  const { network, asked } = silence();
  await using plugin = await started({ host: { network } });
  const call = refusal(() => plugin.call("fetch"));
  await asked;
  process.kill(plugin.process.pid, "SIGKILL");
  expect(await call).toEqual(failed('Plugin "sample" ended during the call: ended by SIGKILL', "crashed"));
  expect(await plugin.process.exited).toEqual({ reason: "ended by SIGKILL" });
});

test("wasm plugins end with what they do when they are stopped", async () => {
  const { network, asked } = silence();
  await using plugin = await started({ host: { network } });
  const { pid } = plugin.process;
  const call = refusal(() => plugin.call("fetch"));
  const behind = refusal(() => plugin.call("ok"));
  await asked;
  await plugin.process[Symbol.asyncDispose]();
  expect(isAlive(pid)).toBe(false);
  expect([await call, await behind]).toEqual([
    failed('Plugin "sample" ended during the call: stopped', "crashed"),
    failed('Plugin "sample" ended before the call: stopped', "crashed"),
  ]);
  expect(await plugin.process.exited).toEqual({ reason: "stopped" });
});

test.each([
  ["is no module", () => new TextEncoder().encode("hello"), "is no WebAssembly module"],
  ["is damaged", () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 9, 9), "is damaged: it ends too early"],
  [
    "imports a memory",
    () => assemble(`(module (import "env" "memory" (memory 1)))`),
    'imports the memory "env" "memory"; only functions can be imported',
  ],
  ["wants too much memory", () => assemble("(module (memory 4096))"), "needs 256 MB of memory and may have 64 MB"],
])("wasm plugins whose entry %s do not start", async (_, module, message) => {
  const bytes = await module();
  expect(await refusal(() => started({ module: bytes }))).toEqual(
    failed(`Plugin "sample" cannot be used: its module ${message}`, "unusable"),
  );
});

test("wasm plugins that want functions that there are not do not start", async () => {
  const module = await assemble(`(module (import "env" "system" (func)))`);
  const { message, data } = await refusal(() => started({ module }));
  expect(message).toContain('cannot resolve import "env" "system"');
  expect(data).toEqual({ plugin: "sample", code: "unusable" });
});

test("wasm plugins that loop while they start are ended", async () => {
  const module = await assemble(`(module (func $spin (loop $again (br $again))) (start $spin))`);
  expect(await refusal(() => started({ module, limits: { timeoutMs: 300 } }))).toEqual(
    failed('Plugin "sample" did not start', "unusable"),
  );
});

test("wasm plugins need an entry, which is a file of theirs", async () => {
  await using folder = await testFolder();
  const module = await wat("attacks.wat");
  await Bun.write(join(folder.path, "outside.wasm"), module);
  const plugin = join(folder.path, "plugin");
  await mkdir(join(plugin, "folder.wasm"), { recursive: true });
  await symlink("../outside.wasm", join(plugin, "link.wasm"));
  const start = (entry: string | undefined) =>
    refusal(() => startWasmPlugin(plugin, { module, manifest: { entry } })).then(({ message }) => message);
  expect(await Promise.all([undefined, "link.wasm", "../outside.wasm", "folder.wasm", "none.wasm"].map(start))).toEqual(
    [
      'Plugin "sample" names no entry, which is its module',
      'Plugin "sample" has its entry "link.wasm" outside of its folder',
      'Plugin "sample" has its entry "../outside.wasm" outside of its folder',
      'Plugin "sample" has an entry "folder.wasm" that is no file',
      'Plugin "sample" has no entry "none.wasm" that can be read',
    ],
  );
});

test("wasm plugins give their prompt like any other, and start nothing for it", async () => {
  const runtime = createWasmRuntime({ sandbox: () => Promise.reject(new Error("nothing is started")) });
  const readFile = async (path: string) => `text of ${path}`;
  const manifest = {
    ...BARE_MANIFEST,
    kind: "wasm",
    entry: "a.wasm",
    prompt: { file: "S.md", scope: "tool" },
  } as const;
  await using open = await runtime.open(manifest, { readFile });
  expect(open.prompts).toEqual([{ scope: "tool", text: "text of S.md" }]);
});

test("wasm plugins do not start where nothing confines them and the owner has not said otherwise", async () => {
  const denied = new AlephError("sandbox_denied", "This machine cannot confine a process");
  const sandbox = {
    report: async () => ({ level: "none" as const, reason: "For tests" }),
    start: () => Promise.reject(denied),
  };
  expect((await refusal(() => started({ sandbox }))).reason).toBe("sandbox_denied");
});

function isAlive(pid: number): boolean {
  return process.platform === "linux" ? existsSync(`/proc/${pid}`) : false;
}
