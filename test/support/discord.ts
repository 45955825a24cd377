/**
 * A Discord of one's own: REST API v10 and gateway, with channels, threads, private chats, messages, attachments and
 * interactions; sessions that are resumed with what was missed; buckets of calls; and what Discord refuses: a wrong token, a
 * privileged intent, a text that is too long, an interaction that was answered already. Written after
 * https://docs.discord.com/developers/events/gateway and https://docs.discord.com/developers/reference.
 */
import { type FakeGateway, fakeGateway, type GatewaySocket } from "./discord-gateway.ts";

export const DISCORD = {
  token: "MTE.test.token-of_a-bot",
  bot: { id: "100000000000000001", username: "aleph", discriminator: "0001", global_name: null, bot: true },
  application: "100000000000000002",
  owner: { id: "200000000000000001", username: "ada", discriminator: "0", global_name: "Ada" },
  stranger: { id: "200000000000000002", username: "eve", discriminator: "0", global_name: "Eve" },
  guild: "300000000000000001",
  channel: "400000000000000001",
  thread: "500000000000000001",
} as const;

export type DiscordUser = Readonly<Record<"id" | "username" | "discriminator", string>> & {
  readonly global_name: string | null;
  readonly bot?: boolean;
};

export interface DiscordMessage {
  readonly id: string;
  readonly channel: string;
  content: string;
  buttons: { readonly label: string; readonly custom_id: string }[];
  readonly reply_to: string | undefined;
  readonly allowed_mentions: unknown;
  readonly flags: number;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Those of the bot, as addresses have them. */
  readonly reactions: Set<string>;
  /** Discord shows that the bot is at work. */
  isLoading?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: what a client sends
type Body = Readonly<Record<string, any>>;
interface Call {
  readonly route: string;
  readonly body: Body;
}
/** Nothing: it is answered as usual. `lose`: it is done, and nobody hears of it. */
type Fault = () => Response | "hang up" | "lose" | undefined;

interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly channel: string;
  message: DiscordMessage | undefined;
  isAnswered: boolean;
}

export interface FakeDiscordOptions {
  /** Whether the bot's owner switched the intent on. */
  readonly messageContent?: boolean;
  readonly heartbeatMs?: number;
  /** Messages that a channel takes in a second. */
  readonly perSecond?: number;
}

const refusal = (status: number, code: number, message: string, more: object = {}) =>
  Response.json({ code, message, ...more }, { status });
const nothing = () => new Response(null, { status: 204 });

