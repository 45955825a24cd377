/** A server that is a bot on a Discord of one's own. */
import type { ConfigInput } from "../../../src/config/schema.ts";
import { type ConversationOptions, conversation } from "../../support/conversation.ts";
import { DISCORD, type FakeDiscordOptions, fakeDiscord } from "../../support/discord.ts";
import { until } from "../../support/until.ts";

type Discord = ReturnType<typeof fakeDiscord>;

/** On a machine with much else to do. */
export const LATE = 30_000;

export async function startOn(discord: Discord, table: Record<string, unknown> = {}, more: ConversationOptions = {}) {
  const config: ConfigInput = {
    interfaces: {
      discord: { token: DISCORD.token, api_root: discord.apiRoot, allow_from: [DISCORD.owner.id], ...table },
    },
  };
  const app = await conversation({ ...more, config });
  const status = () => app.client.call("interface.status", { interface: "discord" });
  return { ...app, status, isRunning: () => until(async () => (await status()).state === "running", LATE) };
}

/** Until the bot is connected. */
export async function setUp(table: Record<string, unknown> = {}, options: FakeDiscordOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const discord = stack.use(fakeDiscord(options));
  const app = stack.use(await startOn(discord, table));
  await app.isRunning();
  const owned = stack.move();
  return { ...app, discord, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
