/**
 * A Slack of one's own: the Web API over HTTP and Socket Mode over a WebSocket, with channels, members, messages and
 * threads, and what Slack does when a token, a channel or a scope is wrong, when it is asked too often, and when an
 * envelope is not acknowledged. Written after https://docs.slack.dev/apis/events-api/using-socket-mode.
 */
import { until } from "./until.ts";

export interface SlackMessage {
  readonly channel: string;
  readonly user: string;
  text: string;
  readonly ts: string;
  readonly thread_ts?: string;
  /** What it shows, by name. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** The other fields of the call that posted it, or changed it. */
  more?: Readonly<Record<string, string>>;
}

/** A file that Slack keeps: somebody's, or one whose bytes are still to come. */
interface Kept {
  readonly name: string;
  readonly length: number;
  bytes: Uint8Array | undefined;
  /** Its fields that tests change. */
  readonly more: Readonly<Record<string, unknown>>;
}

interface Sent {
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly acknowledged: PromiseWithResolvers<{ readonly payload: unknown; readonly afterMs: number }>;
  readonly at: number;
}

type Socket = Bun.ServerWebSocket<undefined>;

export const SLACK = {
  botToken: "xoxb-1-bot",
  appToken: "xapp-1-app",
  bot: "UB0T",
  owner: "U0WNER",
  stranger: "USTRANGER",
  /** With the bot in it. */
  channel: "C0GENERAL",
  /** Without it. */
  elsewhere: "C0ELSEWHERE",
  dm: "D0WNER",
} as const;

const MAX_TEXT = 40_000;
const MAX_EDITED = 4000;

