/** The compiled executable as a person meets it: started in odd places, in trouble, and in an ordinary conversation. */
import { expect } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json";
import { executablePath, runExecutable, startServer, testExecutable, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { openRawSocket, type RawEvent, RpcError } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";

testExecutable("the executable names the version of package.json", async () => {
  await using folder = await testFolder();
  const { code, stdout, stderr } = await runExecutable({ home: folder.path, args: ["version"] });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(packageJson.version);
});

testExecutable("the executable serves health, readiness, the panel and JSON-RPC", async () => {
  await using folder = await testFolder();
  await using server = await startServer({ home: folder.path });
  const health = await fetch(new URL("/health", server.url));
  expect({ status: health.status, body: await health.text() }).toEqual({ status: 200, body: "OK" });
  // It says 503 until the parts behind the port are loaded.
  const ready = await until(async () => {
    const response = await fetch(new URL("/ready", server.url));
    return response.status === 503 ? undefined : response;
  });
  expect(ready.status).toBe(200);

  const login = await fetch(new URL("/login", server.url));
  const page = await login.text();
  expect({ status: login.status, type: login.headers.get("content-type") }).toEqual({
    status: 200,
    type: "text/html;charset=utf-8",
  });
  const assets = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map((match) => match[1]!);
  expect(assets.length).toBeGreaterThan(0);
  for (const asset of assets) expect((await fetch(new URL(asset, server.url))).status).toBe(200);

  using socket = await openRawSocket(server.url, server.token);
  const { methods } = await socket.call<{ methods: { name: string }[] }>("rpc.discover");
  expect(methods.map(({ name }) => name)).toContain("agent.run");
});

testExecutable("the executable holds a conversation with the demo provider when there is no other", async () => {
  await using folder = await testFolder();
  await using server = await startServer({ home: folder.path });
  using socket = await openRawSocket(server.url, server.token);
  const question = { message: "Hello, who are you?", session_key: "agent:main:main" };
  const answer = await socket.call<{ text: string; status: string }>("session.send", question);
  expect(answer.status).toBe("completed");
  expect(answer.text).toMatch(/demo|scripted/i);
  const { messages } = await socket.call<{ messages: { role: string; content: string }[] }>("session.history", {
    session_key: "agent:main:main",
  });
  expect(messages.map(({ role, content }) => ({ role, content }))).toEqual([
    { role: "user", content: "Hello, who are you?" },
    { role: "assistant", content: answer.text },
  ]);
});

testExecutable("the executable reads nothing of the folder that it is started in", async () => {
  await using folder = await testFolder();
  const hostile = join(folder.path, "hostile");
  const person = join(folder.path, "person");
  const marker = join(folder.path, "marker");
  mkdirSync(person);
  const evil = `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "");\n`;
  const files: Record<string, string> = {
    ".env": `ALEPH_HOME=${join(folder.path, "stolen")}\nOPENAI_API_KEY=sk-stolen\nBUN_OPTIONS=--preload ./evil.js\n`,
    ".env.local": `ALEPH_HOME=${join(folder.path, "stolen")}\n`,
    ".env.production": "ANTHROPIC_API_KEY=sk-stolen\n",
    "bunfig.toml": 'preload = ["./evil.js"]\n[run]\npreload = ["./evil.js"]\n[serve.static]\nplugins = ["./evil.js"]\n',
    "evil.js": evil,
    "tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"*": ["./evil.js"], "hono": ["./evil.js"]}}}\n',
    "package.json": '{"name": "hostile", "type": "module", "imports": {"#*": "./evil.js"}}\n',
    "config.toml": 'this is not = "valid\n',
    "aleph.db": "not a database",
    "plugins/evil/index.js": evil,
    "plugins/evil/aleph_plugin.toml":
      '[plugin]\nid = "evil"\nname = "E"\nversion = "1.0.0"\ndescription = "e"\nkind = "nodejs"\nentry = "index.js"\nstart = "boot"\n',
    ".aleph/config.toml": 'this is not = "valid\n',
    "skills/evil/SKILL.md": "# Evil\n",
    ...Object.fromEntries(
      ["hono", "zod", "citty", "openai"].map((name) => [`node_modules/${name}/index.js`, evil] as const),
    ),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(hostile, name, ".."), { recursive: true });
    writeFileSync(join(hostile, name), text);
  }
  const before = listFiles(hostile);
  const home = join(person, ".aleph");
  const place = { cwd: hostile, env: { HOME: person, ALEPH_HOME: "" } };
  await using server = await startServer({ home, ...place });
  using socket = await openRawSocket(server.url, server.token);
  const { text } = await socket.call<{ text: string }>("session.send", { message: "Hello" });
  const { models } = await socket.call<{ models: { provider: string }[] }>("models.list");
  const { stdout } = await runExecutable({ home, ...place, args: ["status"] });
  expect(text).not.toBe("");
  expect([...new Set(models.map(({ provider }) => provider))]).toEqual(["demo"]);
  expect(stdout).toContain(server.url.replace(/\/$/, ""));
  expect({
    marker: existsSync(marker),
    stolen: existsSync(join(folder.path, "stolen")),
    files: listFiles(hostile),
  }).toEqual({ marker: false, stolen: false, files: before });
});

