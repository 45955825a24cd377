/** Discord: a bot, over the gateway and the REST API. */
import { REST, type RequestData } from "@discordjs/rest";
import type {
  APIApplication,
  APIChannel,
  APIMessage,
  APIPartialEmoji,
  APIUser,
  GatewayDispatchPayload,
} from "discord-api-types/v10";
import * as z from "zod";
import { chatOptions } from "../../channel/chat-options.ts";
import { describeError } from "../../lib/log.ts";
import { readAtMost } from "../../lib/read-at-most.ts";
import { createSerial, type Serial } from "../../lib/serial.ts";
import { AlephError } from "../../protocol/errors.ts";
import {
  type ChannelHost,
  type Chat,
  type ChatPolicy,
  defineChannel,
  type MessageExtras,
  type OpenChannel,
} from "../../sdk/channel.ts";
import type { Commands } from "../../sdk/command.ts";
import type { Store } from "../../sdk/store.ts";
import { discordError } from "./failures.ts";
import { Gateway } from "./gateway.ts";
import { type GroupPlace, isStore, placeIn, readMessage } from "./inbound.ts";
import { commandsOf, Interactions } from "./interactions.ts";
import { editBody, messageBody } from "./outbound.ts";
import { KeptSession } from "./sessions.ts";

const snowflake = z.string().regex(/^\d{15,20}$/, "must be the id of a server, a number in quotes");

const options = z.strictObject({
  ...chatOptions,
  token: z.string().min(1).describe("the bot's token; best a reference such as env:DISCORD_TOKEN"),
  guilds: z
    .array(snowflake)
    .optional()
    .describe("servers in which Aleph listens, by id; left out, all to which the bot was invited"),
  commands: z
    .enum(["global", "guilds", "none"])
    .default("global")
    .describe("where slash commands are offered: everywhere, in the servers of guilds alone, or not at all"),
  api_root: z
    .url({ protocol: /^https?$/ })
    .default("https://discord.com/api")
    .describe("another server of Discord's API, such as a proxy; it names the gateway, too"),
});

export interface DiscordNeeds {
  readonly commands: Pick<Commands, "words">;
  readonly stores: { readonly durable: Store };
  readonly fetch: typeof fetch;
}

type Options = z.output<typeof options>;

/** Of one attachment that comes. */
const MAX_FILE = 20_000_000;
/** How long a call may take, the largest files over a slow line included. */
const UPLOAD_MS = 60_000;
/** Attachments of one message. */
const FILES = 10;
/** Channels, and private chats, that are remembered. */
const PLACES = 1000;

export const discord = defineChannel({
  id: "discord",
  capabilities: { edit: true, react: true, typing: true, files: true, threads: true, buttons: true },
  limits: { message: 2000, edit_ms: 1500 },
  globalSenders: true,
  options,
  async open(needs: DiscordNeeds, table, host): Promise<OpenChannel> {
    const bot = new Bot(table, needs, host);
    try {
      await bot.open();
    } catch (thrown) {
      await bot[Symbol.asyncDispose]();
      throw thrown;
    }
    return bot;
  },
});

class Bot implements OpenChannel {
  /** By `nonce`, for some minutes. */
  readonly knowsKeys = true;
  readonly #options: Options;
  readonly #needs: DiscordNeeds;
  readonly #host: ChannelHost;
  readonly #rest: REST;
  readonly #places = new Map<string, Promise<GroupPlace>>();
  /** Private chats by the id of the person. */
  readonly #privates = new Map<string, string>();
  /** By channel: what comes from one keeps its order. */
  readonly #queues = new Map<string, { readonly serial: Serial; waiting: number }>();
  #gateway: Gateway | undefined;
  #interactions: Interactions | undefined;

