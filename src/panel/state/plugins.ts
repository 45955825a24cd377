/** The plugins of the server: read when their page is opened, and again whenever one of them changes. */
import type { Result } from "../../client/client.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";
import { createFoundList, type FoundList } from "./found-list.ts";

export type ShownPlugin = Result<"plugins.list">["plugins"][number];

export type InstalledPlugin = Result<"plugins.install">;

export interface PluginDetails {
  readonly denials: Result<"plugins.get">["denials"];
  readonly log: Result<"plugins.logs">["entries"];
}

/** What the owner may do with one. */
export type PluginAct = "approve" | "enable" | "disable" | "reload" | "develop" | "settle";

export interface Plugins extends FoundList<ShownPlugin> {
  /** From a folder on the server's machine, an archive, an https URL or a repository. It waits for its approval then. */
  install(source: string): Promise<InstalledPlugin>;
  /** Rejects with the server's reason. What is approved is what is shown. */
  act(plugin: ShownPlugin, act: PluginAct): Promise<void>;
  details(id: string): Promise<PluginDetails>;
  handle(event: EventFrame): void;
}

const LOG_LINES = 50;

export function createPlugins(call: Call): Plugins {
  const found = createFoundList(call, async () => {
    const { plugins, folders } = await call("plugins.list", {});
    return { items: plugins, folders };
  });
  const { load, renew } = found;
  return {
    ...found,
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
