/** One opening of a bot: what it hears, and what it is told to say. */
import { timingSafeEqual } from "node:crypto";
import type {
  InlineKeyboardMarkup,
  InlineQuery,
  InlineQueryResultArticle,
  ReactionTypeEmoji,
  Update,
} from "grammy/types";
import { Api, InputFile } from "grammy/web";
import { describeError } from "../../lib/log.ts";
import { readAtMost } from "../../lib/read-at-most.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Button, ChannelHost, Chat, MessageExtras, OpenChannel } from "../../sdk/channel.ts";
import type { Commands } from "../../sdk/command.ts";
import { isUnchanged, migratedTo, telegramError } from "./failures.ts";
import { formatMarkdown } from "./format.ts";
import { conversationOf, type Place, placeOf, readMessage } from "./inbound.ts";
import { POLL_SECONDS, Polling } from "./polling.ts";
import type { TelegramOptions } from "./telegram.ts";

export interface TelegramNeeds {
  readonly commands: Pick<Commands, "words">;
  readonly fetch: typeof fetch;
}

const UPDATES = ["message", "callback_query", "inline_query", "chosen_inline_result"] as const;
/** The most that the Bot API hands out. */
const MAX_FILE = 20_000_000;
/** A larger picture goes as a document. */
const MAX_PHOTO = 10_000_000;
/** Conversations that are one message in a chat that the bot does not see. */
const INLINE = "inline/";
/** Telegram says of any other that it is not valid. */
type Emoji = ReactionTypeEmoji["emoji"];
const COMMAND = /^[a-z0-9_]{1,32}$/;

export class Bot implements OpenChannel {
  readonly #options: TelegramOptions;
  readonly #needs: TelegramNeeds;
  readonly #host: ChannelHost;
  readonly #api: Api;
  readonly #stop = new AbortController();
  readonly #broken = Promise.withResolvers<AlephError>();
  /** Where groups went that became supergroups. */
  readonly #moved = new Map<number | string, number>();
  /** Proves that a webhook call comes from Telegram. */
  readonly #secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
  #hear: ((update: Update) => Promise<void>) | undefined;
  #polling: Promise<void> | undefined;

