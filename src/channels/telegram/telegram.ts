/** Telegram: a bot of the Bot API, by long polling or a webhook. */
import * as z from "zod";
import { chatOptions } from "../../channel/chat-options.ts";
import { defineChannel } from "../../sdk/channel.ts";
import type { TelegramNeeds } from "./bot.ts";

export type TelegramOptions = z.output<typeof options>;

const options = z.strictObject({
  ...chatOptions,
  token: z.string().min(1).describe("the bot's token, from @BotFather; best a reference such as env:TELEGRAM_TOKEN"),
  api_root: z
    .url({ protocol: /^https?$/ })
    .default("https://api.telegram.org")
    .describe("another server of the Bot API, such as one of your own"),
  webhook_url: z
    .url({ protocol: /^https$/ })
    .optional()
    .describe("public address of POST /channels/<name> here; left out, the bot asks for its updates"),
});

export const telegram = defineChannel({
  id: "telegram",
  capabilities: { edit: true, react: true, typing: true, files: true, threads: true, buttons: true },
  limits: { message: 4096, edit_ms: 1500 },
  globalSenders: true,
  options,
  async open(needs: TelegramNeeds, table, host) {
    const { Bot } = await import("./bot.ts");
    const bot = new Bot(table, needs, host);
    await bot.open();
    return bot;
  },
});