testExecutable("a second server on the same home refuses and names the first one's pid", async () => {
  await using folder = await testFolder();
  await using first = await startServer({ home: folder.path });
  const { code, stderr } = await runExecutable({ home: folder.path, args: ["serve", "--port", "0"] });
  expect(code).toBeGreaterThan(0);
  expect(stderr).toContain(`pid ${first.pid}`);
  expect((await fetch(new URL("/health", first.url))).status).toBe(200);
});

testExecutable("a server whose port is taken says so and ends", async () => {
  await using folder = await testFolder();
  using holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { code, stderr } = await runExecutable({ home: folder.path, args: ["serve", "--port", String(holder.port)] });
  expect(code).toBeGreaterThan(0);
  expect(stderr).toContain(String(holder.port));
  expect(stderr).not.toContain("    at ");
  // The home is free again.
  await using _server = await startServer({ home: folder.path });
});

testExecutable("a server with a broken config ends with 78 and names the line", async () => {
  await using folder = await testFolder();
  writeFileSync(join(folder.path, "config.toml"), "[gateway]\nport = 1234\n\n[log]\nlevel = \n");
  const broken = await runExecutable({ home: folder.path, args: ["serve", "--port", "0"] });
  expect({ code: broken.code, line: /line (\d+)/.exec(broken.stderr)?.[1] }).toEqual({ code: 78, line: "5" });
  writeFileSync(join(folder.path, "config.toml"), "[gateway]\nprot = 1234\n");
  const unknown = await runExecutable({ home: folder.path, args: ["serve", "--port", "0"] });
  expect({ code: unknown.code, line: /line (\d+)/.exec(unknown.stderr)?.[1] }).toEqual({ code: 78, line: "2" });
  expect(unknown.stderr).toContain("port");
});

const isRoot = process.getuid?.() === 0;

testExecutableIf(!isRoot)("a home that cannot be written is a clear error", async () => {
  await using folder = await testFolder();
  const home = join(folder.path, "home");
  mkdirSync(home, { mode: 0o500 });
  const { code, stderr } = await runExecutable({ home, cwd: folder.path, args: ["serve", "--port", "0"] });
  chmodSync(home, 0o700);
  expect({
    code: code > 0,
    says: /does not allow|read-only|cannot be/.test(stderr),
    stack: stderr.includes("    at "),
  }).toEqual({
    code: true,
    says: true,
    stack: false,
  });
});

/** Only root may mount; elsewhere these are skipped. */
const canMount = isRoot && process.platform === "linux" && Bun.which("mount") !== null;

testExecutableIf(canMount)("a home on a read-only disk is a clear error", async () => {
  await using folder = await testFolder();
  await using disk = await mountDisk(folder.path, "4m");
  await disk.makeReadOnly();
  const { code, stderr } = await runExecutable({ home: disk.path, args: ["serve", "--port", "0"] });
  expect({ code: code > 0, stack: stderr.includes("    at ") }).toEqual({ code: true, stack: false });
  expect(stderr).toMatch(/read-only|does not allow/);
});

testExecutableIf(canMount)("a home on a full disk is a clear error at the start", async () => {
  await using folder = await testFolder();
  await using disk = await mountDisk(folder.path, "1m");
  disk.fill();
  const { code, stderr } = await runExecutable({ home: disk.path, args: ["serve", "--port", "0"] });
  expect({ code: code > 0, stack: stderr.includes("    at ") }).toEqual({ code: true, stack: false });
  expect(stderr).toMatch(/disk is full/i);
});

testExecutableIf(canMount)("a disk that fills up is an error for the client, and freeing space is enough", async () => {
  await using folder = await testFolder();
  await using disk = await mountDisk(folder.path, "8m");
  await using server = await startServer({ home: disk.path });
  using socket = await openRawSocket(server.url, server.token);
  const ask = (): Promise<{ text: string }> => socket.call("session.send", { message: `Hello ${"x".repeat(100_000)}` });
  await ask();
  disk.fill();
  const failure = await ask().then(
    () => undefined,
    (error: unknown) => (error instanceof RpcError ? error.failure.data?.reason : error),
  );
  expect(failure).toBe("storage_failed");
  expect((await fetch(new URL("/health", server.url))).status).toBe(200);
  disk.free();
  expect((await ask()).text).not.toBe("");
});

