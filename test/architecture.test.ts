/** The shape of the sources: who may import whom, and what no file may do. CONTRIBUTING.md says why. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasOpening, isOnlyList, mutableState, readsEnvironment, startsProcesses } from "./support/source-rules.ts";
import { folderOf, readSource, readSourceTree, type Source } from "./support/source-tree.ts";

const CONTRACTS = ["lib", "protocol", "sdk"];
const SUBSYSTEM = [...CONTRACTS, "config", "type store"];
const SUBSYSTEMS = ["config", "store", "bus", "media", "sandbox", "document", "auth", "policy", "session", "usage"];
const CORE = [
  ...CONTRACTS,
  ...SUBSYSTEMS,
  "providers",
  "browser",
  "tools",
  "channel",
  "plugin",
  "skill",
  "mcp",
  "memory",
  "agent",
  "a2a",
  "webhook",
  "generation",
  "cassette",
];

/** Folder: what it may import besides itself. Each row names only rows above it, so there can be no cycle. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  protocol: ["lib"],
  sdk: ["lib", "protocol"],
  config: ["lib", "protocol"],
  store: CONTRACTS,
  bus: [...CONTRACTS, "store"],
  media: SUBSYSTEM,
  sandbox: SUBSYSTEM,
  document: [...CONTRACTS, "sandbox"],
  auth: SUBSYSTEM,
  policy: [...SUBSYSTEM, "sandbox"],
  session: [...SUBSYSTEM, "type media"],
  usage: SUBSYSTEM,
  backup: [...CONTRACTS, "config", "store"],
  update: ["lib", "protocol"],
  service: ["lib", "protocol"],
  import: ["lib", "protocol"],
  providers: [...CONTRACTS, "type config"],
  browser: [...SUBSYSTEM, "sandbox"],
  tools: [...CONTRACTS, "browser", "type config", "media", "sandbox", "document", "policy"],
  channel: [...SUBSYSTEM, "session"],
  channels: [...CONTRACTS, "session", "channel"],
  plugin: [...SUBSYSTEM, "type media", "sandbox", "channel"],
  skill: [...CONTRACTS, "type config", "sandbox", "plugin"],
  mcp: [...SUBSYSTEM, "type media", "sandbox"],
  memory: [...SUBSYSTEM, "session", "type usage", "providers"],
  agent: [...CONTRACTS, ...SUBSYSTEMS, "providers", "type tools"],
  "chat-commands": [
    ...CONTRACTS,
    "session",
    "type config",
    "type policy",
    "type usage",
    "type providers",
    "channel",
    "agent",
  ],
  a2a: [...SUBSYSTEM, "type media", "sandbox", "session", "type agent"],
  webhook: [...SUBSYSTEM, "auth", "sandbox", "type policy", "type session", "type agent"],
  generation: [...CONTRACTS, ...SUBSYSTEMS, "providers"],
  cassette: [...CONTRACTS, ...SUBSYSTEMS, "providers", "agent"],
  dialects: CONTRACTS,
  completion: [
    ...CONTRACTS,
    "type config",
    "type media",
    "session",
    "type usage",
    "providers",
    "type agent",
    "dialects",
  ],
  cron: [...CONTRACTS, "sandbox", "session", "webhook"],
  "check-tables.ts": [
    "lib",
    "protocol",
    "type config",
    "providers",
    "channel",
    "channels",
    "plugin",
    "sandbox",
    "webhook",
  ],
  doctor: ["lib", "protocol", "config", "store", "sandbox", "check-tables.ts"],
  "open-doctor.ts": ["lib", "type config", "type providers", "doctor"],
  methods: [...CORE, "cron", "type doctor"],
  gateway: [...CONTRACTS, "auth", "type mcp", "type a2a", "type methods", "dialects", "completion"],
  client: ["lib", "protocol", "type sdk", "type methods"],
  remote: [...CONTRACTS, "sandbox"],
  cluster: [...CONTRACTS, "config", "sandbox", "policy", "browser", "type media", "tools", "client"],
  acp: ["lib", "protocol", "client"],
  panel: ["lib", "protocol", "client", "type methods"],
  tui: ["lib", "protocol", "client", "panel", "type methods"],
  "tool-needs.ts": [...CORE],
  "open-plugins.ts": [...CORE],
  "open-skills.ts": [...CORE],
  "open-auth.ts": [...CORE],
  "open-cassettes.ts": [...CORE],
  "model-parts.ts": [...CORE],
  "plugin-parts.ts": [...CORE],
  "channel-machine.ts": ["sandbox"],
  "chat-parts.ts": [...CORE, "type cron"],
  "command-parts.ts": [...CONTRACTS, "plugin", "chat-commands"],
  "mcp-parts.ts": [...CORE],
  "a2a-parts.ts": [...CORE],
  "webhook-parts.ts": [...CORE, "chat-parts.ts"],
  "run-media.ts": [...CORE, "tool-needs.ts"],
  "memory-parts.ts": [...CORE],
  "session-parts.ts": [...CORE],
  "cron-parts.ts": [...CORE, "type chat-parts.ts", "cron"],
  "system-status.ts": [...CONTRACTS, "type agent", "type methods"],
  "core-options.ts": [
    "system-status.ts",
    ...CORE,
    "tool-needs.ts",
    "open-plugins.ts",
    "open-skills.ts",
    "open-auth.ts",
    "open-cassettes.ts",
    "model-parts.ts",
    "plugin-parts.ts",
    "chat-parts.ts",
    "mcp-parts.ts",
    "a2a-parts.ts",
    "webhook-parts.ts",
    "run-media.ts",
    "channels",
    "completion",
    "methods",
    "gateway",
    "panel",
  ],
  "core.ts": [
    "open-doctor.ts",
    "core-options.ts",
    "system-status.ts",
    ...CORE,
    "tool-needs.ts",
    "open-plugins.ts",
    "open-skills.ts",
    "open-auth.ts",
    "open-cassettes.ts",
    "model-parts.ts",
    "plugin-parts.ts",
    "channel-machine.ts",
    "chat-parts.ts",
    "command-parts.ts",
    "mcp-parts.ts",
    "memory-parts.ts",
    "session-parts.ts",
    "cron-parts.ts",
    "a2a-parts.ts",
    "webhook-parts.ts",
    "run-media.ts",
    "channels",
    "completion",
    "methods",
    "gateway",
    "cluster",
    "panel",
  ],
  "app.ts": ["lib", "protocol", "config", "sdk", "core-options.ts", "core.ts", "check-tables.ts", "remote", "gateway"],
  cli: [
    "lib",
    "protocol",
    "config",
    "sandbox",
    "client",
    "remote",
    "cluster",
    "plugin",
    "mcp",
    "acp",
    "tui",
    "backup",
    "update",
    "service",
    "import",
    "doctor",
    "app.ts",
  ],
  "main.ts": ["sandbox", "document", "plugin", "cli"],
};

/** Plural folders: lists of interchangeable things. What stands beside the things, for all of them, is named here. */
const PLURAL: Readonly<Record<string, { readonly shared: readonly string[] }>> = {
  methods: { shared: [] },
  providers: { shared: ["wire", "models", "chain", "protocols", "plugged"] },
  tools: { shared: ["source", "node-call"] },
  channels: { shared: [] },
  "chat-commands": { shared: ["answer-approval", "begin-anew", "stop-runs"] },
  dialects: { shared: ["dialect", "errors", "gather", "wire"] },
  "plugin/runtimes": { shared: [] },
  "store/migrations": { shared: [] },
  "gateway/routes": { shared: [] },
  "gateway/middleware": { shared: [] },
  "cli/commands": { shared: [] },
};

