/** The package for other people's programs: its types against the sources, and itself under Node. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildClient } from "../../scripts/client.ts";
import { AlephClient, createDeviceSecret, deviceKeyOf } from "../../src/client/aleph-client.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { testApp } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { startRelay } from "../support/relay.ts";
import { until } from "../support/until.ts";

const ROOT = join(import.meta.dir, "../..");
const LONG_MS = 120_000;

/** A folder in which `aleph-client` is installed. */
async function withPackage() {
  const folder = await testFolder();
  await buildClient(join(folder.path, "node_modules/aleph-client"));
  writeFileSync(join(folder.path, "package.json"), '{ "type": "module" }');
  return folder;
}

async function run(command: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, output: `${stdout}${stderr}` };
}

const SETTINGS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: "ESNext",
  module: "NodeNext",
  moduleResolution: "NodeNext",
  lib: ["ESNext", "DOM", "ESNext.Disposable"],
  types: [],
  noEmit: true,
};

async function compile(folder: string, source: string, settings: object = {}, more: readonly string[] = []) {
  writeFileSync(join(folder, "program.ts"), source);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...SETTINGS, ...settings }, files: ["program.ts", ...more] }),
  );
  return run([process.execPath, join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder], folder);
}

const PROGRAM = `
import { AlephClient, AlephError, type EventFrame, isTopic, type Result } from "aleph-client";

export async function main(signal: AbortSignal): Promise<string> {
  using client = await AlephClient.connect({ url: "http://127.0.0.1:1", token: "t", signal });
  await client.call("rpc.ping");
  const page: Result<"session.list"> = await client.call("session.list", { limit: 5 }, { timeoutMs: 1000, signal });
  const key: string = page.sessions[0]?.session_key ?? client.hello.server.instance_id;
  using _watch = await client.on("agent.completed", ({ data, seq }) => console.log(data.text.length, seq + 1));
  await client.subscribe("agent.*", (event: EventFrame) => {
    if (isTopic(event, "agent.error")) console.log(event.data.error.reason);
  });
  try {
    return (await client.call("session.send", { message: "hi", session_key: key })).text;
  } catch (error) {
    if (error instanceof AlephError && error.reason === "cancelled") return "";
    throw error;
  }
}
`;

