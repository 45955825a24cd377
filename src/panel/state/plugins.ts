/** The plugins of the server: read when their page is opened, and again whenever one of them changes. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export type ShownPlugin = Result<"plugins.list">["plugins"][number];

export type InstalledPlugin = Result<"plugins.install">;

export interface PluginDetails {
  readonly denials: Result<"plugins.get">["denials"];
  readonly log: Result<"plugins.logs">["entries"];
}

/** What the owner may do with one. */
export type PluginAct = "approve" | "enable" | "disable" | "reload" | "develop" | "settle";

export interface Plugins {
  /** Undefined until it is known. */
  readonly list: ReadonlySignal<readonly ShownPlugin[] | undefined>;
  /** Folders whose plugins are off because nobody said that they are trusted. */
  readonly untrusted: ReadonlySignal<readonly string[]>;
  readonly phase: ReadonlySignal<Phase>;
  /** How many wait for an approval, as far as is known. */
  readonly waiting: ReadonlySignal<number>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** As `load`, where it was loaded before. */
  renew(): Promise<void>;
  /** From a folder on the server's machine, an archive, an https URL or a repository. It waits for its approval then. */
  install(source: string): Promise<InstalledPlugin>;
  /** Rejects with the server's reason. What is approved is what is shown. */
  act(plugin: ShownPlugin, act: PluginAct): Promise<void>;
  trust(folder: string): Promise<void>;
  details(id: string): Promise<PluginDetails>;
  handle(event: EventFrame): void;
}

const LOG_LINES = 50;

export function createPlugins(call: Call): Plugins {
  const { value, phase, load, renew } = createLoaded(() => call("plugins.list", {}));
  const list = computed(() => value.value?.plugins);
  return {
    list,
    untrusted: computed(() => untrustedOf(value.value?.folders)),
    phase,
    waiting: computed(() => list.value?.filter(({ status }) => status === "pending").length ?? 0),
    load,
    renew,
    async install(source) {
      const installed = await call("plugins.install", { source });
      await load();
      return installed;
    },
    async act({ id, sha256 }, act) {
      if (act === "approve") await call("plugins.approve", { id, ...(sha256 === null ? {} : { sha256 }) });
      else if (act === "develop" || act === "settle") await call("plugins.develop", { id, on: act === "develop" });
      else await call(`plugins.${act}`, { id });
      await load();
    },
    async trust(folder) {
      await call("plugins.trustFolder", { folder });
      await load();
    },
    async details(id) {
      const [{ denials }, { entries }] = await Promise.all([
        call("plugins.get", { id }),
        call("plugins.logs", { id, limit: LOG_LINES }),
      ]);
      return { denials, log: entries };
    },
    handle({ topic, data }) {
      const isNewlyPending = topic === "plugin.status" && "status" in data && data.status === "pending";
      if (isNewlyPending) void load();
      else if (topic.startsWith("plugin.")) void renew();
    },
  };
}

/** The folders in which everything is off until somebody trusts them. */
export function untrustedOf(
  folders: readonly { readonly path: string; readonly trusted: boolean }[] | undefined,
): readonly string[] {
  return (folders ?? []).filter(({ trusted }) => !trusted).map(({ path }) => path);
}
