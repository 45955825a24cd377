/** One visit: the connection with its invite, what was said, what goes on. Knows nothing of the page. */
import { type Client, connect, isTopic } from "../../client/client.ts";
import type { Transport } from "../../client/transport.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { EventFrame } from "../../protocol/events.ts";

export const REFUSALS = ["origin", "revoked", "expired", "used_up", "unavailable"] as const;
export type Refusal = (typeof REFUSALS)[number];

export type Link =
  | { readonly kind: "idle" | "connecting" | "ready" | "lost" }
  /** `isFinal`: another try would end in the same way. */
  | { readonly kind: "refused"; readonly why: Refusal; readonly isFinal: boolean };

export interface Said {
  readonly id: number;
  readonly from: "visitor";
  readonly text: string;
  /** The same at each try: the message starts one run, however often it is sent. */
  readonly key: string;
  readonly status: "sending" | "sent" | "failed";
  readonly reason?: string;
}

export interface Answer {
  readonly id: number;
  readonly from: "aleph";
  readonly text: string;
  readonly runId: string;
  readonly status: "writing" | "done" | "stopped" | "interrupted" | "failed";
  /** What comes next begins a paragraph: a tool was at work. */
  readonly isApart: boolean;
  readonly reason?: string;
}

/** A line between two conversations. */
export interface Break {
  readonly id: number;
  readonly from: "nobody";
}

export type Line = Said | Answer | Break;

export interface ChatState {
  readonly link: Link;
  readonly lines: readonly Line[];
}

export interface ChatOptions {
  readonly invite: string;
  /** Opens one connection. */
  readonly open: () => Promise<Transport>;
  /** Whether the server is there, also where it lets nobody open a connection. */
  readonly isThere: () => Promise<boolean>;
  readonly onChange: (state: ChatState) => void;
  readonly createKey: () => string;
}