export function fakeSlack() {
  const messages: SlackMessage[] = [];
  const calls: string[] = [];
  const answers: Record<string, unknown>[] = [];
  /** What each message said after each change of it, in order. */
  const edits: string[] = [];
  /** By message: names of the bot's reactions. */
  const reactions = new Map<string, Set<string>>();
  const statuses: string[] = [];
  const sockets = new Set<Socket>();
  const tickets = new Set<string>();
  const waiting = new Map<string, Sent>();
  const kept = new Map<string, Kept>();
  /** Responses to come instead of the usual ones, by method. */
  const faults = new Map<string, (() => Response)[]>();
  let clock = 1_700_000_000;
  let last = 0;
  let opened = 0;
  const nextId = (prefix: string) => `${prefix}${++last}`;
  const nextTs = () => `${++clock}.000100`;
  const failure = (error: string, more: object = {}) => Response.json({ ok: false, error, ...more });

  const methods: Record<string, (form: URLSearchParams, token: string) => Response> = {
    "auth.test": (_, token) =>
      token === SLACK.botToken
        ? Response.json({ ok: true, url: "https://acme.slack.com/", team_id: "T1", user_id: SLACK.bot, bot_id: "B1" })
        : failure("invalid_auth"),
    "apps.connections.open": (_, token) => {
      if (token !== SLACK.appToken)
        return failure(token.startsWith("xapp-") ? "invalid_auth" : "not_allowed_token_type");
      const ticket = nextId("ticket");
      tickets.add(ticket);
      return Response.json({ ok: true, url: `ws://127.0.0.1:${server.port}/link/?ticket=${ticket}&app_id=A1` });
    },
    "chat.postMessage": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const { channel = "", text = "", thread_ts, ...more } = Object.fromEntries(form);
      if (text === "") return failure("no_text");
      if (text.length > MAX_TEXT) return failure("msg_too_long");
      if (channel === SLACK.elsewhere) return failure("not_in_channel");
      const isPerson = channel === SLACK.owner;
      if (![SLACK.channel, SLACK.dm, "#general"].includes(channel) && !isPerson) return failure("channel_not_found");
      const to = isPerson ? SLACK.dm : channel === "#general" ? SLACK.channel : channel;
      const ts = nextTs();
      messages.push({ channel: to, user: SLACK.bot, text, ts, ...(thread_ts ? { thread_ts } : {}), more });
      return Response.json({ ok: true, channel: to, ts, message: { text, ts, type: "message", bot_id: "B1" } });
    },
    "chat.update": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const { channel = "", ts = "", text = "", ...more } = Object.fromEntries(form);
      const found = messages.find((each) => each.channel === channel && each.ts === ts);
      if (!found) return failure("message_not_found");
      if (text.length > MAX_EDITED) return failure("msg_too_long");
      Object.assign(found, { text, more });
      edits.push(text);
      return Response.json({ ok: true, channel, ts, text });
    },
    "chat.delete": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const at = messages.findIndex(({ channel, ts }) => channel === form.get("channel") && ts === form.get("ts"));
      if (at < 0) return failure("message_not_found");
      messages.splice(at, 1);
      return Response.json({ ok: true });
    },
    "reactions.get": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const [channel, ts] = [form.get("channel") ?? "", form.get("timestamp") ?? ""];
      if (ts === "404.404") return failure("message_not_found");
      const own = [...(reactions.get(`${channel}:${ts}`) ?? [])];
      const others = { name: "tada", users: [SLACK.owner], count: 1 };
      const all = [others, ...own.map((name) => ({ name, users: [SLACK.bot], count: 1 }))];
      return Response.json({ ok: true, type: "message", channel, message: { ts, reactions: all } });
    },
    "reactions.add": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const [id, name] = [`${form.get("channel")}:${form.get("timestamp")}`, form.get("name") ?? ""];
      const own = reactions.get(id) ?? new Set();
      reactions.set(id, own);
      if (own.has(name)) return failure("already_reacted");
      own.add(name);
      return Response.json({ ok: true });
    },
    "reactions.remove": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const id = `${form.get("channel")}:${form.get("timestamp")}`;
      return reactions.get(id)?.delete(form.get("name") ?? "") ? Response.json({ ok: true }) : failure("no_reaction");
    },
    "assistant.threads.setStatus": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      statuses.push(`${form.get("channel_id")}@${form.get("thread_ts")} ${form.get("status")}`);
      return Response.json({ ok: true });
    },
    "conversations.open": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      if (form.get("users") !== SLACK.owner) return failure("user_not_found");
      return Response.json({ ok: true, channel: { id: SLACK.dm } });
    },
    "files.info": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const id = form.get("file") ?? "";
      const file = kept.get(id);
      if (!file) return failure("file_not_found");
      const url_private_download = `http://127.0.0.1:${server.port}/files/${id}/download/${file.name}`;
      return Response.json({ ok: true, file: { id, name: file.name, url_private_download, ...file.more } });
    },
    "files.getUploadURLExternal": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const [name, length] = [form.get("filename") ?? "", Number(form.get("length"))];
      if (name === "" || !(length > 0)) return failure("invalid_arguments");
      const id = nextId("F0UP");
      kept.set(id, { name, length, bytes: undefined, more: {} });
      return Response.json({ ok: true, upload_url: `http://127.0.0.1:${server.port}/upload/v1/${id}`, file_id: id });
    },
    "files.completeUploadExternal": (form, token) => {
      if (token !== SLACK.botToken) return failure("invalid_auth");
      const named = JSON.parse(form.get("files") ?? "[]") as readonly { id: string; title: string }[];
      const [channel = "", thread_ts] = [form.get("channel_id") ?? undefined, form.get("thread_ts") ?? undefined];
      if (named.some(({ id }) => kept.get(id)?.bytes === undefined)) return failure("file_not_found");
      if (![SLACK.channel, SLACK.dm].includes(channel as never)) return failure("channel_not_found");
      const files = Object.fromEntries(named.map(({ id }) => [kept.get(id)!.name, kept.get(id)!.bytes!]));
      const thread = thread_ts === undefined ? {} : { thread_ts };
      messages.push({ channel, user: SLACK.bot, text: "", ts: nextTs(), ...thread, files });
      return Response.json({ ok: true, files: named });
    },
  };

  const server = Bun.serve<undefined, never>({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request, self) {
      const url = new URL(request.url);
      if (url.pathname === "/link/") {
        // A ticket is for one connection.
        if (!tickets.delete(url.searchParams.get("ticket") ?? "")) return new Response("no", { status: 403 });
        return self.upgrade(request) ? undefined : new Response("no", { status: 400 });
      }
      if (url.pathname.startsWith("/commands/")) return answer(url.pathname, request);
      const [, folder, ...path] = url.pathname.split("/");
      if (folder === "upload") return take(path[1] ?? "", request);
      if (folder === "files") return give(path[0] ?? "", request);
      const name = url.pathname.replace(/^\/api\//, "");
      calls.push(name);
      const fault = faults.get(name)?.shift();
      if (fault) return fault();
      const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
      return methods[name]?.(new URLSearchParams(await request.text()), token) ?? failure("unknown_method");
    },
    websocket: {
      open(socket) {
        opened++;
        sockets.add(socket);
        socket.send(
          JSON.stringify({ type: "hello", num_connections: sockets.size, connection_info: { app_id: "A1" } }),
        );
        socket.ping("Ping from applink");
      },
      message(_, data) {
        const { envelope_id, payload } = JSON.parse(String(data)) as { envelope_id: string; payload: unknown };
        const sent = waiting.get(envelope_id);
        sent?.acknowledged.resolve({ payload, afterMs: performance.now() - sent.at });
      },
      close: (socket) => void sockets.delete(socket),
    },
  });

  async function take(id: string, request: Request): Promise<Response> {
    const file = kept.get(id);
    const bytes = await request.bytes();
    // Whoever has the address may, and nobody is to have the token there.
    if (!file || request.headers.has("authorization") || bytes.length !== file.length) {
      return new Response("no", { status: 400 });
    }
    file.bytes = bytes;
    return new Response(`OK - ${bytes.length}`);
  }

  function give(id: string, request: Request): Response {
    const fault = faults.get("download")?.shift();
    if (fault) return fault();
    // People without a session are shown where to sign in.
    if (request.headers.get("authorization") !== `Bearer ${SLACK.botToken}`) return Response.redirect("/sign-in");
    const bytes = kept.get(id)?.bytes;
    return bytes ? new Response(bytes as Uint8Array<ArrayBuffer>) : new Response("gone", { status: 404 });
  }

  /** Each address is good for five answers. */
  const uses = new Map<string, number>();
  async function answer(path: string, request: Request): Promise<Response> {
    const used = uses.get(path) ?? 0;
    if (path.endsWith("expired") || used >= 5) return new Response("expired_url", { status: 404 });
    uses.set(path, used + 1);
    answers.push((await request.json()) as Record<string, unknown>);
    return new Response("ok");
  }

  function send(envelope: Readonly<Record<string, unknown>>): Sent {
    const [socket] = [...sockets].slice(-1);
    if (!socket) throw new Error("Nobody is connected to Slack");
    const sent: Sent = { envelope, acknowledged: Promise.withResolvers(), at: performance.now() };
    waiting.set(String(envelope.envelope_id), sent);
    socket.send(JSON.stringify(envelope));
    return sent;
  }

  function event(fields: Readonly<Record<string, unknown>>, { id = nextId("Ev"), attempt = 0 } = {}) {
    return send({
      type: "events_api",
      envelope_id: nextId("envelope"),
      accepts_response_payload: false,
      retry_attempt: attempt,
      retry_reason: attempt > 0 ? "timeout" : "",
      payload: { type: "event_callback", team_id: "T1", event_id: id, event_time: clock, event: fields },
    });
  }

  return {
    url: `http://127.0.0.1:${server.port}`,
    apiRoot: `http://127.0.0.1:${server.port}/api`,
    messages,
    calls,
    edits,
    reactions,
    statuses,
    /** What slash commands were answered, as only their writers see it. */
    answers,
    /** Connections until now, and those that are open. */
    connections: () => ({ opened, open: sockets.size }),
    event,
    send,
    nextId,
    /** Somebody writes; Slack tells it as it would of this place. Resolves when it was acknowledged. */
    async write(text: string, more: Readonly<Record<string, unknown>> = {}) {
      const { user = SLACK.owner, channel = SLACK.dm, ...rest } = more;
      const ts = nextTs();
      const channel_type = String(channel).startsWith("D") ? "im" : "channel";
      const fields = { type: "message", user, text, ts, channel, channel_type, event_ts: ts, ...rest };
      const { afterMs } = await event(fields).acknowledged.promise;
      return { ts, afterMs, fields };
    },
    /** Somebody brings a file; it stands in a message as Slack tells it. */
    keep(name: string, bytes: Uint8Array, more: Readonly<Record<string, unknown>> = {}) {
      const id = nextId("F0");
      kept.set(id, { name, length: bytes.length, bytes, more });
      return { id, name, size: bytes.length, mode: "hosted", ...more };
    },
    /** Somebody presses the button with this label; buttons of others have another `action_id`. */
    press(message: SlackMessage, label: string, { user = SLACK.owner as string, actionId = "" } = {}) {
      const blocks = JSON.parse(message.more?.blocks ?? "[]") as {
        readonly elements?: readonly { text: { text: string }; action_id: string; value: string }[];
      }[];
      const button = blocks.flatMap(({ elements = [] }) => elements).find(({ text }) => text.text === label);
      const { channel, ts, thread_ts, text } = message;
      return send({
        type: "interactive",
        envelope_id: nextId("envelope"),
        accepts_response_payload: true,
        payload: {
          type: "block_actions",
          user: { id: user, team_id: "T1" },
          channel: { id: channel },
          message: { ts, text, ...(thread_ts === undefined ? {} : { thread_ts }) },
          actions: [{ type: "button", action_id: actionId || button?.action_id, value: button?.value }],
        },
      });
    },
    command(text: string, { user = SLACK.owner, channel = SLACK.elsewhere, path = "fresh" } = {}) {
      return send({
        type: "slash_commands",
        envelope_id: nextId("envelope"),
        accepts_response_payload: true,
        payload: {
          command: "/aleph",
          text,
          user_id: user,
          channel_id: channel,
          team_id: "T1",
          trigger_id: nextId("trigger"),
          response_url: `http://127.0.0.1:${server.port}/commands/${path}`,
        },
      });
    },
    /** Slack asks to connect anew. */
    renew(reason = "refresh_requested") {
      for (const socket of sockets) socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: {} }));
    },
    /** The connections break. */
    cut() {
      for (const socket of sockets) socket.terminate();
    },
    /** The next calls of a method answer so. */
    fail(method: string, ...responses: (() => Response)[]) {
      faults.set(method, [...(faults.get(method) ?? []), ...responses]);
    },
    methodAnswer: (name: string, form: Record<string, string>, token: string = SLACK.botToken) =>
      methods[name]!(new URLSearchParams(form), token),
    limited: (seconds: number) => () =>
      Response.json({ ok: false, error: "ratelimited" }, { status: 429, headers: { "retry-after": String(seconds) } }),
    /** Until the bot has written so many messages; they are given. */
    posted: (count: number) => until(() => messages.length >= count && messages.slice()),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

export type FakeSlack = ReturnType<typeof fakeSlack>;