export function fakeDiscord({ messageContent = true, heartbeatMs = 40_000, perSecond = 50 }: FakeDiscordOptions = {}) {
  const messages: DiscordMessage[] = [];
  const calls: Call[] = [];
  const faults = new Map<string, Fault[]>();
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const nonces = new Map<string, DiscordMessage>();
  const privates = new Map<string, string>();
  const interactions = new Map<string, Interaction>();
  const whispers: string[] = [];
  const reactions: string[] = [];
  const people = new Map<string, DiscordMessage>();
  const commands = new Map<string, Body[]>();
  const buckets = new Map<string, { left: number; resetAt: number }>();
  let last = 0;
  let lost = 0;
  const nextId = () => `9${String(++last).padStart(17, "0")}`;

  const channelOf = (id: string): Body | undefined => {
    if (id === DISCORD.channel) return { id, type: 0, name: "general", guild_id: DISCORD.guild };
    if (id === DISCORD.thread) {
      return { id, type: 11, name: "a thread", guild_id: DISCORD.guild, parent_id: DISCORD.channel };
    }
    return [...privates.values()].includes(id) ? { id, type: 1 } : undefined;
  };
  const privateOf = (user: string) => {
    const known = privates.get(user) ?? nextId();
    privates.set(user, known);
    return known;
  };
  const fault = (content: string, hasFiles: boolean) => {
    if (content === "" && !hasFiles) return refusal(400, 50006, "Cannot send an empty message");
    if (content.length <= 2000) return undefined;
    const errors = { content: { _errors: [{ code: "BASE_TYPE_MAX_LENGTH", message: "Must be 2000 or fewer." }] } };
    return refusal(400, 50035, "Invalid Form Body", { errors });
  };
  const buttonsOf = (body: Body): DiscordMessage["buttons"] =>
    (body.components ?? []).flatMap((row: Body) => row.components);
  const wire = ({ id, channel, content, reactions }: DiscordMessage) => ({
    id,
    reactions: [...reactions].map((each) => {
      const [name, number = null] = each.split(":");
      return { count: 1, me: true, emoji: { id: number, name } };
    }),
    channel_id: channel,
    content,
    author: DISCORD.bot,
  });
  const put = (channel: string, body: Body, more: Partial<DiscordMessage> = {}): DiscordMessage => {
    const message: DiscordMessage = {
      id: nextId(),
      channel,
      content: body.content ?? "",
      buttons: buttonsOf(body),
      reply_to: body.message_reference?.message_id,
      allowed_mentions: body.allowed_mentions,
      flags: body.flags ?? 0,
      files: body.files ?? [],
      reactions: new Set(),
      ...more,
    };
    messages.push(message);
    return message;
  };
  const change = (message: DiscordMessage | undefined, body: Body) => {
    if (!message || !messages.includes(message)) return refusal(404, 10008, "Unknown Message");
    const wrong = body.content === undefined ? undefined : fault(body.content, false);
    if (wrong) return wrong;
    if (body.content !== undefined) message.content = body.content;
    if (body.components) message.buttons = buttonsOf(body);
    message.isLoading = false;
    return Response.json(wire(message));
  };
  /** Messages of people are kept nowhere here but by the gateway's events. */
  const reacted = (channel: string, id: string) => {
    const said = people.get(id);
    return said?.channel === channel ? said : messages.find((each) => each.id === id && each.channel === channel);
  };
  const original = (token: string) => interactions.get(token)?.message;

  const routes: readonly [RegExp, (parts: string[], body: Body, query: URLSearchParams) => Response][] = [
    [/^GET \/users\/@me$/, () => Response.json(DISCORD.bot)],
    [/^GET \/applications\/@me$/, () => Response.json({ id: DISCORD.application, flags: 0 })],
    [
      /^GET \/gateway\/bot$/,
      () => {
        const limit = { total: 1000, remaining: 999, reset_after: 14_400_000, max_concurrency: 1 };
        return Response.json({ url: gateway.url, shards: 1, session_start_limit: limit });
      },
    ],
    [
      /^GET \/channels\/(\d+)$/,
      ([id]) => {
        const channel = channelOf(id!);
        return channel ? Response.json(channel) : refusal(404, 10003, "Unknown Channel");
      },
    ],
    [
      /^POST \/users\/@me\/channels$/,
      (_, { recipient_id }) =>
        recipient_id === DISCORD.owner.id || recipient_id === DISCORD.stranger.id
          ? Response.json({ id: privateOf(recipient_id), type: 1 })
          : refusal(400, 50033, "Invalid Recipient(s)"),
    ],
    [
      /^POST \/channels\/(\d+)\/messages$/,
      ([id], body) => {
        if (!channelOf(id!)) return refusal(404, 10003, "Unknown Channel");
        const wrong = fault(body.content ?? "", body.files?.length > 0);
        if (wrong) return wrong;
        const twin = body.enforce_nonce && nonces.get(body.nonce);
        if (twin) return Response.json(wire(twin));
        const message = put(id!, body);
        if (body.nonce) nonces.set(body.nonce, message);
        return Response.json(wire(message));
      },
    ],
    [
      /^PATCH \/channels\/(\d+)\/messages\/(\d+)$/,
      ([channel, id], body) =>
        change(
          messages.find((each) => each.id === id && each.channel === channel),
          body,
        ),
    ],
    [
      /^GET \/channels\/(\d+)\/messages\/(\d+)$/,
      ([channel, id]) => {
        if (!channelOf(channel!)) return refusal(404, 10003, "Unknown Channel");
        const found = reacted(channel!, id!);
        return found ? Response.json(wire(found)) : refusal(404, 10008, "Unknown Message");
      },
    ],
    [
      /^(PUT|DELETE) \/channels\/(\d+)\/messages\/(\d+)\/reactions\/([^/]+)\/@me$/,
      ([method, channel, id, emoji]) => {
        const found = reacted(channel!, id!);
        if (!found) return refusal(404, 10008, "Unknown Message");
        const name = decodeURIComponent(emoji!);
        if (/^\w+$/.test(name)) return refusal(400, 10014, "Unknown Emoji");
        if (method === "PUT") found.reactions.add(name);
        else found.reactions.delete(name);
        reactions.push(`${method} ${name}`);
        return nothing();
      },
    ],
    [/^POST \/channels\/(\d+)\/typing$/, nothing],
    [
      /^PUT \/applications\/\d+(\/guilds\/\d+)?\/commands$/,
      ([guild = ""], body) => {
        commands.set(guild.replace("/guilds/", ""), body as Body[]);
        return Response.json([]);
      },
    ],
    [
      /^POST \/interactions\/(\d+)\/([^/]+)\/callback$/,
      ([, token], body, query) => {
        const found = interactions.get(token!);
        if (!found) return refusal(404, 10062, "Unknown interaction");
        if (found.isAnswered) return refusal(400, 40060, "Interaction has already been acknowledged.");
        found.isAnswered = true;
        if (body.type === 5) found.message = put(found.channel, {}, { isLoading: true });
        if (query.get("with_response") !== "true") return nothing();
        const resource = found.message ? { type: body.type, message: wire(found.message) } : undefined;
        return Response.json({ interaction: { id: found.id, type: 2 }, resource });
      },
    ],
    [/^PATCH \/webhooks\/\d+\/([^/]+)\/messages\/@original$/, ([token], body) => change(original(token!), body)],
    [
      /^DELETE \/webhooks\/\d+\/([^/]+)\/messages\/@original$/,
      ([token]) => {
        messages.splice(messages.indexOf(original(token!)!), 1);
        return nothing();
      },
    ],
    [
      /^POST \/webhooks\/\d+\/([^/]+)$/,
      ([token], body) => {
        if (!interactions.has(token!)) return refusal(404, 10015, "Unknown Webhook");
        if (body.flags !== 64) return refusal(400, 50035, "Invalid Form Body");
        whispers.push(body.content);
        return Response.json({ id: nextId() });
      },
    ],
  ];

  /** A bucket for each channel, as its headers tell. */
  const limit = (route: string): { readonly headers: Record<string, string>; readonly refused?: Response } => {
    const channel = /^\w+ \/channels\/(\d+)\/messages/.exec(route)?.[1];
    if (channel === undefined) return { headers: {} };
    const now = Date.now();
    let bucket = buckets.get(channel);
    if (!bucket || bucket.resetAt <= now) bucket = { left: perSecond, resetAt: now + 1000 };
    buckets.set(channel, bucket);
    const after = (bucket.resetAt - now) / 1000;
    const headers = {
      "x-ratelimit-limit": String(perSecond),
      "x-ratelimit-remaining": String(Math.max(0, bucket.left - 1)),
      "x-ratelimit-reset": String(bucket.resetAt / 1000),
      "x-ratelimit-reset-after": String(after),
      "x-ratelimit-bucket": "channel-messages",
    };
    if (bucket.left-- > 0) return { headers };
    const told = { message: "You are being rate limited.", retry_after: after, global: false };
    const asked = { ...headers, "retry-after": String(Math.ceil(after)), "x-ratelimit-scope": "user" };
    return { headers, refused: Response.json(told, { status: 429, headers: asked }) };
  };

  const server = Bun.serve<GatewaySocket, never>({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, self) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/gateway/") return gateway.upgrade(request, self);
      const file = files.get(pathname);
      if (file) return new Response(file);
      if (!pathname.startsWith("/api/v10/")) return new Response("Not Found", { status: 404 });
      const route = `${request.method} ${pathname.slice("/api/v10".length)}`;
      const isOpen = /^\w+ \/(?:interactions|webhooks)\//.test(route);
      if (!isOpen && request.headers.get("authorization") !== `Bot ${DISCORD.token}`) {
        return refusal(401, 0, "401: Unauthorized");
      }
      const body = await bodyOf(request);
      calls.push({ route, body });
      const failed = [...faults].find(([start]) => route.startsWith(start))?.[1].shift()?.();
      if (failed === "hang up") return new Response(null, { status: 502 });
      if (failed && failed !== "lose") return failed;
      const { headers, refused } = limit(route);
      if (refused) return refused;
      for (const [pattern, answer] of routes) {
        const match = pattern.exec(route);
        if (!match) continue;
        const answered = answer(match.slice(1), body, searchParams);
        if (failed === "lose") {
          lost += 1;
          return new Response(null, { status: 502 });
        }
        for (const [name, value] of Object.entries(headers)) answered.headers.set(name, value);
        return answered;
      }
      return refusal(404, 0, "404: Not Found");
    },
    websocket: {
      open: (socket) => gateway.opened(socket),
      message: (socket, data) => gateway.heard(socket, String(data)),
      close: (socket, code) => gateway.closed(socket, code),
    },
  });
  const origin = `http://127.0.0.1:${server.port}`;
  const gateway: FakeGateway = fakeGateway({
    url: `ws://127.0.0.1:${server.port}/gateway/`,
    token: DISCORD.token,
    user: DISCORD.bot,
    application: DISCORD.application,
    guilds: [DISCORD.guild],
    messageContent,
    heartbeatMs,
  });

  const interact = (type: number, data: Body, { user, channel, guild, more = {} }: Body) => {
    const made: Interaction = {
      id: nextId(),
      token: `interaction-${nextId()}`,
      channel,
      message: more.message ? messages.find(({ id }) => id === more.message.id) : undefined,
      isAnswered: false,
    };
    interactions.set(made.token, made);
    const by = guild === undefined ? { user } : { guild_id: guild, member: { user, nick: null } };
    const { id, token } = made;
    const event = {
      id,
      token,
      type,
      data,
      channel: channelOf(channel),
      channel_id: channel,
      version: 1,
      ...by,
      ...more,
    };
    gateway.dispatch("INTERACTION_CREATE", event);
    return event;
  };

  return {
    apiRoot: `${origin}/api`,
    origin,
    gateway,
    messages,
    calls,
    files,
    commands,
    /** What only who pressed a button sees. */
    whispers,
    /** What the bot did with its reactions. */
    reactions,
    privateOf,
    lost: () => lost,
    texts: () => messages.map(({ content }) => content),
    count: (start: string) => calls.filter(({ route }) => route.startsWith(start)).length,
    /** The next calls of routes that begin so fail so. */
    fail(start: string, ...next: Fault[]) {
      faults.set(start, [...(faults.get(start) ?? []), ...next]);
    },
    refusal,
    limited: (seconds: number) => () =>
      Response.json(
        { message: "You are being rate limited.", retry_after: seconds, global: false },
        { status: 429, headers: { "retry-after": String(seconds), "x-ratelimit-scope": "user" } },
      ),
    /** Somebody writes; in private unless a channel is named. */
    say(content: string, { user = DISCORD.owner, channel, ...more }: Body = {}) {
      const about = {
        id: nextId(),
        type: 0,
        channel_id: channel ?? privateOf(user.id),
        author: user,
        content,
        attachments: [],
        mentions: [],
        ...(channel === undefined ? {} : { guild_id: DISCORD.guild, member: { nick: null, roles: [] } }),
        ...more,
      };
      people.set(about.id, {
        id: about.id,
        channel: about.channel_id,
        content,
        buttons: [],
        reply_to: undefined,
        allowed_mentions: undefined,
        flags: 0,
        files: [],
        reactions: new Set(),
      });
      gateway.dispatch("MESSAGE_CREATE", about);
      return about;
    },
    /** Somebody writes who names the bot. */
    named: (text: string) => ({ content: `<@${DISCORD.bot.id}> ${text}`, mentions: [DISCORD.bot] }),
    command(name: string, text?: string, { user = DISCORD.owner, channel }: Body = {}) {
      const options = text === undefined ? [] : [{ name: "text", type: 3, value: text }];
      const where = { user, channel: channel ?? privateOf(user.id), guild: channel && DISCORD.guild };
      return interact(2, { id: nextId(), name, type: 1, options }, where);
    },
    press(message: DiscordMessage, label: string, user: DiscordUser = DISCORD.owner) {
      const custom_id = message.buttons.find((button) => button.label === label)?.custom_id;
      const more = { message: wire(message) };
      return interact(3, { custom_id, component_type: 2 }, { user, channel: message.channel, more });
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

async function bodyOf(request: Request): Promise<Body> {
  const type = request.headers.get("content-type") ?? "";
  if (type.startsWith("application/json")) return await request.json();
  if (!type.startsWith("multipart/form-data")) return {};
  const form = await request.formData();
  const files: { readonly name: string; readonly text: string }[] = [];
  for (const [field, value] of form.entries()) {
    const file = value as File | string;
    if (field.startsWith("files[") && typeof file !== "string")
      files.push({ name: file.name, text: await file.text() });
  }
  return { ...JSON.parse(String(form.get("payload_json") ?? "{}")), files };
}