  constructor(options: Options, needs: DiscordNeeds, host: ChannelHost) {
    this.#options = options;
    this.#needs = needs;
    this.#host = host;
    this.#rest = new REST({
      api: options.api_root.replace(/\/$/, ""),
      makeRequest: (url, init) => needs.fetch(url, init as RequestInit) as never,
      // What waits for its turn is on disk, and an edit that waited is out of date.
      rejectOnRateLimit: ({ route }) => route.startsWith("/channels/"),
      retries: 0,
      timeout: UPLOAD_MS,
    }).setToken(options.token);
  }

  get broken(): Promise<AlephError> {
    return this.#gateway!.broken;
  }

  async open(): Promise<void> {
    const { signal, chat: join, log } = this.#host;
    const { token, guilds: _, commands: __, api_root: ___, ...policy } = this.#options;
    const ask = { signal: signal as never };
    const [me, { id: application }] = await this.#calling(
      () =>
        Promise.all([this.#rest.get("/users/@me", ask), this.#rest.get("/applications/@me", ask)]) as Promise<
          [APIUser, APIApplication]
        >,
    );
    const groups = { ...policy.groups };
    const chat = await join({ ...policy, groups });
    const interactions = new Interactions({ rest: this.#rest, application, chat, log });
    this.#interactions = interactions;
    this.#gateway = new Gateway({
      rest: this.#rest,
      token,
      application,
      session: new KeptSession(this.#needs.stores.durable, me.id, log),
      take: (event) => this.#take(event, { me, chat, interactions, groups }),
      log,
    });
    await this.#gateway.connect(signal);
    // Commands that are not offered keep nobody from writing.
    this.#offerCommands(application).catch((thrown) =>
      log.warn("commands could not be offered", describeError(discordError(thrown))),
    );
  }

  async send(conversation: string, message: string, extras: MessageExtras = {}): Promise<{ id: string }> {
    const { files = [], replyTo, buttons, key } = extras;
    const answered = replyTo === undefined ? undefined : this.#interactions?.shownAs(replyTo);
    const loaded = await Promise.all(
      files.map(async ({ name, type, load }) => ({ name, contentType: type, data: Buffer.from(await load()) })),
    );
    return this.#reaching(conversation, async (channel) => {
      let id: string | undefined;
      for (let at = 0; at === 0 || at < loaded.length; at += FILES) {
        const isFirst = at === 0;
        const body = messageBody(isFirst ? message : "", {
          replyTo: isFirst ? answered : undefined,
          buttons: isFirst ? buttons : undefined,
          nonce: key === undefined || isFirst ? key : `${key.slice(0, 20)}.${at}`,
        });
        const sent = await this.#rest.post(`/channels/${channel}/messages`, {
          body,
          files: loaded.slice(at, at + FILES),
        });
        const { id: sentId, content } = sent as APIMessage;
        // Discord gives the message that it has with this nonce: it was sent before, and may have said less.
        if (isFirst && key !== undefined && content.trim() !== message.trim()) {
          await this.#rest.patch(`/channels/${channel}/messages/${sentId}`, { body: editBody(message, buttons) });
        }
        id ??= sentId;
      }
      return { id: id! };
    });
  }

  edit(conversation: string, id: string, message: string, { buttons }: MessageExtras = {}): Promise<void> {
    return this.#reaching(conversation, async (channel) => {
      await this.#rest.patch(`/channels/${channel}/messages/${id}`, { body: editBody(message, buttons) });
    });
  }

  react(conversation: string, id: string, emoji: string | null): Promise<void> {
    const message = this.#interactions?.shownAs(id) ?? id;
    if (!/^\d{15,20}$/.test(message)) {
      return Promise.reject(new AlephError("not_found", `"${id}" is no message of Discord that is shown`));
    }
    return this.#reaching(conversation, async (channel) => {
      const path: `/${string}` = `/channels/${channel}/messages/${message}`;
      const { reactions = [] } = (await this.#rest.get(path)) as APIMessage;
      const own = reactions.filter(({ me }) => me).map((each) => emojiOf(each.emoji));
      const wanted = emoji === null ? undefined : emoji.replace(/^<a?:(\w+:\d+)>$/, "$1");
      const at = (name: string): `/${string}` => `${path}/reactions/${encodeURIComponent(name)}/@me`;
      if (wanted !== undefined && !own.includes(wanted)) await this.#rest.put(at(wanted));
      for (const other of own) if (other !== wanted) await this.#rest.delete(at(other));
    });
  }

  typing(conversation: string): Promise<void> {
    return this.#reaching(conversation, async (channel) => {
      await this.#rest.post(`/channels/${channel}/typing`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    this.#rest.clearHashSweeper();
    this.#rest.clearHandlerSweeper();
  }

  async #take(event: GatewayDispatchPayload, { me, chat, interactions, groups }: Hearing): Promise<void> {
    if (event.t === "MESSAGE_CREATE") {
      const { d } = event;
      if (!this.#listensIn(d.guild_id)) return;
      await this.#inOrder(d.channel_id, async () => {
        const groupOf = (channel: string) => this.#placeOf(channel);
        const message = await readMessage(d, { me, groupOf, download: this.#download });
        if (!message) return;
        ruleByServer(groups, d.guild_id, message.group?.id);
        await chat.receive(message);
      });
    } else if (event.t === "INTERACTION_CREATE") {
      const { d } = event;
      if (!this.#listensIn(d.guild_id)) return;
      if (d.channel) ruleByServer(groups, d.guild_id, placeIn(d.channel).id);
      await interactions.take(d);
    }
  }

  #listensIn(guild: string | undefined): boolean {
    const { guilds } = this.#options;
    return guild === undefined || guilds === undefined || guilds.includes(guild);
  }

  async #inOrder(channel: string, work: () => Promise<void>): Promise<void> {
    const queue = this.#queues.get(channel) ?? { serial: createSerial(), waiting: 0 };
    this.#queues.set(channel, queue);
    queue.waiting += 1;
    try {
      await queue.serial(work);
    } finally {
      queue.waiting -= 1;
      if (queue.waiting === 0) this.#queues.delete(channel);
    }
  }

  /** Messages do not say whether their channel is a thread, and of which. */
  #placeOf(channel: string): Promise<GroupPlace> {
    const known = this.#places.get(channel);
    if (known) return known;
    const asked = this.#calling(() => this.#rest.get(`/channels/${channel}`) as Promise<APIChannel>)
      .then(placeIn)
      .catch((thrown: unknown) => {
        const { reason } = AlephError.from(thrown);
        if (reason === "forbidden" || reason === "not_found") return { id: channel };
        this.#places.delete(channel);
        throw thrown;
      });
    remember(this.#places, channel, asked);
    return asked;
  }

  readonly #download = async (url: string, signal: AbortSignal): Promise<Uint8Array> => {
    if (!isStore(url, this.#options.api_root)) {
      throw new AlephError("forbidden", "It is kept where Discord keeps no files");
    }
    const answer = await this.#needs.fetch(url, { signal, redirect: "error" });
    if (!answer.ok) throw new AlephError("not_found", `Discord answers ${answer.status}`);
    const bytes = await readAtMost(answer, MAX_FILE);
    if (!bytes) throw new AlephError("payload_too_large", `It is larger than ${MAX_FILE / 1e6} MB`);
    return bytes;
  };

  /** A conversation is a channel; the id of a person stands for the private chat with him, as in the keys of sessions. */
  async #reaching<T>(conversation: string, call: (channel: string) => Promise<T>): Promise<T> {
    if (!/^\d{15,20}$/.test(conversation)) {
      throw new AlephError("not_found", `"${conversation}" is no conversation of Discord`, {
        data: { hint: "The id of a channel, a thread or a person: Copy ID in Discord's developer mode" },
      });
    }
    const channel = this.#privates.get(conversation) ?? conversation;
    try {
      return await this.#calling(() => call(channel));
    } catch (thrown) {
      if (AlephError.from(thrown).data.unknown !== "channel" || channel !== conversation) throw thrown;
      const opened = await this.#calling(
        () => this.#rest.post("/users/@me/channels", { body: { recipient_id: conversation } }) as Promise<APIChannel>,
      ).catch(() => {
        throw thrown;
      });
      remember(this.#privates, conversation, opened.id);
      return this.#calling(() => call(opened.id));
    }
  }

  async #calling<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (thrown) {
      throw discordError(thrown);
    }
  }

  async #offerCommands(application: string): Promise<void> {
    const { commands, guilds = [] } = this.#options;
    if (commands === "none") return;
    const body = commandsOf(await this.#needs.commands.words());
    const isGlobal = commands === "global";
    const put = async (place: string, list: unknown[]) => {
      const ask: RequestData = { body: list, signal: this.#host.signal as never };
      await this.#rest.put(`/applications/${application}${place}/commands`, ask);
    };
    // What the other choice left there would be offered twice.
    await put("", isGlobal ? body : []);
    for (const guild of guilds) await put(`/guilds/${guild}`, isGlobal ? [] : body);
  }
}

interface Hearing {
  readonly me: Pick<APIUser, "id">;
  readonly chat: Chat;
  readonly interactions: Interactions;
  readonly groups: Record<string, ChatPolicy["groups"][string]>;
}

/** What is said of a server holds in those of its channels of which nothing is said. */
function ruleByServer(groups: Hearing["groups"], guild: string | undefined, channel: string | undefined): void {
  if (guild === undefined || channel === undefined || Object.hasOwn(groups, channel)) return;
  const rules = Object.hasOwn(groups, guild) ? groups[guild] : undefined;
  if (rules) groups[channel] = rules;
}

/** As the address of a reaction has it: a server's own with its number. */
function emojiOf({ id, name }: APIPartialEmoji): string {
  return id === null ? (name ?? "") : `${name}:${id}`;
}

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  if (known.size >= PLACES) known.delete(known.keys().next().value!);
  known.set(key, value);
}
