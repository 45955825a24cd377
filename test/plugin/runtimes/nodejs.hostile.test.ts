import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createNetworkDoor } from "../../../src/sandbox/broker.ts";
import { refusal } from "../../support/config.ts";
import { callOf, nodejsPlugin, toolsEntry } from "../../support/nodejs-plugin.ts";
import { until } from "../../support/until.ts";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** An entry whose tools may write what they like to the pipe of the protocol. */
const raw = (tools: string) =>
  `import { createServer, notify } from "@aleph/plugin-sdk";
import { writeSync } from "node:fs";
const write = (text: string) => { let bytes = Buffer.from(text); while (bytes.length > 0) { try { bytes = bytes.subarray(writeSync(1, bytes)); } catch (e) { if (e.code !== "EAGAIN") throw e; } } };
const send = (message: unknown) => write("\\n" + JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
createServer({ name: "p", tools: { ok: () => "ok", ${tools} } }).start();
`;

/** Bytes that a collection does not free: the size of the process would tell of other tests too. */
function kept(): number {
  Bun.gc(true);
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("a nodejs plugin that writes what is no message, or answers what nobody asked, hurts nobody", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": raw(`noise: () => {
        write('plain words\\n{"jsonrpc":"2.0",broken\\n{"jsonrpc":"1.0","id":1}\\n[1,2]\\nnull\\n\\x00\\xff\\n');
        send({ id: 999, result: { value: 1 } });
        send({ id: "1", result: { value: 1 } });
        send({ id: -1, error: { code: 1, message: "x" } });
        send({ method: "explode", params: {} });
        send({ method: "notify", params: { topic: 1 } });
        send({ method: "notify", params: [] });
        send({ method: "notify" });
        send({ method: "denied", params: { kind: "universe", target: "x" } });
        send({ method: "part", params: { id: 1, value: 1 } });
        send({ method: "fetch", id: 1, params: { url: 1 } });
        send({ method: "fetch", params: {} });
        send({ method: "connect", id: 2, params: { url: "ws://x", protocols: [1] } });
        send({ method: "socket", params: { id: 7, kind: "smoke", data: "" } });
        send({ method: "more", params: { id: 1, count: -1 } });
        return "said";
      }`),
    },
  });
  const running = await plugin.start();
  expect(await running.call(callOf("noise"))).toBe("said");
  expect(await running.call(callOf("ok"))).toBe("ok");
  expect(plugin.printed()).toEqual([
    "plain words",
    '{"jsonrpc":"2.0",broken',
    '{"jsonrpc":"1.0","id":1}',
    "[1,2]",
    "null",
    "\u0000ÿ",
  ]);
  const warned = plugin.entries.filter(({ level }) => level === "warn").map(({ message, fields }) => [message, fields]);
  const unasked = "plugin answered what it was not asked";
  const invalid = "plugin sent a message that is not valid";
  expect(warned).toEqual([
    [unasked, { id: 999 }],
    [unasked, { id: null }],
    [unasked, { id: null }],
    ...["explode", "notify", "notify", "notify", "denied", "part", "fetch", "fetch", "connect", "socket", "more"].map(
      (method) => [invalid, { method }],
    ),
  ]);
  expect(plugin.notes).toEqual([]);
});

test("of two answers of a nodejs plugin to one call the first counts", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts":
        raw(`twice: () => { send({ id: 2, result: { value: "first" } }); send({ id: 2, result: { value: "second" } }); return "third"; },
        odd: () => send({ id: 3, error: "no object" }),
        deep: () => write('\\n{"jsonrpc":"2.0","id":4,"result":{"value":' + "[".repeat(1000) + "]".repeat(1000) + "}}\\n"),
        bare: () => send({ id: 5, result: 7 }),
      `),
    },
  });
  const running = await plugin.start();
  expect(await running.call(callOf("twice"))).toBe("first");
  const notAnswer = {
    reason: "plugin_error" as const,
    message: "The plugin's answer is not valid",
    data: { plugin: "p", code: "protocol" },
  };
  expect(await refusal(() => running.call(callOf("odd")))).toEqual(notAnswer);
  expect(await refusal(() => running.call(callOf("deep")))).toEqual(notAnswer);
  expect(await running.call(callOf("bare"))).toBe(null);
  expect(await running.call(callOf("ok"))).toBe("ok");
});

test("a reply of 100 MB of a nodejs plugin is refused without being kept, and the plugin goes on", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": raw(`
        honest: ({ size }) => "x".repeat(size),
        raw: async () => {
          write('\\n{"jsonrpc":"2.0","id":4,"result":{"value":"');
          const piece = "x".repeat(1024 * 1024);
          for (let i = 0; i < 100; i++) write(piece);
          write('"}}\\n');
        },
        endless: () => { const piece = "y".repeat(1024 * 1024); for (let i = 0; i < 20; i++) write(piece); write("\\n"); },
      `),
    },
    host: { limits: { memoryBytes: 512 * 1024 * 1024, timeoutMs: 60_000, maxAnswer: 2 * 1024 * 1024 } },
  });
  const running = await plugin.start();
  expect(await running.call(callOf("honest", { size: 1_900_000 }))).toHaveLength(1_900_000);
  const tooLarge = await refusal(() => running.call(callOf("honest", { size: 3_000_000 })));
  expect([tooLarge.reason, tooLarge.data]).toEqual(["plugin_error", { plugin: "p", code: "too_large" }]);
  const before = kept();
  expect(await refusal(() => running.call(callOf("raw")))).toEqual({
    reason: "plugin_error",
    message: 'Plugin "p" gave an answer of more than 2097152 bytes',
    data: { plugin: "p", code: "too_large" },
  });
  await running.call(callOf("endless"));
  expect(kept() - before).toBeLessThan(20 * 1024 * 1024);
  expect(plugin.entries.filter(({ message }) => message === "plugin sent a line that is too long")).toHaveLength(1);
}, 60_000);

test("a nodejs plugin that floods its output does not hold up the server", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": raw(`
        stderr: () => { for (;;) console.error("z".repeat(1000)); },
        stdout: () => { const noise = "n".repeat(100) + "\\n"; for (;;) write(noise.repeat(1000)); },
        messages: () => { for (;;) send({ method: "notify", params: { topic: "t", data: null } }); },
      `),
    },
  });
  for (const flood of ["stderr", "stdout", "messages"]) {
    const running = await plugin.start();
    plugin.entries.length = 0;
    let worst = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
    }, 1);
    expect((await refusal(() => running.call(callOf(flood, {}, { timeoutMs: 1200 })))).reason).toBe("timeout");
    clearInterval(watch);
    expect((await running.exited).reason).toBe("killed: it went on after its time was over");
    expect(worst).toBeLessThan(200);
    const logged = plugin.entries.filter(({ message }) => message === "plugin output");
    expect(logged.reduce((sum, { fields }) => sum + String(fields.text).length, 0)).toBeLessThan(64 * 1024 * 3);
    if (flood !== "messages") {
      const dropped = plugin.entries.filter(({ message }) => message === "plugin output dropped");
      expect(dropped.length).toBeGreaterThan(0);
      expect(Number(dropped[0]!.fields.bytes)).toBeGreaterThan(64 * 1024);
    }
  }
}, 30_000);

test("a nodejs plugin that hangs is killed soon after its call is over, and other calls are told", async () => {
  await using plugin = await nodejsPlugin({
    files: { "index.ts": toolsEntry("loop: () => { for (;;); }, wait: () => new Promise(() => {})") },
  });
  const running = await plugin.start();
  const other = refusal(() => running.call(callOf("wait")));
  const began = performance.now();
  expect((await refusal(() => running.call(callOf("loop", {}, { timeoutMs: 200 })))).reason).toBe("timeout");
  expect(await running.exited).toEqual({ reason: "killed: it went on after its time was over" });
  expect(performance.now() - began).toBeLessThan(1000);
  expect(await other).toEqual({
    reason: "plugin_error",
    message: 'Plugin "p" ended before it answered: killed: it went on after its time was over',
    data: { plugin: "p", code: "crashed" },
  });
  await until(() => !isAlive(running.pid));
});

test("a nodejs plugin that ignores all signals is gone when it is disposed", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => {});
const exit = process.exit; process.exit = () => {}; process.on("exit", () => { for (;;); });
${toolsEntry("loop: () => { for (;;); }")}`,
    },
  });
  const running = await plugin.start();
  const looping = refusal(() => running.call(callOf("loop")));
  await running[Symbol.asyncDispose]();
  expect([isAlive(running.pid), (await looping).data]).toEqual([false, { plugin: "p", code: "crashed" }]);
});

