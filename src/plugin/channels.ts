/** The channels that plugins bring: which there are, each loaded when the config switches it on. */
import type { Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Bus } from "../sdk/bus.ts";
import type { AnyChannel } from "../sdk/channel.ts";
import type { PluginChannel } from "../sdk/plugin.ts";
import type { Replies } from "./channel-replies.ts";
import { NamedParts } from "./named-parts.ts";

export interface PluginChannelsOptions {
  readonly bus: Pick<Bus, "attach">;
  readonly log: Log;
  /** Names that are taken. */
  readonly builtIn: readonly string[];
  /** How the time between attempts to send passes. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** `follow` gives loaders by name, as `Interfaces.offer` takes them. */
export function createPluginChannels(options: PluginChannelsOptions): NamedParts<PluginChannel, AnyChannel> {
  const { bus, log, builtIn, wait = (ms: number) => Bun.sleep(ms) } = options;
  /** By channel: when a run answers, its plugin may be another version. */
  const repliesOf = new Map<string, Replies>();
  const channels = new NamedParts<PluginChannel, AnyChannel>({
    what: "channel",
    partsOf: (manifest) => manifest.channels,
    isTaken: (name) => builtIn.includes(name),
    log,
    async make(plugin, part) {
      const [{ MESSAGE_LIMIT, pluginChannel, sendOver }, { Replies }] = await Promise.all([
        import("./channel.ts"),
        import("./channel-replies.ts"),
      ]);
      const { name } = part;
      let replies = repliesOf.get(name);
      if (!replies) {
        const send = (conversation: string, text: string) => {
          const now = channels.get(name);
          if (!now) throw new AlephError("not_found", `No channel "${name}"`);
          return sendOver(now.plugin, now.part, conversation, text);
        };
        replies = new Replies({ bus, log: log.child({ interface: name }), limit: MESSAGE_LIMIT, wait, send });
        repliesOf.set(name, replies);
      }
      return pluginChannel(plugin, part, replies);
    },
  });
  return channels;
}