test(
  "aleph-client's types hold a program in and need no package, no zod and no types of a runtime",
  async () => {
    await using folder = await withPackage();
    const files = readdirSync(join(folder.path, "node_modules/aleph-client")).toSorted();
    expect(files).toEqual(["LICENSE", "README.md", "api.d.ts", "index.d.ts", "index.js", "package.json"]);
    const types = readFileSync(join(folder.path, "node_modules/aleph-client/api.d.ts"), "utf8");
    expect(/\bzod\b|^import |: any\b/m.exec(types)).toBeNull();
    expect(await compile(folder.path, PROGRAM)).toEqual({ code: 0, output: "" });
    const wrong = [
      [`client.call("session.lst", {})`, "session.lst"],
      [`client.call("session.get")`, "Expected 2-3 arguments"],
      [`client.call("session.get", { session_key: 1 })`, "'number' is not assignable to type 'string'"],
      [`client.call("session.get", { session_key: "x", more: 1 })`, "'more' does not exist"],
      [`client.on("agent.none", () => {})`, "agent.none"],
      [`client.on("agent.error", ({ data }) => data.none)`, "'none' does not exist"],
    ] as const;
    const lines = wrong.map(([line]) => `await ${line};`).join("\n");
    const { output } = await compile(
      folder.path,
      `import type { AlephClient } from "aleph-client";\nexport async function f(client: AlephClient) {\n${lines}\n}\n`,
    );
    const faults = output.split(/^(?=program)/m);
    expect(faults.map((fault) => Number(/^program\.ts[(:](\d+)/.exec(fault)?.[1]) - 2)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const [at, [, said]] of wrong.entries()) expect(faults[at]).toContain(said);
  },
  LONG_MS,
);

test(
  "aleph-client's types are those of the sources, method by method and topic by topic",
  async () => {
    await using folder = await withPackage();
    const from = (path: string) => JSON.stringify(join(ROOT, path));
    const { code, output } = await compile(
      folder.path,
      `
import type * as built from "aleph-client";
import type { AlephClient } from ${from("src/client/aleph-client.ts")};
import type { ConnectResult } from ${from("src/protocol/connect.ts")};
import type { EventData, Topic } from ${from("src/protocol/events.ts")};
import type { Reason } from ${from("src/protocol/errors.ts")};
import type { Api } from ${from("src/methods/index.ts")};

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Wrong<T> = { [K in keyof T]: T[K] extends true ? never : K }[keyof T];
type Params = Wrong<{ [M in keyof Api]: Same<Api[M]["params"], built.Params<M>> }>;
type Results = Wrong<{ [M in keyof Api]: Same<Api[M]["result"], built.Result<M>> }>;
type Events = Wrong<{ [T in Topic]: Same<EventData<T>, built.EventData<T>> }>;
type Rest = Wrong<{
  methods: Same<keyof Api, built.MethodName>;
  topics: Same<Topic, built.Topic>;
  reasons: Same<Reason, built.Reason>;
  hello: Same<ConnectResult, built.ConnectResult>;
  members: Same<keyof AlephClient, keyof built.AlephClient>;
}>;
export const wrong: [params: Params[], results: Results[], events: Events[], rest: Rest[]] =
  null as unknown as [params: never[], results: never[], events: never[], rest: never[]];
const check: never[] = [] as (Params | Results | Events | Rest)[];
// What takes a topic is generic over another table of the same topics: those are compared above.
export const client = (own: AlephClient): Omit<built.AlephClient, "on" | "subscribe"> => own;
export { check };
`,
      {
        module: "Preserve",
        moduleResolution: "bundler",
        allowImportingTsExtensions: true,
        skipLibCheck: true,
        typeRoots: [join(ROOT, "node_modules/@types")],
        types: ["bun"],
        paths: { "@aleph/plugin-sdk": [join(ROOT, "plugins/sdk")] },
        jsx: "react-jsx",
        jsxImportSource: "preact",
      },
      ["src/text.d.ts", "src/document/saxen.d.ts"].map((path) => join(ROOT, path)),
    );
    expect({ code, output }).toEqual({ code: 0, output: "" });
  },
  LONG_MS,
);

/** Node from 22 on has what the package needs; where there is an older one, its switches and this line give it the same. */
const OLDER_NODE = [
  "--experimental-websocket",
  "--import",
  `data:text/javascript,${encodeURIComponent(
    "Promise.withResolvers ??= function () { let resolve, reject; const promise = new this((a, b) => { resolve = a; reject = b; }); return { promise, resolve, reject }; };",
  )}`,
];

async function nodeCommand(): Promise<readonly string[] | undefined> {
  const node = Bun.which("node");
  if (node === null) return undefined;
  const [major = 0, minor = 0] = (await run([node, "--version"], ROOT)).output.slice(1).split(".").map(Number);
  if (major >= 22) return [node];
  return major > 20 || (major === 20 && minor >= 10) ? [node, ...OLDER_NODE] : undefined;
}

const node = await nodeCommand();

const NODE_PROGRAM = `
import { AlephClient, AlephError, createDeviceSecret, deviceKeyOf, isTopic } from "aleph-client";
const { ALEPH_URL: url, ALEPH_TOKEN: token } = process.env;
const said = (value) => console.log(JSON.stringify(value));
const client = await AlephClient.connect({ url, token, name: "in node" });
said([client.hello.identity.kind, (await client.call("session.list")).sessions]);
const created = Promise.withResolvers();
await client.on("session.created", ({ data }) => created.resolve(data.session_key));
await client.call("session.create", { session_key: "${MAIN}" });
said(await created.promise);
said(await client.call("session.get", { session_key: "none" }).catch((error) => [error instanceof AlephError, error.reason]));
said(await client.call("rpc.ping", {}, { signal: AbortSignal.abort() }).catch(({ reason }) => reason));
const device = await deviceKeyOf(await createDeviceSecret());
said(await AlephClient.connect({ url, device }).catch(({ reason, data }) => [reason, typeof data.code]));
const { code } = await client.call("auth.pairing.invite", {});
const paired = await AlephClient.connect({ url, device, pairingCode: code, name: "in node" });
said([paired.hello.identity.kind, paired.hello.identity.id === device.id]);
paired.close();
said(await AlephClient.connect({ url, token: "wrong" }).catch(({ reason }) => reason));
client.close();
said(await client.call("rpc.ping").catch(({ reason }) => reason));
`;

test.skipIf(node === undefined)(
  "aleph-client works under Node: token, device, events, refusals",
  async () => {
    await using t = await testApp();
    await using folder = await withPackage();
    writeFileSync(join(folder.path, "program.js"), NODE_PROGRAM);
    const env = { ALEPH_URL: t.url, ALEPH_TOKEN: t.token };
    const { code, output } = await run([...node!, "program.js"], folder.path, env);
    const lines = output.split("\n").filter((line) => !/^\(|ExperimentalWarning/.test(line) && line !== "");
    expect([code, ...lines]).toEqual([
      0,
      '["owner",[]]',
      `"${MAIN}"`,
      '[true,"invalid_params"]',
      '"cancelled"',
      '["pairing_required","string"]',
      '["device",true]',
      '"auth_failed"',
      '"cancelled"',
    ]);
  },
  LONG_MS,
);

test(
  "AlephClient comes back after a loss and delivers what was missed, once and in order",
  async () => {
    await using t = await testApp();
    await using relay = await startRelay(Number(new URL(t.url).port));
    const states: string[] = [];
    using client = await AlephClient.connect({
      url: `http://127.0.0.1:${relay.port}`,
      token: () => t.token,
      onState: ({ kind }) => states.push(kind),
    });
    const seen: string[] = [];
    await client.on("session.created", ({ data }) => void seen.push(data.session_key));
    const create = (name: string) => t.client.call("session.create", { session_key: `agent:main:chat:${name}` });
    await create("one");
    await until(() => seen.length === 1);
    const waiting = client.call("runs.wait", { run_id: "run_none" }).catch(({ reason }: AlephError) => reason);
    relay.cut();
    await until(() => states.at(-1) === "disconnected");
    expect(["cancelled", "not_found"]).toContain((await waiting) as string);
    await create("two");
    await create("three");
    relay.mend();
    await until(() => seen.length === 3);
    expect(seen).toEqual(["one", "two", "three"].map((name) => `agent:main:chat:${name}`));
  },
  LONG_MS,
);

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (thrown: unknown) => (thrown instanceof AlephError ? thrown.reason : thrown),
  );

test("AlephClient gives up on a server that is not there, one that says nothing, and when it is told to", async () => {
  using silent = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("no")),
    websocket: { message: () => undefined },
  });
  const url = `http://127.0.0.1:${silent.port}`;
  expect(await reasonOf(AlephClient.connect({ url, token: "t", connectTimeoutMs: 200 }))).toBe("timeout");
  expect(await reasonOf(AlephClient.connect({ url, token: "t", signal: AbortSignal.abort() }))).toBe("cancelled");
  const stop = new AbortController();
  const connecting = reasonOf(AlephClient.connect({ url, token: "t", signal: stop.signal }));
  stop.abort();
  expect(await connecting).toBe("cancelled");
  await silent.stop(true);
  expect(await reasonOf(AlephClient.connect({ url, token: "t" }))).toBe("not_found");
  expect(await reasonOf(AlephClient.connect({ url: "ftp://x", token: "t" }))).toBe("invalid_params");
});

