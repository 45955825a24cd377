/** The channels, loaded when the config switches one on. */
import type { Channel } from "../sdk/channel.ts";

export const channels = {
  discord: () => import("./discord/discord.ts").then((module) => module.discord),
  imessage: () => import("./imessage/imessage.ts").then((module) => module.imessage),
  telegram: () => import("./telegram/telegram.ts").then((module) => module.telegram),
  webchat: () => import("./webchat.ts").then((module) => module.webchat),
} as const;

type Loaded = Awaited<ReturnType<(typeof channels)[keyof typeof channels]>>;
// biome-ignore lint/suspicious/noExplicitAny: only what `open` needs is looked at
type NeedsOf<T> = T extends Channel<string, any, infer Needs> ? (needs: Needs) => void : never;

/** All that the channels need, together; `app.ts` must have it. */
export type ChannelNeeds = NeedsOf<Loaded> extends (needs: infer Sum) => void ? Sum : never;
