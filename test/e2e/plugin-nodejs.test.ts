/** A plugin that tries all that it may not, run by the compiled executable: each attempt fails, all that is allowed works, the server goes on. */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasLandlock } from "../sandbox/confinement/possible.ts";
import { canBe, type Who } from "../sandbox/confinement/run-driver.ts";
import { writeCodePlugin } from "../support/approved-plugin.ts";
import { testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { openRawSocket, type RawEvent, type RawSocket } from "../support/raw-socket.ts";
import { startServerAs } from "../support/server-as.ts";
import { until } from "../support/until.ts";

const CODE = `
import { createServer } from "@aleph/plugin-sdk";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import http from "node:http";
import net from "node:net";

const ended = (emitter, event) => new Promise((resolve, reject) => emitter.on("error", reject).on(event, resolve));
const socket = (url) => new Promise((resolve, reject) => { const ws = new WebSocket(url); ws.onopen = resolve; ws.onerror = (e) => reject(e.error); });
const tools = {
  read: ({ path }) => fs.readFileSync(path, "utf8"),
  write: ({ path, text }) => { fs.writeFileSync(path, text); return "written"; },
  read_link: ({ path }) => { const link = "output/link-" + Date.now(); fs.symlinkSync(path, link); return fs.readFileSync(link, "utf8"); },
  variables: () => Object.keys(process.env).sort().join(),
  variable: ({ name }) => { if (!(name in process.env)) throw new Error(name + " is not set"); return process.env[name]; },
  fetch: async ({ url }) => (await fetch(url)).text(),
  http: ({ url }) => new Promise((resolve, reject) => http.get(url, (res) => resolve("answered " + res.statusCode)).on("error", reject)),
  socket: async ({ url }) => { await socket(url); return "open"; },
  tcp: async ({ host, port }) => { await ended(net.connect(port, host), "connect"); return "connected"; },
  unix: async ({ path }) => { await ended(net.connect(path), "connect"); return "connected"; },
  spawn: async ({ argv }) => String(Bun.spawnSync(argv).stdout),
  shell: ({ line }) => { const { error, stdout } = spawnSync("/bin/sh", ["-c", line]); if (error) throw error; return String(stdout); },
  fork: async () => { for (let i = 0; i < 100; i++) await ended(spawn(process.execPath, ["-e", "0"]), "close"); return "forked"; },
  kill: ({ pid }) => { process.kill(pid, "SIGKILL"); return "killed"; },
  memory: () => { const all = []; for (;;) all.push(new Uint8Array(16 * 1024 * 1024).fill(1)); },
  loop: () => { for (;;); },
  flood: () => { const noise = ("x".repeat(1000) + "\\n").repeat(60); for (;;) try { fs.writeSync(1, noise); } catch (e) { if (e.code !== "EAGAIN") throw e; } },
  exit: () => process.exit(0),
  stubborn: () => { for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => {}); process.on("exit", () => { for (;;); }); return "stubborn"; },
  ok: () => "ok",
};
createServer({ name: "bold", tools: Object.fromEntries(Object.entries(tools).map(([name, tool]) => ["bold_" + name, tool])) }).start();
`;
const TOOLS = [...CODE.matchAll(/^ {2}(\w+): /gm)].map((match) => match[1]!);

const manifest = (port: number) => `
[permissions]
network = ["connect:http://127.0.0.1:${port}"]
filesystem = ["read:./data", "write:./output"]
env = ["BOLD_KEY"]

${TOOLS.map(
  (name) =>
    `[[tools]]\nname = "bold_${name}"\ndescription = "For tests"\nhandler = "bold_${name}"\ntimeout_ms = 1500\n`,
).join("\n")}`;

async function use(socket: RawSocket, tool: string, args: object = {}): Promise<string> {
  const { ok, result } = await socket.call<{ ok: boolean; result: string }>("tool.call", {
    tool: `bold_${tool}`,
    args,
  });
  return `${ok ? "ok" : "failed"}: ${result}`;
}

for (const who of ["root", "an ordinary user"] satisfies Who[]) {
  testExecutableIf(hasLandlock && canBe(who))(
    `nodejs plugins are confined by the executable on a server of ${who}, and it goes on whatever they do`,
    async () => {
      await using folder = await testFolder();
      await using world = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch(request, server) {
          const { pathname } = new URL(request.url);
          if (pathname === "/ws" && server.upgrade(request)) return undefined;
          if (pathname === "/away") return Response.redirect("http://127.0.0.1:1/");
          return new Response("from the network");
        },
        websocket: { message() {} },
      });
      const outside = join(folder.path, "outside.txt");
      writeFileSync(outside, "secret");
      const plugin = await writeCodePlugin(join(folder.path, "plugins"), "bold", {
        manifest: manifest(world.port!),
        code: CODE,
        files: { "data/a.txt": "text of a", "output/old.txt": "old" },
      });
      writeFileSync(join(folder.path, "config.toml"), '[extensions.runtimes.nodejs]\nmemory_limit = "128MB"\n');
      await using server = await startServerAs(who, {
        home: folder.path,
        env: { BOLD_KEY: "key", OTHER_SECRET: "secret" },
      });
      using socket = await openRawSocket(server.url, server.token);
      const events: RawEvent[] = [];
      socket.onEvent = (event) => void events.push(event);
      await socket.call("events.subscribe", { pattern: "plugin.**" });
      await socket.call("plugins.approve", { id: "bold" });
      const plain = `http://127.0.0.1:${world.port}`;

      const allowed: readonly (readonly [string, object, string])[] = [
        ["ok", {}, "ok"],
        ["read", { path: "data/a.txt" }, "text of a"],
        ["write", { path: "output/new.txt", text: "new" }, "written"],
        ["read", { path: "output/new.txt" }, "new"],
        ["variables", {}, "BOLD_KEY,HOME,TMPDIR"],
        ["variable", { name: "BOLD_KEY" }, "key"],
        ["fetch", { url: plain }, "from the network"],
        ["http", { url: plain }, "answered 200"],
      ];
      for (const [tool, args, result] of allowed)
        expect([tool, await use(socket, tool, args)]).toEqual([tool, `ok: ${result}`]);
      expect(readFileSync(join(plugin, "output/new.txt"), "utf8")).toBe("new");

      const refused: readonly (readonly [string, object, RegExp])[] = [
        ["read", { path: "/etc/passwd" }, /EACCES/],
        ["read", { path: "../../config.toml" }, /EACCES|ENOENT/],
        ["read", { path: join(folder.path, "config.toml") }, /EACCES/],
        ["read", { path: join(folder.path, "credentials/token") }, /EACCES/],
        ["read", { path: `/proc/self/root${outside}` }, /EACCES/],
        ["read", { path: `/proc/${server.pid}/environ` }, /EACCES/],
        ["read_link", { path: outside }, /EACCES|EPERM/],
        ["write", { path: outside, text: "x" }, /EACCES/],
        ["write", { path: "data/a.txt", text: "x" }, /EACCES/],
        ["write", { path: "index.js", text: "x" }, /EACCES/],
        ["write", { path: "/tmp/aleph-evil", text: "x" }, /EACCES/],
        ["variable", { name: "OTHER_SECRET" }, /OTHER_SECRET is not set/],
        ["fetch", { url: "https://example.com/" }, /"example\.com" is not among the hosts/],
        ["fetch", { url: "http://127.0.0.1:1/" }, /is not among the hosts/],
        ["fetch", { url: `http://localhost:${world.port}/` }, /is not among the hosts/],
        ["fetch", { url: server.url }, /is not among the hosts/],
        ["fetch", { url: `${plain}/away` }, /"127\.0\.0\.1:1" is not among the hosts/],
        ["http", { url: "http://example.com/" }, /is not among the hosts/],
        ["socket", { url: "ws://example.com/" }, /is not among the hosts/],
        ["tcp", { host: "127.0.0.1", port: world.port }, /ECONNREFUSED|EPERM/],
        ["unix", { path: "/var/run/docker.sock" }, /ECONNREFUSED|EPERM|ENOENT/],
        ["spawn", { argv: ["/bin/cat", outside] }, /EPERM|EACCES/],
        ["shell", { line: `cat ${outside}` }, /EPERM|EACCES/],
        ["fork", {}, /EPERM|EACCES/],
        ["kill", { pid: server.pid }, /EPERM|ESRCH/],
      ];
      for (const [tool, args, error] of refused) {
        const answer = await use(socket, tool, args);
        expect([tool, args, answer]).toEqual([tool, args, expect.stringMatching(/^failed: /)]);
        expect(answer).toMatch(error);
      }
      expect(await use(socket, "socket", { url: `${plain.replace("http", "ws")}/ws` })).toBe("ok: open");
      expect([readFileSync(outside, "utf8"), await use(socket, "ok")]).toEqual(["secret", "ok: ok"]);

      const denied = events.filter(({ topic }) => topic === "plugin.denied").map(({ data }) => data.kind);
      expect(new Set(denied)).toEqual(new Set(["filesystem", "network", "process"]));

      const before = residentOf(server.pid);
      for (const [tool, error] of [
        ["memory", /[Oo]ut of memory|ended before it answered/],
        ["loop", /did not answer within 1500 ms/],
      ] as const) {
        expect(await use(socket, tool)).toMatch(error);
        expect(await use(socket, "ok")).toBe("ok: ok");
      }
      expect(residentOf(server.pid) - before).toBeLessThan(40);
      expect(await socket.call<object>("plugins.get", { id: "bold" })).toMatchObject({
        kind: "nodejs",
        sandbox: "kernel",
      });
    },
    60_000,
  );
}