  constructor(options: TelegramOptions, needs: TelegramNeeds, host: ChannelHost) {
    this.#options = options;
    this.#needs = needs;
    this.#host = host;
    this.#api = new Api(options.token, {
      apiRoot: options.api_root.replace(/\/$/, ""),
      fetch: needs.fetch,
      // A long poll answers at the latest when its time is over.
      timeoutSeconds: POLL_SECONDS + 30,
    });
  }

  get broken(): Promise<AlephError> {
    return this.#broken.promise;
  }

  async open(): Promise<void> {
    const { signal, chat: join, log } = this.#host;
    const { token: _, api_root: __, webhook_url, ...policy } = this.#options;
    try {
      const me = await this.#api.getMe(aborting(signal));
      const chat = await join(policy);
      this.#hear = (update) =>
        this.#take(update, chat, (message) => readMessage(message, { me, download: this.#download }));
      if (webhook_url === undefined) await this.#api.deleteWebhook({}, aborting(signal));
      else {
        const wanted = { secret_token: this.#secret, allowed_updates: UPDATES, max_connections: 40 };
        await this.#api.setWebhook(webhook_url, wanted, aborting(signal));
      }
    } catch (thrown) {
      throw telegramError(thrown);
    }
    if (webhook_url === undefined) this.#polling = this.#poll();
    // A menu that is not there keeps nobody from writing.
    this.#offerCommands().catch((thrown) =>
      log.warn("commands could not be offered", describeError(telegramError(thrown))),
    );
  }

  async send(conversation: string, message: string, extras: MessageExtras = {}): Promise<{ id: string }> {
    const { files = [], replyTo, buttons } = extras;
    const inline = inlineOf(conversation);
    if (inline !== undefined) {
      // What was sent from another chat is one message; whatever does not answer it has no place there.
      if (replyTo === undefined) throw new AlephError("invalid_params", "An answer to an inline query is one message");
      await this.#editInline(inline, message);
      return { id: inline };
    }
    const about = {
      // The message may be gone by now; the answer goes out all the same.
      ...(replyTo === undefined
        ? {}
        : { reply_parameters: { message_id: messageOf(replyTo), allow_sending_without_reply: true } }),
      ...(buttons ? { reply_markup: keyboard(buttons) } : {}),
    };
    return this.#calling(conversation, async ({ chat, thread }) => {
      const to = thread === undefined ? about : { ...about, message_thread_id: thread };
      let id: number | undefined;
      if (message !== "") {
        const { text, entities } = formatMarkdown(message);
        const plain = { entities, link_preview_options: { is_disabled: true } };
        id = (await this.#api.sendMessage(chat, text, { ...to, ...plain })).message_id;
      }
      for (const { name, type, load } of files) {
        const bytes = await load();
        const file = new InputFile(bytes, name);
        const isPicture = type === "image/jpeg" || type === "image/png";
        const sent =
          isPicture && bytes.byteLength <= MAX_PHOTO
            ? await this.#api.sendPhoto(chat, file, to)
            : type === "audio/ogg"
              ? await this.#api.sendVoice(chat, file, to)
              : await this.#api.sendDocument(chat, file, to);
        id ??= sent.message_id;
      }
      return { id: String(id) };
    });
  }

  edit(conversation: string, id: string, message: string, { buttons }: MessageExtras = {}): Promise<void> {
    const inline = inlineOf(conversation);
    if (inline !== undefined) return this.#editInline(inline, message);
    const { text, entities } = formatMarkdown(message);
    const markup = buttons ? { reply_markup: keyboard(buttons) } : {};
    return this.#calling(conversation, async ({ chat }) => {
      try {
        const plain = { entities, link_preview_options: { is_disabled: true } };
        await this.#api.editMessageText(chat, Number(id), text, { ...plain, ...markup });
      } catch (thrown) {
        if (!isUnchanged(thrown)) throw thrown;
      }
    });
  }

  /** A bot has one reaction to a message: the new one takes the place of the old. */
  async react(conversation: string, id: string, emoji: string | null): Promise<void> {
    if (inlineOf(conversation) !== undefined) {
      throw new AlephError("invalid_params", "An answer to an inline query has no reactions");
    }
    // Hearts and the like are known to Telegram without the mark that asks for colours.
    const reaction = emoji === null ? [] : [{ type: "emoji" as const, emoji: emoji.replaceAll("\ufe0f", "") as Emoji }];
    await this.#calling(conversation, ({ chat }) => this.#api.setMessageReaction(chat, messageOf(id), reaction));
  }

  async typing(conversation: string): Promise<void> {
    if (inlineOf(conversation) !== undefined) return;
    await this.#calling(conversation, ({ chat, thread }) =>
      this.#api.sendChatAction(chat, "typing", thread === undefined ? {} : { message_thread_id: thread }),
    );
  }

  async request({ headers, body }: { headers: Headers; body: Uint8Array }) {
    if (this.#options.webhook_url === undefined) return { status: 404, body: "This bot has no webhook\n" };
    const given = Buffer.from(headers.get("x-telegram-bot-api-secret-token") ?? "");
    const secret = Buffer.from(this.#secret);
    if (given.length !== secret.length || !timingSafeEqual(given, secret)) return { status: 401 };
    let update: Update;
    try {
      update = JSON.parse(new TextDecoder().decode(body));
    } catch {
      return { status: 400, body: "The body is no JSON\n" };
    }
    // What could not be kept, Telegram sends again.
    await this.#hear?.(update);
    return { status: 200 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#polling;
  }

  /** Updates count as read only when what they brought is on disk. */
  async #poll(): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, this.#host.signal]);
    const polling = new Polling({
      ask: (wanted) => this.#api.getUpdates({ ...wanted, allowed_updates: UPDATES }, aborting(signal)),
      take: async (update) => this.#hear?.(update),
    });
    try {
      await polling.run(signal);
    } catch (thrown) {
      if (!signal.aborted) {
        this.#broken.resolve(telegramError(thrown));
        return;
      }
    }
    await polling.settled();
    const { offset } = polling;
    if (offset === 0) return;
    await this.#api.getUpdates({ offset, limit: 1, timeout: 0 }).catch((thrown: unknown) => {
      // What was taken and not confirmed comes again, and is known then.
      this.#host.log.debug("updates could not be confirmed", describeError(telegramError(thrown)));
    });
  }

  async #take(
    { message, callback_query: pressed, inline_query, chosen_inline_result: chosen }: Update,
    chat: Chat,
    read: (message: NonNullable<Update["message"]>) => ReturnType<typeof readMessage>,
  ): Promise<void> {
    if (message?.migrate_to_chat_id !== undefined) this.#moved.set(message.chat.id, message.migrate_to_chat_id);
    if (inline_query) await this.#offerInline(inline_query, chat);
    if (chosen?.inline_message_id !== undefined && chosen.query.trim() !== "") {
      const { inline_message_id: id, from, query: text } = chosen;
      const sender = { id: String(from.id), name: from.first_name };
      if (chat.knows(sender)) await chat.receive({ id: `inline:${id}`, conversation: INLINE + id, sender, text });
    }
    const incoming = message && read(message);
    if (incoming) await chat.receive(incoming);
    if (pressed?.data === undefined || !pressed.message) return;
    const { id, data, from, message: shown } = pressed;
    const { text, settled } = await chat.press({
      conversation: conversationOf(shown.chat.id, undefined),
      sender: { id: String(from.id), name: from.first_name },
      value: data,
    });
    // The answer is given; whether it is also shown changes nothing.
    await Promise.all([
      this.#api.answerCallbackQuery(id, { text: text.slice(0, 200).toWellFormed() }),
      settled ? this.#api.editMessageReplyMarkup(shown.chat.id, shown.message_id) : undefined,
    ]).catch((thrown: unknown) => {
      if (!isUnchanged(thrown)) this.#host.log.debug("press could not be shown", describeError(telegramError(thrown)));
    });
  }

  /** To people whom the owner knows one thing is offered: to ask Aleph what they typed. It is answered once it was sent. */
  async #offerInline({ id, from, query }: InlineQuery, chat: Chat): Promise<void> {
    const isOffered = query.trim() !== "" && chat.knows({ id: String(from.id) });
    const ask: InlineQueryResultArticle = {
      type: "article",
      id: "ask",
      title: "Ask Aleph",
      description: query.slice(0, 200).toWellFormed(),
      input_message_content: { message_text: `${query}\n\n…`, link_preview_options: { is_disabled: true } },
      // Only a message with buttons can be changed afterwards.
      reply_markup: { inline_keyboard: [[{ text: "…", callback_data: "wait" }]] },
    };
    await this.#api
      .answerInlineQuery(id, isOffered ? [ask] : [], { cache_time: 0, is_personal: true })
      // Whoever typed on has asked something else by now.
      .catch((thrown) => this.#host.log.debug("inline query not answered", describeError(telegramError(thrown))));
  }

  async #editInline(id: string, message: string): Promise<void> {
    const { text, entities } = formatMarkdown(message);
    try {
      await this.#api.editMessageTextInline(id, text, { entities, link_preview_options: { is_disabled: true } });
    } catch (thrown) {
      if (!isUnchanged(thrown)) throw telegramError(thrown);
    }
  }

  readonly #download = async (fileId: string, signal: AbortSignal): Promise<Uint8Array> => {
    try {
      const { file_path, file_size = 0 } = await this.#api.getFile(fileId, aborting(signal));
      const tooLarge = () => new AlephError("payload_too_large", "It is larger than Telegram hands out");
      if (file_path === undefined || file_size > MAX_FILE) throw tooLarge();
      const root = this.#options.api_root.replace(/\/$/, "");
      const answer = await this.#needs.fetch(`${root}/file/bot${this.#options.token}/${file_path}`, { signal });
      if (!answer.ok) throw new AlephError("not_found", `Telegram answers ${answer.status}`);
      const bytes = await readAtMost(answer, MAX_FILE);
      if (!bytes) throw tooLarge();
      return bytes;
    } catch (thrown) {
      throw telegramError(thrown);
    }
  };

  async #calling<T>(conversation: string, call: (place: Place) => Promise<T>): Promise<T> {
    const place = placeOf(conversation);
    if (!place) {
      throw new AlephError("not_found", `"${conversation}" is no conversation of Telegram`, {
        data: { hint: "The number of a chat, with /<topic> if it has topics, or the @name of a public one" },
      });
    }
    const { chat } = place;
    try {
      return await call({ ...place, chat: this.#moved.get(chat) ?? chat });
    } catch (thrown) {
      const moved = migratedTo(thrown);
      if (moved === undefined) throw this.#failure(thrown);
      this.#moved.set(chat, moved);
      return await call({ ...place, chat: moved }).catch((again: unknown) => {
        throw this.#failure(again);
      });
    }
  }

  /** A webhook does not notice that the token was taken back: then what waits is to wait for another one. */
  #failure(thrown: unknown): AlephError {
    const failure = telegramError(thrown);
    if (failure.reason === "auth_failed") this.#broken.resolve(failure);
    return failure;
  }

  async #offerCommands(): Promise<void> {
    const words = await this.#needs.commands.words();
    const commands = words
      .map(({ word, description }) => ({
        command: word.replaceAll("-", "_"),
        description: description.slice(0, 256).toWellFormed(),
      }))
      .filter(({ command, description }) => COMMAND.test(command) && description.length >= 1)
      .slice(0, 100);
    await this.#api.setMyCommands(commands, {}, aborting(this.#host.signal));
  }
}

/** grammY's types name the class of a polyfill; what it uses is there. */
function aborting(signal: AbortSignal): Parameters<Api["getMe"]>[0] {
  return signal as unknown as Parameters<Api["getMe"]>[0];
}

/** The message that an inline query put into some other chat, of a conversation of that kind. */
function inlineOf(conversation: string): string | undefined {
  return conversation.startsWith(INLINE) ? conversation.slice(INLINE.length) : undefined;
}

/** `chat:message`, as a message that came has it, or a message's own number. */
function messageOf(id: string): number {
  return Number(id.slice(id.indexOf(":") + 1));
}

function keyboard(rows: readonly (readonly Button[])[]): InlineKeyboardMarkup {
  return { inline_keyboard: rows.map((row) => row.map(({ label, value }) => ({ text: label, callback_data: value }))) };
}
