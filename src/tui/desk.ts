/** What the server has and the terminal shows: conversations, the one that is open, approvals, models, words behind a slash. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Client, Result } from "../client/client.ts";
import { type Approvals, createApprovals } from "../panel/state/approvals.ts";
import { type Commands, createCommands } from "../panel/state/commands.ts";
import { type Conversation, createConversation, type Outgoing } from "../panel/state/conversation.ts";
import { createModels, type Models } from "../panel/state/models.ts";
import { createOnce } from "../panel/state/once.ts";
import { createSessions, type Sessions } from "../panel/state/sessions.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventFrame } from "../protocol/events.ts";
import { MAIN_SESSION_KEY } from "../protocol/session-key.ts";
import type { Wire, WireState } from "./wire.ts";

export interface Desk extends Disposable {
  readonly wire: ReadonlySignal<WireState>;
  readonly sessions: Sessions;
  readonly approvals: Approvals;
  readonly models: Models;
  readonly commands: Commands;
  readonly conversation: ReadonlySignal<Conversation>;
  /** How full the context is and what may be done without asking, as the server says; undefined until it has. */
  readonly context: ReadonlySignal<Result<"session.context"> | undefined>;
  /** What the conversation has cost so far. */
  readonly spent: ReadonlySignal<Result<"usage.summary">["total"] | undefined>;
  readonly call: Client["call"];
  open(sessionKey: string): void;
  /** The open conversation, after it was made where nothing has been said in it yet. */
  made(): Promise<Conversation>;
  /** Resolves when the message is on the server's disk. */
  send(message: Outgoing): Promise<void>;
  /** Forgets it; another conversation is opened where it was the open one. */
  remove(sessionKey: string): Promise<void>;
}

export interface DeskOptions {
  readonly client: Client;
  readonly wire: Wire;
  readonly sessionKey: string;
  readonly now: () => number;
}

/** Conversations that stay up to date in the background. */
const KEPT_OPEN = 6;
/** Events that may change how full the context is, what it cost, or what may be done. */
const TELLING =
  /^(?:agent\.(?!queued|started)|session\.(?:updated|compacted|uncompacted|cleared|rewound)|approval\.re|config\.changed)/;

/** Rejects with `AlephError` when the connection is gone before it is listened to. */
export async function openDesk({ client, wire, sessionKey, now }: DeskOptions): Promise<Desk> {
  const call: Client["call"] = (method, params) => client.call(method, params);
  const noStorage = { read: () => undefined, write: () => undefined };
  const sessions = createSessions({ call, kept: noStorage, now });
  const approvals = createApprovals(call);
  const models = createModels({ call, now });
  const commands = createCommands(call);
  const conversations = new Map<string, Conversation>();
  const spent = signal<Result<"usage.summary">["total"] | undefined>(undefined);
  const once = createOnce();
  const conversation = signal(create(sessionKey));
  conversations.set(sessionKey, conversation.peek());

  function create(key: string): Conversation {
    // Files of the server are wanted where a message is asked again, which is done in the panel.
    const fetch = () => Promise.reject(new AlephError("not_found", "Files are not read at the terminal"));
    return createConversation({ key, call, fetch });
  }

  function readFacts(): Promise<void> {
    return once.now("facts", async () => {
      const { key, fullness } = conversation.peek();
      const [used] = await Promise.allSettled([call("usage.summary", { session_key: key, limit: 1 }), fullness.ask()]);
      if (conversation.peek().key !== key) return void readFacts();
      // What cannot be read is not shown: the conversation may not exist yet.
      spent.value = used.status === "fulfilled" ? used.value.total : undefined;
    });
  }

  function received(event: EventFrame): void {
    sessions.handle(event);
    approvals.handle(event);
    models.handle(event);
    commands.handle(event);
    for (const each of conversations.values()) each.handle(event);
    if (TELLING.test(event.topic)) void readFacts();
  }

  /** A replay fills the gaps of a short loss; reading anew closes what it cannot. */
  async function refresh(): Promise<void> {
    // What fails here fails because the connection is gone again; the next one reads it all.
    await Promise.allSettled([
      sessions.load(),
      approvals.load(),
      models.loadConfig(),
      commands.load(),
      readFacts(),
      ...[...conversations.values()].map((each) => each.load()),
    ]);
  }

  const subscription = await client.subscribe("**", received, { onTruncated: () => void refresh() });
  const stops = [
    effect(() => {
      if (wire.state.value.kind === "connected") void refresh();
    }),
    // What is known of the context is old.
    effect(() => {
      if (conversation.value.fullness.turn.value > 0) void readFacts();
    }),
  ];

  function open(key: string): void {
    const known = conversations.get(key);
    const next = known ?? create(key);
    conversations.delete(key);
    conversations.set(key, next);
    for (const old of [...conversations.keys()].slice(0, -KEPT_OPEN)) conversations.delete(old);
    conversation.value = next;
    spent.value = undefined;
    if (!known) void next.load();
    void readFacts();
  }

  return {
    wire: wire.state,
    sessions,
    approvals,
    models,
    commands,
    conversation,
    context: computed(() => conversation.value.fullness.context.value),
    spent,
    call,
    open,
    async made() {
      const target = conversation.peek();
      if (target.phase.peek().kind !== "ready") {
        await call("session.create", { session_key: target.key });
        await target.load();
      }
      return target;
    },
    async send(message) {
      const target = conversation.peek();
      await target.send(message);
      // The first message makes the main conversation.
      if (target.phase.peek().kind !== "ready") await target.load();
    },
    async remove(key) {
      await sessions.remove(key);
      conversations.delete(key);
      if (conversation.peek().key === key) open(MAIN_SESSION_KEY);
    },
    [Symbol.dispose]() {
      for (const stop of stops) stop();
      subscription[Symbol.dispose]();
    },
  };
}