test("AlephClient's calls end with their signal and after their time, and the connection goes on", async () => {
  await using t = await conversation();
  using client = await AlephClient.connect({ url: t.url, token: t.token });
  const held = Promise.withResolvers<void>();
  t.fake.reply([{ wait: held.promise }, "done"]);
  const { run_id } = await client.call("agent.run", { message: "hi", session_key: MAIN });
  const stop = new AbortController();
  const slow = reasonOf(client.call("runs.wait", { run_id }, { signal: stop.signal }));
  stop.abort();
  expect(await slow).toBe("cancelled");
  expect(await reasonOf(client.call("runs.wait", { run_id }, { timeoutMs: 1 }))).toBe("timeout");
  held.resolve();
  expect(await client.call("runs.wait", { run_id })).toMatchObject({ status: "completed" });
  expect(await client.call("rpc.ping")).toMatchObject({ pong: true });
});

test("deviceKeyOf gives the same key again, and refuses what is none", async () => {
  const secret = await createDeviceSecret();
  const [one, two] = await Promise.all([deviceKeyOf(secret), deviceKeyOf(secret)]);
  expect([one.id, one.publicKey, await one.sign("x")]).toEqual([two.id, two.publicKey, await two.sign("x")]);
  for (const wrong of ["", "x", `${secret}x`, "%%%"]) expect(await reasonOf(deviceKeyOf(wrong))).toBe("invalid_params");
});
