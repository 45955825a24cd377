/**
 * A Telegram of one's own: the Bot API over HTTP with chats, messages, files and updates, which count as read when a later
 * offset is asked for; and what it refuses: a wrong token, a second reader, a text that is too long, formats beyond the text, an
 * edit that changes nothing, too many calls. Written after https://core.telegram.org/bots/api.
 */
import type { Message, MessageEntity, Update, User } from "grammy/types";

export const TELEGRAM = {
  token: "4242:AAtest-token_of-a-bot",
  bot: { id: 4242, is_bot: true, first_name: "Aleph", username: "aleph_test_bot" },
  owner: { id: 1001, is_bot: false, first_name: "Ada", last_name: "L." },
  stranger: { id: 2002, is_bot: false, first_name: "Eve" },
  group: -100_500,
} as const;

/** Some of those that Telegram has. */
const REACTIONS = ["👀", "👍", "❤", "🔥"];

export interface TelegramMessage {
  readonly id: number;
  readonly chat: number;
  text: string;
  entities: MessageEntity[];
  buttons: { text: string; callback_data: string }[];
  readonly reply_to: number | undefined;
  readonly thread: number | undefined;
  readonly file?: { readonly method: string; readonly name: string; readonly bytes: string };
}

// biome-ignore lint/suspicious/noExplicitAny: what a client sends
type Params = Readonly<Record<string, any>>;
type Fault = () => { readonly code: number; readonly description: string; readonly parameters?: object } | "hang up";

export interface FakeTelegramOptions {
  /** Called when a call has come and when it was done, before it is answered; what it says "lost" of is not done. */
  readonly around?: (method: string, when: "before" | "after") => "lost" | undefined;
}