testExecutableIf(canMount)(
  "a disk that fills up during a run ends the run with an error that everyone sees",
  async () => {
    await using folder = await testFolder();
    await using disk = await mountDisk(folder.path, "8m");
    await using fake = startOpenAiFake();
    const full = Promise.withResolvers<void>();
    fake.reply(["Half of ", { wait: full.promise }, "the answer ".repeat(20_000)]);
    fake.reply("The whole answer");
    writeFileSync(join(disk.path, "config.toml"), providerConfig(fake.url));
    await using server = await startServer({ home: disk.path });
    using socket = await openRawSocket(server.url, server.token);
    const events: RawEvent[] = [];
    socket.onEvent = (event) => void events.push(event);
    await socket.call("events.subscribe", { pattern: "**" });
    const { run_id } = await socket.call<{ run_id: string }>("agent.run", { message: "Tell me" });
    await until(() => events.some(({ topic }) => topic === "stream.chunk"));
    disk.fill();
    full.resolve();
    const failed = await until(() => events.find(({ topic }) => topic === "agent.error"));
    expect(failed.data).toMatchObject({ run_id, error: { reason: "storage_failed" } });
    disk.free();
    const next = await socket.call<{ text: string }>("session.send", { message: "Once more" });
    expect(next.text).toBe("The whole answer");
  },
);

testExecutable("a server that gets SIGTERM lets its run end, says goodbye and exits with 0", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  const release = Promise.withResolvers<void>();
  fake.reply(["Half of ", { wait: release.promise }, "the answer"]);
  writeFileSync(join(folder.path, "config.toml"), providerConfig(fake.url));
  let runId: string;
  {
    await using server = await startServer({ home: folder.path });
    using socket = await openRawSocket(server.url, server.token);
    const events: RawEvent[] = [];
    socket.onEvent = (event) => void events.push(event);
    await socket.call("events.subscribe", { pattern: "**" });
    ({ run_id: runId } = await socket.call<{ run_id: string }>("agent.run", { message: "Tell me" }));
    await until(() => events.some(({ topic }) => topic === "stream.chunk"));
    server.kill("SIGTERM");
    await until(() => events.some(({ topic }) => topic === "system.shutdown"));
    release.resolve();
    const { code: closed } = await socket.closed;
    const { code } = await server.finished;
    expect({ closed, code, completed: events.some(({ topic }) => topic === "agent.completed") }).toEqual({
      closed: 1012,
      code: 0,
      completed: true,
    });
  }
  await using server = await startServer({ home: folder.path });
  using socket = await openRawSocket(server.url, server.token);
  expect(await socket.call("runs.get", { run_id: runId })).toMatchObject({
    status: "completed",
    text: "Half of the answer",
  });
});

testExecutable("the executable is the command line when it is called aleph", async () => {
  await using folder = await testFolder();
  const aleph = join(folder.path, "aleph");
  symlinkSync(executablePath(), aleph);
  const home = join(folder.path, "home");
  mkdirSync(home);
  const overview = await runExecutable({ home, file: aleph });
  expect(overview.code).toBe(0);
  expect(overview.stdout).toContain("chat");
  const chat = await runExecutable({ home, file: aleph, args: ["chat", "Hello"] });
  expect({ code: chat.code, answered: chat.stdout.trim().length > 0 }).toEqual({ code: 0, answered: true });
  const piped = await runExecutable({ home, file: aleph, args: ["chat"], stdin: "Hello from a pipe" });
  expect({ code: piped.code, answered: piped.stdout.trim().length > 0 }).toEqual({ code: 0, answered: true });
});

testExecutable("the executable serves when it is given no command", async () => {
  await using folder = await testFolder();
  await using server = await startServer({ home: folder.path, command: [] });
  expect((await fetch(new URL("/health", server.url))).status).toBe(200);
});

function providerConfig(url: string): string {
  return `[providers.fake]
type = "openai-compatible"
base_url = "${url}"
api_key = "x"
models = ["test-model"]

[models]
default = "fake/test-model"
`;
}

function listFiles(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    names
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((path) => [path, readFileSync(path, "utf8")]),
  );
}

interface Disk extends AsyncDisposable {
  readonly path: string;
  fill(): void;
  free(): void;
  makeReadOnly(): Promise<void>;
}

async function mountDisk(folder: string, size: string): Promise<Disk> {
  const path = join(folder, "disk");
  const filler = join(path, "filler");
  mkdirSync(path);
  await command("mount", "-t", "tmpfs", "-o", `size=${size},mode=0700`, "aleph-test", path);
  return {
    path,
    fill() {
      try {
        for (let part = 0; ; part++) writeFileSync(`${filler}-${part}`, new Uint8Array(4096));
      } catch {
        // Full: that was the aim.
      }
    },
    free() {
      for (const name of readdirSync(path)) if (name.startsWith("filler")) rmSync(join(path, name));
    },
    makeReadOnly: () => command("mount", "-o", "remount,ro", path),
    async [Symbol.asyncDispose]() {
      await command("umount", path);
    },
  };
}

async function command(...words: readonly string[]): Promise<void> {
  const child = Bun.spawn([...words], { stderr: "pipe" });
  const [errors, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${errors}`);
}