export interface Chat extends Disposable {
  readonly state: ChatState;
  /** Connects, if that was not done yet or ended in a refusal. */
  start(): void;
  send(text: string): void;
  /** Sends a message that failed once more. */
  again(line: Said): void;
  /** Stops the answers that are being written. */
  stop(): void;
  /** Forgets all that was said, here and on the server; not while something is under way. */
  clear(): void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** Refused connections in a row, of a server that is there, until the page counts as refused. */
const REFUSED_AFTER = 3;
const PING_MS = 30_000;
const PONG_MS = 10_000;

export function createChat(options: ChatOptions): Chat {
  let state: ChatState = { link: { kind: "idle" }, lines: [] };
  let client: Client | undefined;
  let transport: Transport | undefined;
  let visit: string | undefined;
  /** That of the visit, once something was said in it. */
  let sessionKey: string | undefined;
  /** The newest event. */
  let seen: number | undefined;
  let failures = 0;
  let refusals = 0;
  let lines = 0;
  let isOver = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let pings: ReturnType<typeof setInterval> | undefined;

  function change(next: Partial<ChatState>): void {
    state = { ...state, ...next };
    options.onChange(state);
  }

  function edit<T extends Line>(line: T, next: Partial<T>): void {
    change({ lines: state.lines.map((other) => (other.id === line.id ? { ...other, ...next } : other)) });
  }

  async function open(): Promise<void> {
    clearTimeout(retry);
    try {
      const opened = await connect({
        open: async () => (transport = await options.open()),
        credentials: () => ({ invite: options.invite, ...(visit === undefined ? {} : { visit }) }),
        client: { id: "widget", platform: "web" },
        onState(told) {
          if (told.kind === "disconnected") lost();
          if (told.kind === "refused") refuse(refusalOf(told.error), true);
        },
      });
      if (isOver) return opened[Symbol.dispose]();
      await begin(opened);
    } catch (error) {
      if (isOver || state.link.kind === "refused") return;
      refusals = (await isRefusal(error)) ? refusals + 1 : 0;
      if (refusals >= REFUSED_AFTER) refuse("unavailable", false);
      else lost(error instanceof AlephError ? Number(error.data.retry_after_ms ?? 0) : 0);
    }
  }

  /** A browser does not tell a page why it could not connect: a server that answers else refused it. */
  async function isRefusal(error: unknown): Promise<boolean> {
    return !(error instanceof AlephError) && (await options.isThere());
  }

  async function begin(opened: Client): Promise<void> {
    const isSame = visit !== undefined && opened.hello.visit === visit;
    if (!isSame && visit !== undefined) beginAnew();
    visit = opened.hello.visit;
    client?.[Symbol.dispose]();
    client = opened;
    let isTruncated = false;
    const onTruncated = () => {
      isTruncated = true;
    };
    // The same visit is one of the same process, whose events go on being numbered.
    await opened.subscribe("**", receive, isSame && seen !== undefined ? { afterSeq: seen, onTruncated } : {});
    if (isTruncated) await reload(opened);
    [failures, refusals] = [0, 0];
    change({ link: { kind: "ready" } });
    clearInterval(pings);
    pings = setInterval(() => ping(opened), PING_MS);
    for (const line of state.lines) if (line.from === "visitor" && line.status === "sending") void deliver(line);
  }

  /** A line can die without a word. */
  function ping(opened: Client): void {
    const line = transport;
    const dead = setTimeout(() => {
      line?.close();
      if (client === opened) lost();
    }, PONG_MS);
    // Whatever comes is an answer; a line that is lost is told elsewhere.
    opened
      .call("rpc.ping", {})
      .catch(() => undefined)
      .finally(() => clearTimeout(dead));
  }

  function lost(waitMs = 0): void {
    if (isOver || state.link.kind === "refused") return;
    hangUp();
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
    change({ link: { kind: "lost" } });
    retry = setTimeout(() => void open(), Math.max(waitMs, longest / 2 + (Math.random() * longest) / 2));
  }

  function refuse(why: Refusal, isFinal: boolean): void {
    hangUp();
    change({ link: { kind: "refused", why, isFinal }, lines: state.lines.map(cut) });
  }

  function hangUp(): void {
    clearTimeout(retry);
    clearInterval(pings);
    client?.[Symbol.dispose]();
    client = undefined;
  }

  function beginAnew(): void {
    sessionKey = undefined;
    const kept = state.lines.map(cut);
    change({ lines: kept.length === 0 ? kept : [...kept, { id: ++lines, from: "nobody" }] });
  }

  /** Events are missing: the answers that were being written are read anew. */
  async function reload(opened: Client): Promise<void> {
    for (const line of state.lines) {
      if (line.from !== "aleph" || line.status !== "writing") continue;
      const run = await opened.call("runs.get", { run_id: line.runId }).catch(AlephError.from);
      if (run instanceof AlephError) {
        // With the line itself it is tried again; a run that cannot be read never ends here.
        if (run.reason === "cancelled") throw run;
        edit(line, { status: "failed", reason: run.reason });
        continue;
      }
      const { status, error, messages } = run;
      const said = messages.filter(({ role, content }) => role === "assistant" && content !== "");
      edit(line, {
        text: said.map(({ content }) => content).join("\n\n"),
        ...(status === "running" || status === "queued" ? {} : { status: endOf(status) }),
        ...(error ? { reason: error.reason } : {}),
      });
    }
  }

  async function deliver(line: Said): Promise<void> {
    if (!client) return;
    try {
      const run = await client.call("agent.run", { message: line.text, idempotency_key: line.key });
      sessionKey = run.session_key;
      edit(line, { status: "sent" });
    } catch (error) {
      const { reason } = AlephError.from(error);
      // The line was lost: it is sent again when there is another.
      if (reason !== "cancelled") edit(line, { status: "failed", reason });
    }
  }

  function answerOf(runId: string): Answer {
    const known = state.lines.find((line): line is Answer => line.from === "aleph" && line.runId === runId);
    if (known) return known;
    const made: Answer = { id: ++lines, from: "aleph", text: "", runId, status: "writing", isApart: false };
    change({ lines: [...state.lines, made] });
    return made;
  }

  function receive(event: EventFrame): void {
    seen = event.seq;
    const runId = "run_id" in event.data && typeof event.data.run_id === "string" ? event.data.run_id : undefined;
    if (isTopic(event, "session.message")) {
      const { id, role, content } = event.data.message;
      if (role !== "user" && content !== "") edit(answerOf(id), { text: content, status: "done" });
      return;
    }
    // A subagent's work is part of its parent's, which tells what matters.
    if (runId === undefined || "parent_run_id" in event.data) return;
    const line = answerOf(runId);
    const end = endings[event.topic];
    if (isTopic(event, "stream.chunk")) {
      edit(line, { text: joined(line, event.data.content), isApart: false });
    } else if (isTopic(event, "question.asked")) {
      const { question, options: choices } = event.data;
      const asked = [question, ...choices.map((choice) => `- ${choice}`)].join("\n");
      edit(line, { text: joined({ ...line, isApart: true }, asked), isApart: true });
    } else if (event.topic === "stream.tool_start") {
      edit(line, { isApart: true });
    } else if (isTopic(event, "agent.completed")) {
      edit(line, { status: "done", text: line.text === "" ? event.data.text : line.text });
    } else if (isTopic(event, "agent.error")) {
      edit(line, { status: "failed", reason: event.data.error.reason });
    } else if (end) edit(line, { status: end });
  }

  return {
    get state() {
      return state;
    },
    start() {
      if (state.link.kind !== "idle" && state.link.kind !== "refused") return;
      refusals = 0;
      change({ link: { kind: "connecting" } });
      void open();
    },
    send(text) {
      const line: Said = { id: ++lines, from: "visitor", text, key: options.createKey(), status: "sending" };
      change({ lines: [...state.lines, line] });
      void deliver(line);
    },
    again(line) {
      const { reason: _, ...rest } = line;
      const sent: Said = { ...rest, key: options.createKey(), status: "sending" };
      change({ lines: state.lines.map((other) => (other.id === line.id ? sent : other)) });
      void deliver(sent);
    },
    stop() {
      for (const line of state.lines) {
        // One that ended meanwhile has nothing to stop.
        if (line.from === "aleph" && line.status === "writing") {
          client?.call("agent.cancel", { run_id: line.runId }).catch(() => undefined);
        }
      }
    },
    clear() {
      if (isBusy(state)) return;
      change({ lines: [] });
      // A server that is gone forgets it by itself.
      if (sessionKey !== undefined) client?.call("session.clear", { session_key: sessionKey }).catch(() => undefined);
    },
    [Symbol.dispose]() {
      isOver = true;
      hangUp();
    },
  };
}

/** Whether a message is on its way or an answer is being written. */
export function isBusy({ lines }: ChatState): boolean {
  return lines.some((line) => "status" in line && (line.status === "sending" || line.status === "writing"));
}

const endings: Readonly<Record<string, Answer["status"]>> = {
  "agent.cancelled": "stopped",
  "agent.interrupted": "interrupted",
};

function endOf(status: string): Answer["status"] {
  if (status === "completed") return "done";
  if (status === "cancelled") return "stopped";
  return status === "failed" ? "failed" : "interrupted";
}

function joined({ text, isApart }: Pick<Answer, "text" | "isApart">, more: string): string {
  return text !== "" && isApart ? `${text}\n\n${more}` : text + more;
}

/** What cannot go on any more. */
function cut(line: Line): Line {
  if (line.from === "aleph" && line.status === "writing") return { ...line, status: "interrupted" };
  if (line.from === "visitor" && line.status === "sending") return { ...line, status: "failed" };
  return line;
}

function refusalOf({ data }: AlephError): Refusal {
  return REFUSALS.find((why) => why === data.why) ?? "unavailable";
}