export function fakeTelegram({ around = () => undefined }: FakeTelegramOptions = {}) {
  const messages: TelegramMessage[] = [];
  const calls: { readonly method: string; readonly params: Params }[] = [];
  const updates: Update[] = [];
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const faults = new Map<string, Fault[]>();
  /** Which reaction a bot gave to which message; none stands as nothing. */
  const reactions: string[] = [];
  const closed = new AbortController();
  let held: Promise<void> | undefined;
  /** What messages say that were sent from other chats. */
  const inline = new Map<string, string>();
  let [lastId, lastUpdate] = [100, 5000];
  let readers = 0;
  let arrived = Promise.withResolvers<void>();
  let webhook: { url: string; secret: string } | undefined;

  const ok = (result: unknown) => Response.json({ ok: true, result });
  const failure = (code: number, description: string, parameters: object = {}) =>
    Response.json({ ok: false, error_code: code, description, parameters }, { status: code });

  /** What is wrong with a text; Telegram counts UTF-16 units. */
  const faultOf = (text: string, entities: readonly MessageEntity[]) => {
    if (text.trim() === "") return "Bad Request: message text is empty";
    if (text.length > 4096) return "Bad Request: message is too long";
    const isBad = entities.some(({ offset, length }) => offset < 0 || length < 1 || offset + length > text.length);
    return isBad ? "Bad Request: entity is out of bounds" : undefined;
  };
  const put = (params: Params, more: Partial<TelegramMessage> = {}) => {
    const message: TelegramMessage = {
      id: ++lastId,
      chat: Number(params.chat_id),
      text: params.text ?? params.caption ?? "",
      entities: params.entities ?? [],
      buttons: params.reply_markup?.inline_keyboard.flat() ?? [],
      reply_to: params.reply_parameters?.message_id,
      thread: params.message_thread_id,
      ...more,
    };
    messages.push(message);
    return ok({ message_id: message.id, date: 1, chat: { id: message.chat, type: "private", first_name: "x" } });
  };
  const upload = (method: string, field: string) => async (params: Params) => {
    const file = params[field] as File;
    return put(params, { file: { method, name: file.name, bytes: Buffer.from(await file.bytes()).toString("hex") } });
  };

  const methods: Record<string, (params: Params, gone: AbortSignal) => Response | Promise<Response>> = {
    getMe: () => ok({ ...TELEGRAM.bot, can_join_groups: true }),
    setMyCommands: () => ok(true),
    deleteWebhook() {
      webhook = undefined;
      return ok(true);
    },
    setWebhook({ url, secret_token }) {
      webhook = { url, secret: secret_token };
      return ok(true);
    },
    async getUpdates({ offset = 0, timeout = 0, limit = 100 }, gone) {
      if (webhook) return failure(409, "Conflict: can't use getUpdates method while webhook is active");
      if (readers > 0) return failure(409, "Conflict: terminated by other getUpdates request");
      while (updates[0] && updates[0].update_id < offset) updates.shift();
      readers += 1;
      try {
        if (updates.length === 0 && timeout > 0) {
          await Promise.race([arrived.promise, Bun.sleep(timeout * 1000), ended(closed.signal), ended(gone)]);
        }
        return ok(updates.slice(0, limit));
      } finally {
        readers -= 1;
      }
    },
    sendMessage(params) {
      const fault = faultOf(params.text, params.entities ?? []);
      return fault ? failure(400, fault) : put(params);
    },
    answerInlineQuery: () => ok(true),
    editMessageText({ chat_id, message_id, inline_message_id, text, entities = [], reply_markup }) {
      const fault = faultOf(text, entities);
      if (fault) return failure(400, fault);
      if (inline_message_id !== undefined) {
        inline.set(inline_message_id, text);
        return ok(true);
      }
      const found = messages.find(({ id, chat }) => id === message_id && chat === Number(chat_id));
      if (!found) return failure(400, "Bad Request: message to edit not found");
      if (found.text === text && Bun.deepEquals(found.entities, entities)) {
        return failure(400, "Bad Request: message is not modified: specified new message content is the same");
      }
      Object.assign(found, { text, entities, buttons: reply_markup?.inline_keyboard.flat() ?? [] });
      return ok(true);
    },
    editMessageReplyMarkup({ message_id }) {
      const found = messages.find(({ id }) => id === message_id);
      if (!found) return failure(400, "Bad Request: message to edit not found");
      found.buttons = [];
      return ok(true);
    },
    setMessageReaction({ chat_id, message_id, reaction }) {
      const isThere = message_id <= lastId && String(chat_id) !== "404";
      if (!isThere) return failure(400, "Bad Request: message to react not found");
      const given: string[] = reaction.map(({ emoji }: { emoji: string }) => emoji);
      if (!given.every((emoji) => REACTIONS.includes(emoji))) return failure(400, "Bad Request: REACTION_INVALID");
      reactions.push(`${given.join()} ${message_id}`);
      return ok(true);
    },
    sendChatAction: () => ok(true),
    answerCallbackQuery: () => ok(true),
    sendPhoto: upload("sendPhoto", "photo"),
    sendDocument: upload("sendDocument", "document"),
    sendVoice: upload("sendVoice", "voice"),
    getFile({ file_id }) {
      const bytes = files.get(file_id);
      if (!bytes) return failure(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
      return ok({ file_id, file_unique_id: file_id, file_size: bytes.byteLength, file_path: `files/${file_id}` });
    },
  };

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const [, kind, token, ...rest] = /^\/(file\/)?bot([^/]+)\/(.+)$/.exec(pathname) ?? [];
      if (token !== TELEGRAM.token) return failure(401, "Unauthorized");
      if (kind) {
        const bytes = files.get(rest[0]!.replace("files/", ""));
        await held;
        return bytes ? new Response(bytes) : new Response("Not Found", { status: 404 });
      }
      const method = rest[0]!;
      const params = await paramsOf(request);
      calls.push({ method, params });
      const fault = faults.get(method)?.shift()?.();
      if (fault === "hang up") return new Response(null, { status: 502 });
      if (fault) return failure(fault.code, fault.description, fault.parameters);
      if (around(method, "before") === "lost") return new Response(null, { status: 502 });
      const answer = (await methods[method]?.(params, request.signal)) ?? failure(404, "Not Found: method not found");
      around(method, "after");
      return answer;
    },
  });

  const arrive = (update: Omit<Update, "update_id">) => {
    const whole = { update_id: ++lastUpdate, ...update } as Update;
    updates.push(whole);
    arrived.resolve();
    arrived = Promise.withResolvers();
    return whole;
  };
  const from = (user: Omit<User, "is_bot">) => ({ is_bot: false, ...user }) as User;

  return {
    url: `http://127.0.0.1:${server.port}`,
    messages,
    reactions,
    calls,
    updates,
    files,
    /** Files are given when this resolves. */
    holdFiles(until: Promise<void>) {
      held = until;
    },
    webhook: () => webhook,
    texts: () => messages.map(({ text }) => text),
    count: (method: string) => calls.filter((call) => call.method === method).length,
    /** The next calls of this method fail so. */
    fail(method: string, ...next: Fault[]) {
      faults.set(method, [...(faults.get(method) ?? []), ...next]);
    },
    /** Somebody writes; in private unless a group is named. */
    say(text: string, more: Partial<Message> & { user?: Omit<User, "is_bot">; group?: number } = {}) {
      const { user = TELEGRAM.owner, group, ...rest } = more;
      const chat =
        group === undefined
          ? { id: user.id, type: "private" as const, first_name: user.first_name }
          : { id: group, type: "supergroup" as const, title: "Friends" };
      const body = { message_id: ++lastId, date: 1, chat, from: from(user), text, ...rest };
      return arrive({ message: body as unknown as Update["message"] & object });
    },
    press(message: TelegramMessage, label: string, user: Omit<User, "is_bot"> = TELEGRAM.owner) {
      const data = message.buttons.find(({ text }) => text === label)?.callback_data;
      const shown = { message_id: message.id, date: 1, chat: { id: message.chat, type: "private", first_name: "x" } };
      const query = { id: String(++lastId), from: from(user), chat_instance: "1", data, message: shown };
      return arrive({ callback_query: query as unknown as Update["callback_query"] & object });
    },
    inline,
    /** Somebody types behind the bot's name in another chat, and sends what is offered, if it is. */
    typeInline(query: string, user: Omit<User, "is_bot"> = TELEGRAM.owner) {
      const asked = { id: String(++lastId), from: from(user), query, offset: "" };
      return arrive({ inline_query: asked });
    },
    sendInline(query: string, id: string, user: Omit<User, "is_bot"> = TELEGRAM.owner) {
      return arrive({ chosen_inline_result: { result_id: "ask", from: from(user), query, inline_message_id: id } });
    },
    /** Somebody writes who names the bot. */
    named(text: string) {
      const name = `@${TELEGRAM.bot.username}`;
      return { text: `${name} ${text}`, entities: [{ type: "mention" as const, offset: 0, length: name.length }] };
    },
    async [Symbol.asyncDispose]() {
      closed.abort();
      await server.stop(true);
    },
  };
}

async function paramsOf(request: Request): Promise<Params> {
  const type = request.headers.get("content-type") ?? "";
  if (type.startsWith("application/json")) return await request.json();
  if (!type.startsWith("multipart/form-data")) return {};
  const form = Object.fromEntries((await request.formData()).entries()) as Params;
  // A file is named in its field and comes in another.
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => {
      if (typeof value !== "string") return [name, value];
      const attached = /^attach:\/\/(.+)$/.exec(value)?.[1];
      if (attached !== undefined) return [name, form[attached]];
      return [name, /^[[{]/.test(value) ? JSON.parse(value) : value];
    }),
  );
}

function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
