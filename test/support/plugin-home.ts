/** Plugins on a home of their own, with a runtime whose code runs in this process. */
import { join } from "node:path";
import { DEFAULTS } from "../../src/config/defaults.ts";
import type { Config } from "../../src/config/schema.ts";
import { pause } from "../../src/lib/pause.ts";
import { Plugins } from "../../src/plugin/plugins.ts";
import type { PluginsOptions } from "../../src/plugin/plugins-options.ts";
import { runtimes } from "../../src/plugin/runtimes/index.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import {
  defineRuntime,
  type NetworkDoor,
  type PluginCall,
  type ProcessHost,
  type Runtime,
} from "../../src/sdk/runtime.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "./folder.ts";
import { testLog } from "./log.ts";
import { writePlugin } from "./plugins.ts";

export type Runtimes = PluginsOptions["runtimes"];

export interface PluginHomeOptions {
  readonly runtimes?: Runtimes;
  /** A home to use again. */
  readonly home?: string;
  readonly now?: () => number;
  readonly timer?: PluginsOptions["timer"];
  /** Of Aleph. */
  readonly version?: string;
  readonly bundled?: PluginsOptions["bundled"];
  readonly sandboxLevel?: PluginsOptions["sandboxLevel"];
}

const closedDoor: NetworkDoor = {
  fetch: () => Promise.reject(new AlephError("forbidden", "No network here")),
  connect: () => Promise.reject(new AlephError("forbidden", "No network here")),
};

export async function pluginHome(options: PluginHomeOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const home = options.home ?? stack.use(await testFolder()).path;
  const folder = join(home, "plugins");
  const work = join(home, "..", `${home.split("/").at(-1)}-work`);
  const config: { extensions: Config["extensions"] } = { extensions: structuredClone(DEFAULTS.extensions) };
  const events: { topic: string; data: Record<string, unknown> }[] = [];
  const { log, entries } = testLog();
  const store = stack.use(openStore(join(home, "aleph.db"), { log, sync: "commit" }));
  const plugins = stack.use(
    new Plugins({
      folders: {
        user: folder,
        system: join(home, "system"),
        bundled: join(home, "run", "bundled"),
        workingFolder: work,
        userHome: join(home, "person"),
      },
      runtimes: options.runtimes ?? { static: runtimes.static },
      host: {
        run: join(home, "run"),
        places: {
          userHome: join(home, "person"),
          alephHome: home,
          config: join(home, "config.toml"),
          workspaces: join(home, "workspaces"),
        },
        config: () => config,
        env: { KEY: "v" },
        network: async () => closedDoor,
      },
      supervise: { now: () => performance.now(), wait: pause },
      config: () => config,
      onConfigChange: () => ({ [Symbol.dispose]() {} }),
      builtInTools: ["read"],
      version: options.version ?? "0.1.0",
      bundled: options.bundled ?? (async () => ({})),
      store,
      bus: {
        publish: (topic, data) => events.push({ topic, data: data as Record<string, unknown> }),
      },
      log,
      now: options.now ?? Date.now,
      sandboxLevel: options.sandboxLevel ?? (async () => "kernel"),
      ...(options.timer ? { timer: options.timer } : {}),
    }),
  );
  const owned = stack.move();
  return {
    plugins,
    home,
    folder,
    /** Where Aleph was started. */
    work,
    config,
    store,
    logged: entries,
    events,
    /** Topics with ids, those of mere status left out; and the list is empty from here on. */
    takeTopics: () =>
      events
        .splice(0)
        .filter(({ topic }) => topic !== "plugin.status")
        .map(({ topic, data }) => `${topic} ${data.plugin_id}`),
    write: (name: string, files?: Parameters<typeof writePlugin>[2]) => writePlugin(folder, name, files),
    /** Of all that may be used, in order. */
    prompts: async () => {
      await plugins.refresh();
      return (await plugins.current()).flatMap(({ prompts }) => prompts.map(({ text }) => text));
    },
    states: async () =>
      (await plugins.list()).map(({ id, status, error }) => [id, status, ...(error ? [error.message] : [])]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface InProcess {
  readonly id: string;
  readonly version: string;
  readonly host: ProcessHost;
  readonly end: (reason: string) => void;
  isEnded: boolean;
}

/** Plugins of kind nodejs whose code is `handle`; each start is one of `started`. */
export function inProcess(
  handle: (call: PluginCall, process: InProcess) => unknown = ({ args }, { version }) => ({ version, args }),
) {
  const started: InProcess[] = [];
  /** What keeps a version from being started, by its version. */
  const faults = new Map<string, Error | Promise<void>>();
  const runtime: Runtime<"nodejs"> = defineRuntime({
    kind: "nodejs",
    async open({ id, version, prompt }, { readFile }) {
      const isUsed = prompt !== undefined && prompt.scope !== "disabled";
      return {
        prompts: isUsed ? [{ scope: prompt.scope, text: await readFile(prompt.file) }] : [],
        async start(host) {
          const fault = faults.get(version);
          if (fault instanceof Error) throw fault;
          await fault;
          const exited = Promise.withResolvers<{ reason: string }>();
          const own: InProcess = {
            id,
            version,
            host,
            isEnded: false,
            end(reason) {
              own.isEnded = true;
              exited.resolve({ reason });
            },
          };
          started.push(own);
          return {
            pid: started.length,
            sandbox: "kernel",
            call: async (call) => handle(call, own),
            async *stream({ args }) {
              yield* args as unknown[];
            },
            exited: exited.promise,
            async [Symbol.asyncDispose]() {
              own.end("ended");
            },
          };
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  });
  return { started, faults, runtimes: { static: runtimes.static, nodejs: async () => runtime } satisfies Runtimes };
}

/** A manifest of kind nodejs. */
export function codeOf({ id = "code", version = "1.0.0", more = "" } = {}): string {
  return `[plugin]
id = "${id}"
name = "The ${id}"
version = "${version}"
description = "For tests"
kind = "nodejs"
entry = "index.js"
${more}`;
}