test("a nodejs plugin that exits, breaks off or is killed is told with how it ended", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": toolsEntry(`
        exit: ({ code }) => process.exit(code),
        rejects: async () => { Promise.reject(new Error("nobody cares")); await Bun.sleep(1000); },
        throws: async () => { setTimeout(() => { throw new Error("out of nowhere"); }); await Bun.sleep(1000); },
        dies: () => process.kill(process.pid, "SIGKILL"),
      `),
    },
  });
  const endOf = async (handler: string, args = {}) => {
    const running = await plugin.start();
    const failed = await refusal(() => running.call(callOf(handler, args)));
    expect(failed.data).toEqual({ plugin: "p", code: "crashed" });
    return (await running.exited).reason;
  };
  expect([await endOf("exit", { code: 0 }), await endOf("exit", { code: 7 })]).toEqual([
    "exited with code 0",
    "exited with code 7",
  ]);
  expect([await endOf("rejects"), await endOf("throws")]).toEqual(["exited with code 1", "exited with code 1"]);
  expect(await endOf("dies")).toBe("was ended by SIGKILL");
  expect(plugin.printed().join("\n")).toMatch(
    /Unhandled rejection: [\s\S]*error: nobody cares[\s\S]*Uncaught exception: [\s\S]*error: out of nowhere/,
  );
});

test("a nodejs plugin may listen for what it did not catch and go on", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `process.on("unhandledRejection", (e) => console.log("caught", e.message));
${toolsEntry("rejects: async () => { Promise.reject(new Error('x')); await Bun.sleep(10); return 'alive'; }")}`,
    },
  });
  expect(await (await plugin.start()).call(callOf("rejects"))).toBe("alive");
  expect(plugin.printed()).toEqual(["caught x"]);
});

test("what a nodejs plugin is kept from is told, whether it handles the error or not", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `import * as fs from "node:fs";
import { spawn } from "node:child_process";
import { promisify } from "node:util";
import { connect } from "node:net";
const quiet = async (work) => { try { await work(); return "worked"; } catch (e) { return e.code ?? e.name; } };
const event = (emitter) => new Promise((resolve, reject) => emitter.on("error", reject).on("close", resolve));
export const lets = ({ path }) => fs.promises.readFile(path);
export const wrapped = () => { throw new Error("outer", { cause: Object.assign(new Error("inner"), { code: "EPERM", path: "/x", syscall: "open" }) }); };
export const other = () => { throw Object.assign(new Error("no"), { code: "ENOENT", path: "/y" }); };
export const files = async ({ outside }) => [
  await quiet(() => fs.readFileSync(outside)),
  await quiet(() => fs.promises.readFile(outside)),
  await quiet(() => promisify(fs.readFile)(outside)),
  await quiet(() => event(fs.createReadStream(outside))),
  await quiet(() => Bun.file(outside).text()),
  await quiet(() => Bun.write(outside, "x")),
  await quiet(() => fs.writeFileSync("own.txt", "x")),
];
export const programs = async () => [
  await quiet(() => Bun.spawn(["/bin/true"])),
  await quiet(() => event(spawn("/bin/sh"))),
];
export const sockets = async () => [
  await quiet(() => event(connect(80, "127.0.0.1"))),
  await quiet(() => event(connect("/var/run/docker.sock"))),
  await quiet(() => Bun.connect({ hostname: "example.com", port: 443, socket: { data() {} } })),
];
`,
    },
  });
  const running = await plugin.start();
  expect(running.sandbox).not.toBe("none");
  const told = async (work: Promise<unknown>) => {
    const result = await work.catch(() => "failed");
    const denied = plugin.denied.splice(0);
    return { result, denied };
  };
  expect(await told(running.call(callOf("lets", { path: "/etc/passwd" })))).toEqual({
    result: "failed",
    denied: [["filesystem", "/etc/passwd"]],
  });
  expect((await told(running.call(callOf("wrapped")))).denied).toEqual([["filesystem", "/x"]]);
  expect((await told(running.call(callOf("other")))).denied).toEqual([]);
  const outside = join(plugin.folder, "../secret.txt");
  writeFileSync(outside, "secret");
  expect(await told(running.call(callOf("files", { outside })))).toEqual({
    result: Array(7).fill("EACCES"),
    denied: [...Array(6).fill(["filesystem", outside]), ["filesystem", "own.txt"]],
  });
  expect(await told(running.call(callOf("programs")))).toEqual({
    result: ["EPERM", "EPERM"],
    denied: [
      ["process", "/bin/true"],
      ["process", "/bin/sh"],
    ],
  });
  const sockets = await told(running.call(callOf("sockets")));
  expect(sockets.result).not.toContain("worked");
  expect(sockets.denied).toEqual([
    ["network", "tcp://127.0.0.1:80"],
    ["network", "unix:/var/run/docker.sock"],
    ["network", "tcp://example.com:443"],
  ]);
});

test("a nodejs plugin has the memory of its limit and no more, and the server does not notice", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": toolsEntry(`
        count: () => { const all = []; try { for (;;) all.push(new Uint8Array(1024 * 1024).fill(1)); } catch { return all.length; } },
        texts: () => { const all = []; for (;;) all.push(("x" + all.length).repeat(1_000_000)); },
      `),
    },
    host: { limits: { memoryBytes: 128 * 1024 * 1024, timeoutMs: 20_000, maxAnswer: 1024 * 1024 } },
  });
  const before = kept();
  const running = await plugin.start();
  const megabytes = Number(await running.call(callOf("count")));
  expect(megabytes).toBeGreaterThan(90);
  expect(megabytes).toBeLessThan(200);
  const failed = await refusal(() => running.call(callOf("texts")));
  expect([failed.reason, failed.data]).toEqual([
    "plugin_error",
    { plugin: "p", code: expect.stringMatching(/^(?:crashed|handler)$/) },
  ]);
  expect(failed.message).toMatch(/Out of memory|ended by SIG\w+, as happens at its memory limit/);
  expect(kept() - before).toBeLessThan(20 * 1024 * 1024);
}, 30_000);

test("a nodejs plugin that sends what no socket takes hurts nobody", async () => {
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 400 })),
    websocket: { message() {} },
  });
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": raw(`shout: async ({ url }) => {
        send({ method: "connect", id: 77, params: { url, protocols: [], headers: [] } });
        const ping = { method: "socket", params: { id: 77, kind: "ping", data: Buffer.alloc(126).toString("base64") } };
        for (let i = 0; i < 20; i++) { await Bun.sleep(10); send(ping); }
        return "said";
      }`),
    },
    network: createNetworkDoor({
      rules: [`connect:ws://127.0.0.1:${server.port}`],
      lookup: async () => [],
      fetch,
      onDenied: () => {},
    }),
  });
  const running = await plugin.start();
  expect(await running.call(callOf("shout", { url: `ws://127.0.0.1:${server.port}/` }))).toBe("said");
  expect(await running.call(callOf("ok"))).toBe("ok");
  const warned = plugin.entries.filter(({ message }) => message === "plugin sent a message that is not valid");
  expect(warned.map(({ fields }) => fields.method)).toContain("socket");
});