/** Files outside src/ that sources may name: they, or what they give, end up inside the executable. */
const OUTSIDE = [
  "../package.json",
  "../THIRD-PARTY-NOTICES.txt",
  "../plugins/sdk/index.js",
  "../scripts/carried-plugins.ts",
  "../scripts/widget-script.ts",
];

/** Packages that the server may load before it listens; all others wait for their first use. */
const START_PACKAGES = /^(?:node:|bun(?::|$)|hono(?:\/|$))/;

const root = join(import.meta.dir, "../src");
const sources = await readSourceTree(root);
const byPath = new Map(sources.map((source) => [source.path, source]));
const plurals = Object.keys(PLURAL).filter((folder) => existsSync(join(root, folder)));

const wrongSources = (isWrong: (source: Source) => boolean): string[] =>
  sources.filter(isWrong).map(({ path }) => path);

test("every folder has a row, and each row names only rows above it", () => {
  const rows = Object.keys(MAY_IMPORT);
  expect([...new Set(sources.map(({ path }) => folderOf(path)))].filter((folder) => !rows.includes(folder))).toEqual(
    [],
  );
  const upward = rows.flatMap((row, index) =>
    MAY_IMPORT[row]!.map((name) => name.replace("type ", "")).filter((name) => !rows.slice(0, index).includes(name)),
  );
  expect(upward).toEqual([]);
});