testExecutableIf(hasLandlock)(
  "a nodejs plugin that floods, exits or does not want to end is started anew by the executable, and not for ever",
  async () => {
    await using folder = await testFolder();
    const plugins = join(folder.path, "plugins");
    await writeCodePlugin(plugins, "bold", { manifest: manifest(1), code: CODE });
    await using server = await startServerAs("root", { home: folder.path });
    using socket = await openRawSocket(server.url, server.token);
    await socket.call("plugins.approve", { id: "bold" });
    expect(await use(socket, "stubborn")).toBe("ok: stubborn");
    await socket.call("plugins.reload", { id: "bold" });
    expect(await use(socket, "ok")).toBe("ok: ok");
    expect(await use(socket, "flood")).toMatch(/did not answer within 1500 ms/);
    for (let round = 0; round < 4; round++)
      expect(await use(socket, "exit")).toMatch(/ended before it answered: exited with code 0/);
    expect(await use(socket, "ok")).toMatch(/failed 5 times .* is not started again/);
    const listed = async () => {
      const { plugins: all } = await socket.call<{ plugins: { id: string; status: string; error: object | null }[] }>(
        "plugins.list",
      );
      return all.find(({ id }) => id === "bold");
    };
    expect(await listed()).toMatchObject({ status: "error", error: { reason: "plugin_error" } });
    await socket.call("plugins.reload", { id: "bold" });
    expect(await use(socket, "ok")).toBe("ok: ok");
  },
  60_000,
);

