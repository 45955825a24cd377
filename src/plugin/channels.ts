/** The channels that plugins bring: which there are, each loaded when the config switches it on. */
import type { Log } from "../lib/log.ts";
import type { AnyChannel } from "../sdk/channel.ts";
import type { PluginChannel } from "../sdk/plugin.ts";
import { NamedParts } from "./named-parts.ts";

export interface PluginChannelsOptions {
  readonly log: Log;
  /** Names that are taken. */
  readonly builtIn: readonly string[];
}

/** `follow` gives loaders by name, as `Interfaces.offer` takes them. */
export function createPluginChannels(options: PluginChannelsOptions): NamedParts<PluginChannel, AnyChannel> {
  const { log, builtIn } = options;
  return new NamedParts<PluginChannel, AnyChannel>({
    what: "channel",
    partsOf: (manifest) => manifest.channels,
    isTaken: (name) => builtIn.includes(name),
    log,
    async make(plugin, part) {
      const { pluginChannel } = await import("./channel.ts");
      return pluginChannel(plugin, part);
    },
  });
}