test("imports follow the table", () => {
  const wrong = sources.flatMap(({ path, imports }) => {
    const own = folderOf(path);
    const allowed = MAY_IMPORT[own] ?? [];
    return imports.flatMap(({ to, type }) => {
      if (to === undefined || OUTSIDE.includes(to)) return [];
      const folder = folderOf(to);
      if (folder === own || allowed.includes(folder) || (type && allowed.includes(`type ${folder}`))) return [];
      return [`${path} imports ${type ? "types of " : ""}${to}`];
    });
  });
  expect(wrong).toEqual([]);
});

test("relative imports name files that are there, with their ending", () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ to }) => to !== undefined && !existsSync(join(root, to)))
      .map(({ specifier }) => `${path}: ${specifier}`),
  );
  expect(wrong).toEqual([]);
});

test("the files of a folder load each other in no circle", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    else if (!done.has(path)) {
      for (const found of byPath.get(path)?.imports ?? []) {
        if (found.to !== undefined && !found.type && !found.dynamic) visit(found.to, [...trail, path]);
      }
      done.add(path);
    }
  };
  for (const { path } of sources) visit(path, []);
  expect(circles).toEqual([]);
});

test("no file changes anything at module level", () => {
  expect(sources.flatMap((source) => mutableState(source).map((what) => `${source.path}: ${what}`))).toEqual([]);
});

test("only config/ reads the environment", () => {
  expect(wrongSources((source) => folderOf(source.path) !== "config" && readsEnvironment(source))).toEqual([]);
});

test("only sandbox/ starts processes", () => {
  expect(wrongSources((source) => folderOf(source.path) !== "sandbox" && startsProcesses(source))).toEqual([]);
});

test("every file opens with a sentence that says what it is; a method has its summary, a list its name", () => {
  const says = (source: Source): boolean => hasOpening(source) || /^methods\/|\/index\.ts$/.test(source.path);
  expect(wrongSources((source) => !says(source))).toEqual([]);
});

test("no file is 400 lines long", () => {
  expect(wrongSources(({ text }) => text.split("\n").length > 400)).toEqual([]);
});

test("what the server loads before it listens imports no schema and no SDK", () => {
  const roots = ["main.ts", "cli/commands/serve.ts", "app.ts"].filter((path) => byPath.has(path));
  const seen = new Set<string>();
  const wrong: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { specifier, to, type, dynamic } of byPath.get(path)?.imports ?? []) {
      if (type || dynamic) continue;
      if (to !== undefined) visit(to, [...trail, path]);
      else if (!START_PACKAGES.test(specifier)) wrong.push([...trail, path, specifier].join(" -> "));
    }
  };
  for (const path of roots) visit(path, []);
  expect(wrong).toEqual([]);
});

test("an index.ts is the list of a plural folder and nothing else", () => {
  const indexes = sources.filter(({ path }) => path.endsWith("/index.ts"));
  expect(indexes.map(({ path }) => dirname(path)).filter((folder) => !(folder in PLURAL))).toEqual([]);
  expect(indexes.filter((source) => !isOnlyList(source)).map(({ path }) => path)).toEqual([]);
});

