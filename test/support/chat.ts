/** A place where people chat, kept in memory, in front of the agent with all its real parts. */
import { Chats } from "../../src/channel/chats.ts";
import { Peers } from "../../src/channel/peers.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type {
  ChannelCapabilities,
  ChatPolicy,
  IncomingMessage,
  MessageExtras,
  OpenChannel,
} from "../../src/sdk/channel.ts";
import type { testAgent } from "./agent.ts";

export interface Shown {
  readonly id: string;
  readonly conversation: string;
  text: string;
  readonly extras: MessageExtras;
}

export interface TestChatOptions {
  readonly policy?: Partial<ChatPolicy>;
  readonly capabilities?: Partial<ChannelCapabilities>;
  /** Called when a message gets a reaction, or loses it; may throw, or wait. */
  readonly onReact?: (id: string, emoji: string | null) => unknown;
  readonly limit?: number;
  /** Called before a message is taken; may throw, or wait. */
  readonly onSend?: (text: string, extras?: MessageExtras) => unknown;
  /** The place does not say what it calls its messages. */
  readonly nameless?: boolean;
  readonly now?: () => number;
}

type Agent = Awaited<ReturnType<typeof testAgent>>;

export const OPEN_POLICY: ChatPolicy = {
  allow_from: ["U1"],
  dm_policy: "pairing",
  dm_scope: "per_peer",
  groups: {},
  agent: "main",
  stream: true,
};

/** `start` again on the same agent stands for a restart of the process. */
export async function testChat(agent: Agent, options: TestChatOptions = {}) {
  const {
    policy = {},
    capabilities = {},
    limit = 1000,
    onSend,
    onReact,
    nameless = false,
    now = () => Date.now(),
  } = options;
  const shown: Shown[] = [];
  const edits: string[] = [];
  const refused: string[] = [];
  const reactions: string[] = [];
  const open: OpenChannel = {
    async send(conversation, text, extras = {}) {
      await onSend?.(text, extras);
      const id = `m${shown.length + 1}`;
      shown.push({ id, conversation, text, extras });
      return { id: nameless ? "" : id };
    },
    async edit(_conversation, id, text) {
      const found = shown.find((each) => each.id === id);
      if (!found) throw new AlephError("not_found", "No message");
      await onSend?.(text);
      found.text = text;
      edits.push(text);
    },
    async react(_conversation, id, emoji) {
      await onReact?.(id, emoji);
      reactions.push(emoji === null ? `no ${id}` : `${emoji} ${id}`);
    },
    async [Symbol.asyncDispose]() {},
  };
  let running: OpenChannel | undefined = open;
  const peers = new Peers({ store: agent.store, now });
  const chats = new Chats({
    stores: agent.stores,
    runner: agent.runner,
    runs: agent.runs,
    approvals: agent.approvals,
    media: agent.media,
    peers,
    channelOf: () => running,
    channelParts: async () => ({
      capabilities: {
        edit: false,
        react: false,
        typing: false,
        files: false,
        threads: false,
        buttons: true,
        ...capabilities,
      },
      limits: { message: limit, edit_ms: 20 },
    }),
    bus: agent.bus,
    log: agent.log,
    now,
    monotonic: () => performance.now(),
    wait: (ms, signal) =>
      new Promise<void>((resolve) => {
        setTimeout(resolve, Math.min(ms, 20));
        signal.addEventListener("abort", () => resolve(), { once: true });
      }),
  });
  const chat = chats.join("chat", {
    realm: "chat",
    policy: { ...OPEN_POLICY, ...policy },
    refused: (sender) => refused.push(sender),
    signal: new AbortController().signal,
  });
  let last = 0;
  return {
    chat,
    chats,
    peers,
    shown,
    edits,
    reactions,
    refused,
    /** Of what is to go out: what waits, and what the place will never take. */
    counts: () =>
      agent.store.db
        .query<{ waiting: number; failed: number }, []>(
          "SELECT count(*) FILTER (WHERE failure IS NULL) AS waiting, count(failure) AS failed FROM channel_outbox",
        )
        .get()!,
    texts: () => shown.map(({ text }) => text),
    say: (text: string, more: Partial<IncomingMessage> = {}) =>
      chat.receive({ id: String(++last), conversation: "room", sender: { id: "U1" }, text, ...more }),
    /** The connection goes, or is there again. */
    connect(isThere: boolean) {
      running = isThere ? open : undefined;
      if (isThere) agent.bus.publish("interface.started", { interface: "chat" });
    },
    [Symbol.asyncDispose]: () => chats[Symbol.asyncDispose](),
  };
}
