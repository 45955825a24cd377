import { expect, test } from "bun:test";
import { join } from "node:path";
import { WasmChild } from "../../../../src/plugin/runtimes/wasm/child.ts";
import { encodeFrame, FROM_HOST, MAX_HTTP_BODY } from "../../../../src/plugin/runtimes/wasm/frames.ts";
import type { ConfinedChild } from "../../../../src/sandbox/confinement.ts";
import type { ProcessHost } from "../../../../src/sdk/runtime.ts";
import { refusal } from "../../../support/config.ts";
import { testFolder } from "../../../support/folder.ts";
import { testLog } from "../../../support/log.ts";

const MAX_ANSWER = 1000;

/** A process that answers what it is sent with these bytes, as one that was taken over might. */
async function taken(answer: Uint8Array, then = "exec sleep 60") {
  const folder = await testFolder();
  const file = join(folder.path, "answer");
  await Bun.write(file, answer);
  const child = Bun.spawn(["/bin/sh", "-c", `head -c 9 >/dev/null; cat "$1"; ${then}`, "sh", file], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const confined: ConfinedChild = {
    pid: child.pid,
    level: "none",
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: child.exited.then(() => ({
      exitCode: child.exitCode,
      signal: child.signalCode === null ? null : String(child.signalCode),
    })),
    kill: (signal = "SIGKILL") => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
  const { log, entries } = testLog();
  const denied: string[] = [];
  const host: Pick<ProcessHost, "log" | "network" | "denied" | "limits"> = {
    log,
    limits: { memoryBytes: 2 ** 26, timeoutMs: 5000, maxAnswer: MAX_ANSWER },
    denied: (kind, target) => denied.push(`${kind} ${target}`),
    network: {
      fetch: () => new Promise(() => {}),
      connect: () => Promise.reject(new Error("not asked for")),
    },
  };
  const wasm = new WasmChild({ plugin: "sample", child: confined, host });
  return {
    entries,
    denied,
    wasm,
    call: () => wasm.call({ name: "f", context: null }, new Uint8Array(), { timeoutMs: 5000 }),
    async [Symbol.asyncDispose]() {
      await wasm[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const frames = (...all: Uint8Array[]) => Buffer.concat(all);
const request = encodeFrame(FROM_HOST.request, { url: "https://a.b/", method: "GET", headers: [], hasBody: false });
const result = encodeFrame(FROM_HOST.result, { hasOutput: true }, Buffer.from("out"));

test.each([
  ["text", Buffer.from("Hello, I am a plugin that prints\n"), "gave too large an answer", "too_large"],
  ["no frame", Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0), "said what is no message", "protocol"],
  ["a head that is no JSON", Uint8Array.of(6, 0, 0, 0, 17, 1, 0, 0, 0, 0x7b), "said what is no message", "protocol"],
  ["an answer of an unknown kind", encodeFrame(99, {}), "answered with no answer", "protocol"],
  ["two requests at once", frames(request, request), "asked twice at once", "protocol"],
  [
    "too large an output",
    encodeFrame(FROM_HOST.result, { hasOutput: true }, new Uint8Array(MAX_ANSWER + 1)),
    "gave too large an answer",
    "too_large",
  ],
  [
    "more than any frame may have",
    encodeFrame(FROM_HOST.result, {}, new Uint8Array(MAX_HTTP_BODY + 2 ** 20)),
    "gave too large an answer",
    "too_large",
  ],
  [
    "a flood of lines",
    frames(...Array.from({ length: 1000 }, () => encodeFrame(FROM_HOST.log, { level: "info", text: "x", dropped: 0 }))),
    "wrote too many lines",
    "protocol",
  ],
])("a host process that says %s is ended", async (_, answer, message, code) => {
  await using child = await taken(answer);
  expect(await refusal(child.call)).toEqual({
    reason: "plugin_error",
    message: `Plugin "sample" ${message}`,
    data: { plugin: "sample", code },
  });
  expect(await child.wasm.ended).toBe(`killed: ${message}`);
  expect([child.wasm.hasEnded, child.wasm.isReplaceable]).toEqual([true, false]);
});

test("a host process that speaks without being asked is ended", async () => {
  await using child = await taken(frames(result, result));
  expect(await child.call().then((output) => String(output))).toBe("111,117,116");
  expect(await child.wasm.ended).toBe("killed: spoke without being asked");
});

test("a host process is heard with heads that are of no use", async () => {
  const log = encodeFrame(FROM_HOST.log, { level: "fatal", text: 7 });
  const denied = encodeFrame(FROM_HOST.denied, {});
  await using child = await taken(frames(log, denied, encodeFrame(FROM_HOST.failure, { code: "what", message: 5 })));
  expect(await refusal(child.call)).toMatchObject({ message: "failed without a word", data: { code: "handler" } });
  expect(child.denied).toEqual(["filesystem undefined"]);
});

test.each(["log", "denied", "request", "result", "failure"] as const)(
  "a host process with no head where one belongs, of a %s, is ended",
  async (kind) => {
    await using child = await taken(encodeFrame(FROM_HOST[kind], null));
    expect(await refusal(child.call)).toMatchObject({ data: { plugin: "sample", code: "protocol" } });
    expect(await child.wasm.ended).toBe("killed: said what is no message");
  },
);

test("a host process that ends by itself leaves what it wrote to standard error in the log", async () => {
  await using child = await taken(new Uint8Array(), "echo the last words >&2; exit 3");
  expect(await refusal(child.call)).toEqual({
    reason: "plugin_error",
    message: 'Plugin "sample" ended during the call: exited with code 3',
    data: { plugin: "sample", code: "crashed" },
  });
  expect(child.entries).toMatchObject([
    {
      level: "warn",
      message: "wasm host process ended by itself",
      fields: { plugin: "sample", reason: "exited with code 3", stderr: "the last words\n" },
    },
  ]);
  expect((await refusal(child.call)).message).toBe('Plugin "sample" ended during the call: exited with code 3');
});