for (const folder of plurals) {
  const { shared } = PLURAL[folder]!;
  /** The thing that a file belongs to: `tools/read/limits.ts` and `tools/read/read.ts` are both of `read`. */
  const thingOf = (path: string): string => path.slice(folder.length + 1).replace(/(?:\/.*|\.tsx?)$/, "");
  const own = sources.filter(({ path }) => path.startsWith(`${folder}/`) && path !== `${folder}/index.ts`);
  const entries = own
    .map(({ path }) => path)
    .filter((path) => {
      const below = path.slice(folder.length + 1);
      if (folder === "methods" || folder === "gateway/routes") return true;
      return !shared.includes(thingOf(path)) && (!below.includes("/") || /^(.+)\/\1\.tsx?$/.test(below));
    });

  test(`${folder}/index.ts lists every file of the folder`, () => {
    const listed = byPath
      .get(`${folder}/index.ts`)
      ?.imports.filter(({ to, type }) => to?.startsWith(`${folder}/`) && !type);
    expect(listed?.map(({ to }) => to!).toSorted()).toEqual(entries.toSorted());
  });

  test(`the things in ${folder}/ do not know each other`, () => {
    const wrong = own.flatMap(({ path, imports }) =>
      imports.flatMap(({ to }) => {
        if (!to?.startsWith(`${folder}/`)) return [];
        const thing = thingOf(to);
        return thing === thingOf(path) || shared.includes(thing) ? [] : [`${path} imports ${to}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
}

/** The list in a plural folder's index.ts: what it calls each thing, and the loader. */
async function listOf(folder: string): Promise<readonly (readonly [string, (needs: object) => Promise<unknown>])[]> {
  const module: Record<string, unknown> = await import(join(root, folder, "index.ts"));
  const list = Object.values(module)[0] as Record<string, (needs: object) => Promise<unknown>>;
  return Object.entries(list);
}

test.each([
  ["methods", "name"],
  ["tools", "name"],
  ["providers", "type"],
  ["channels", "id"],
  ["chat-commands", "word"],
  ["plugin/runtimes", "kind"],
] as const)("%s are listed under the %s that they declare", async (folder, key) => {
  const list = await listOf(folder);
  const declared = await Promise.all(list.map(async ([, load]) => ((await load({})) as Record<string, unknown>)[key]));
  expect(declared).toEqual(list.map(([name]) => name));
});

test("a method's name is its path", async () => {
  const list = await listOf("methods");
  const fileOf = (name: string): string =>
    name.replaceAll(".", "/").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const paths = (byPath.get("methods/index.ts")?.imports ?? []).filter(({ dynamic }) => dynamic).map(({ to }) => to);
  expect(list.map(([name]) => `methods/${fileOf(name)}.ts`).toSorted()).toEqual(paths.toSorted() as string[]);
});

test("a test file stands where its source stands", () => {
  const free = /^(?:architecture|e2e\/|browser\/|contract\/|docs\/|fuzz\/|support\/)/;
  const tests = [...new Bun.Glob("**/*.test.{ts,tsx}").scanSync(import.meta.dir)].filter((path) => !free.test(path));
  const orphans = tests.filter((path) => {
    const base = path.replace(/(?:\.[a-z-]+)?\.test\.tsx?$/, "");
    const where = /^(?:scripts|plugins)\//.test(base) ? join(root, "..") : root;
    return !["", ".ts", ".tsx", ".sh", "/index.ts"].some((ending) => existsSync(join(where, base + ending)));
  });
  expect(orphans).toEqual([]);
});

test("the rules find what they forbid", () => {
  const source = (text: string): Source => readSource("lib/sample.ts", text);
  expect(mutableState(source("export let count = 0;\nconst seen = new Map<string, number>();"))).toEqual([
    "let count",
    "const seen = new Map;",
  ]);
  expect(mutableState(source("const table = { a: 1 };\nexport function add() { table.a = 2; }"))).toEqual([
    "const table is changed",
  ]);
  expect(
    mutableState(source("const list: string[] = [];\nexport const add = (a: string) => list.push(a);")),
  ).toHaveLength(1);
  expect(mutableState(source("class A {\n  static made = 0;\n}"))).toEqual(["static made = 0;"]);
  expect(
    mutableState(source("const known = new Set(['a']);\nexport const has = (a: string) => known.has(a);")),
  ).toEqual([]);
  expect(readsEnvironment(source("export const home = process.env.HOME;"))).toBe(true);
  expect(readsEnvironment(source("/** process.env is not read here */\nexport const home = 1;"))).toBe(false);
  expect(startsProcesses(source('import { spawn } from "node:child_process";\nspawn("ls");'))).toBe(true);
  expect(startsProcesses(source("export const ls = () => Bun.$`ls`;"))).toBe(true);
  expect(startsProcesses(source('import { $ } from "bun";\nexport const ls = () => $`ls`;'))).toBe(true);
  expect(startsProcesses(source('// Bun.spawn\nimport type { ChildProcess } from "node:child_process";'))).toBe(false);
  expect(hasOpening(source("/** A sample. */\nexport const a = 1;"))).toBe(true);
  expect(hasOpening(source("export const a = 1;"))).toBe(false);
  expect(isOnlyList(source('export const all = { a: () => import("./a.ts") };'))).toBe(true);
  expect(hasOpening(source('import { b } from "./b.ts";\n\n/** A sample. */\nexport const a = b;'))).toBe(true);
  expect(isOnlyList(source("export function all(a: string) { return [a]; }"))).toBe(true);
  expect(isOnlyList(source("export const all = {};\nexport function find() {}"))).toBe(false);
  expect(
    source('import type { A } from "./a.ts";\nimport { b } from "../x/b.ts";\nawait import("zod");').imports,
  ).toEqual([
    { specifier: "../x/b.ts", to: "x/b.ts", type: false, dynamic: false },
    { specifier: "zod", to: undefined, type: false, dynamic: true },
    { specifier: "./a.ts", to: "lib/a.ts", type: true, dynamic: false },
  ]);
});