testExecutableIf(hasLandlock)(
  "the executable carries the SDK, and starts a TypeScript plugin with packages of its own",
  async () => {
    await using folder = await testFolder();
    const path = await writeCodePlugin(join(folder.path, "plugins"), "typed", {
      manifest: '[[tools]]\nname = "greet"\ndescription = "For tests"\nhandler = "handleGreet"\n',
      code: 'import "./src/main.ts";',
      files: {
        "src/main.ts": `import { createServer, type Handler } from "@aleph/plugin-sdk";
import { greeting } from "greetings";
const greet: Handler<{ name: string }, string> = ({ name }) => greeting(name satisfies string);
createServer({ name: "typed", tools: { greet } }).start();
`,
        "node_modules/greetings/package.json": '{"name":"greetings","main":"./index.js"}',
        "node_modules/greetings/index.js": 'exports.greeting = (name) => "Hello, " + name;',
      },
    });
    await using server = await startServerAs("root", { home: folder.path });
    using socket = await openRawSocket(server.url, server.token);
    await socket.call("plugins.approve", { id: "typed" });
    const call = () => socket.call<{ result: string }>("tool.call", { tool: "greet", args: { name: "you" } });
    expect((await call()).result).toBe("Hello, you");
    writeFileSync(join(path, "src/main.ts"), "export const a: = 1;\n");
    await until(async () => {
      const { status } = await socket.call<{ status: string }>("plugins.get", { id: "typed" });
      return status === "pending" || status === "error";
    });
    expect((await call()).result).toBe("Hello, you");
  },
);

/** Megabytes. */
function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
