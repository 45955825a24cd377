/** A plugin of kind nodejs in a process of its own, started as the server would, with a network that the test makes. */
import { mkdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createNodejsRuntime } from "../../src/plugin/runtimes/nodejs.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import type { PluginManifest } from "../../src/sdk/plugin.ts";
import type { NetworkDoor, PluginCall, PluginProcess, ProcessHost } from "../../src/sdk/runtime.ts";
import { testFolder } from "./folder.ts";
import { testLog } from "./log.ts";
import { BARE_MANIFEST } from "./plugins.ts";

export interface NodejsPluginOptions {
  /** The files of its folder; `index.ts` is the entry unless the manifest names another. */
  readonly files: Readonly<Record<string, string>>;
  readonly manifest?: Partial<PluginManifest>;
  readonly host?: Partial<ProcessHost>;
  readonly network?: NetworkDoor;
}

export interface NodejsPlugin extends AsyncDisposable {
  readonly folder: string;
  readonly privateFolder: string;
  readonly runFolder: string;
  readonly entries: ReturnType<typeof testLog>["entries"];
  /** `topic` and data of what it sent without being asked. */
  readonly notes: [string, unknown][];
  /** Kind and target of what it was kept from. */
  readonly denied: [string, string][];
  /** What it printed, line by line. */
  printed(): string[];
  start(): Promise<PluginProcess>;
}

const noNetwork: NetworkDoor = {
  fetch: async () => {
    throw new Error("no network in this test");
  },
  connect: async () => {
    throw new Error("no network in this test");
  },
};

export async function nodejsPlugin({ files, manifest, host, network }: NodejsPluginOptions): Promise<NodejsPlugin> {
  await using stack = new AsyncDisposableStack();
  const root = await realpath(stack.use(await testFolder()).path);
  const folder = join(root, "plugin");
  const privateFolder = join(root, "run/plugins/p");
  await mkdir(privateFolder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await Bun.write(join(folder, name), text);
  }
  const { log, entries } = testLog();
  const notes: [string, unknown][] = [];
  const denied: [string, string][] = [];
  const runtime = createNodejsRuntime({ sandbox: async () => createSandbox(), runFolder: join(root, "run") });
  const open = await runtime.open(
    { ...BARE_MANIFEST, id: "p", name: "P", kind: "nodejs", entry: "index.ts", ...manifest },
    { readFile: (path) => Bun.file(join(folder, path)).text() },
  );
  stack.use(open);
  const processHost: ProcessHost = {
    log,
    folder,
    privateFolder,
    read: [],
    write: [],
    env: {},
    mayRunUnsandboxed: true,
    limits: { memoryBytes: 256 * 1024 * 1024, timeoutMs: 5000, maxAnswer: 2 * 1024 * 1024 },
    network: network ?? noNetwork,
    notify: (topic, data) => notes.push([topic, data]),
    denied: (kind, target) => denied.push([kind, target]),
    ...host,
  };
  const owned = stack.move();
  return {
    folder,
    privateFolder,
    runFolder: join(root, "run"),
    entries,
    notes,
    denied,
    printed: () =>
      entries.filter(({ message }) => message === "plugin output").map(({ fields }) => String(fields.text)),
    async start() {
      const process = await open.start!(processHost);
      owned.use(process);
      return process;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const { signal } = new AbortController();

/** A call that nobody cancels. */
export function callOf(handler: string, args: unknown = {}, more: Partial<PluginCall> = {}): PluginCall {
  return { handler, args, signal, ...more };
}

/** An entry that creates a server with these tools. */
export function toolsEntry(tools: string): string {
  return `import { createServer, notify } from "@aleph/plugin-sdk";
createServer({ name: "p", tools: { ${tools} } }).start();
`;
}
