/** A visit without a page: what becomes of messages and answers when the line is lost. */
import { describe, expect, test } from "bun:test";
import { openWebSocket, type Transport } from "../../../src/client/transport.ts";
import { type ChatState, createChat, isBusy, type Line } from "../../../src/panel/widget/chat.ts";
import { type Conversation, conversation } from "../../support/conversation.ts";
import { until } from "../../support/until.ts";

const SHOP = "https://shop.example";

/** As a page of the shop: a WebSocket of Bun says the origin that it is told. */
function openAsShop(url: string): Promise<Transport> {
  const socket = new WebSocket(url, { headers: { origin: SHOP } } as unknown as string[]);
  const opened = Promise.withResolvers<Transport>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  const transport: Transport = {
    send: (frame) => socket.send(frame),
    close: () => socket.close(),
    onFrame: () => undefined,
    closed: closed.promise,
  };
  socket.onmessage = ({ data }) => transport.onFrame(String(data));
  socket.onopen = () => opened.resolve(transport);
  socket.onclose = ({ code, reason }) => {
    opened.reject(new Error("No connection"));
    closed.resolve({ code, reason });
  };
  return opened.promise;
}

/** As over a server that keeps no old events: none comes again, and runs are no more to be read if `areGone`. */
function withGaps(line: Transport, isFirst: boolean, areGone: boolean): Transport {
  const told: Transport = {
    ...line,
    onFrame: () => undefined,
    send(frame) {
      const { id, method } = JSON.parse(frame) as { id?: unknown; method?: string };
      if (!areGone || method !== "runs.get") return line.send(frame);
      const error = { code: -32004, message: "No such run", data: { reason: "not_found" } };
      queueMicrotask(() => told.onFrame(JSON.stringify({ jsonrpc: "2.0", id, error })));
    },
  };
  let isGap = false;
  line.onFrame = (frame) => {
    const message = JSON.parse(frame) as { method?: string; result?: { pattern?: string } };
    if (!isFirst && message.result?.pattern !== undefined) {
      isGap = true;
      Object.assign(message.result, { truncated: true });
    }
    if (!isGap || message.method !== "event") told.onFrame(JSON.stringify(message));
  };
  return told;
}

interface Visitor extends Disposable {
  readonly chat: ReturnType<typeof createChat>;
  readonly lines: readonly Transport[];
  readonly states: readonly ChatState[];
  ready(): Promise<unknown>;
  /** What is shown, without ids. */
  shown(): readonly unknown[];
}

function visitor(url: string, invite: string, over = (line: Transport, _isFirst: boolean) => line): Visitor {
  const lines: Transport[] = [];
  const states: ChatState[] = [];
  let keys = 0;
  const chat = createChat({
    invite,
    async open() {
      const line = over(await openAsShop(url), lines.length === 0);
      lines.push(line);
      return line;
    },
    isThere: async () => true,
    onChange: (state) => states.push(state),
    createKey: () => `key-${++keys}`,
  });
  chat.start();
  return {
    chat,
    lines,
    states,
    ready: () => until(() => chat.state.link.kind === "ready"),
    shown: () => chat.state.lines.map(brief),
    [Symbol.dispose]: () => chat[Symbol.dispose](),
  };
}

function brief(line: Line): unknown {
  return line.from === "nobody" ? "break" : [line.from, line.text, line.status];
}

async function inviteShop(app: Conversation): Promise<string> {
  const { invite } = await app.client.call("auth.invites.create", {
    tools: ["time"],
    origins: [SHOP],
    budget: { tokens: 10_000 },
  });
  return invite;
}

describe("createChat", () => {
  test("reads on where it was when the line is lost in the middle of an answer", async () => {
    await using app = await conversation();
    const gone = Promise.withResolvers<void>();
    const rest = Promise.withResolvers<void>();
    app.fake.reply([{ text: "One, " }, { wait: gone.promise }, { text: "two, " }, { wait: rest.promise }, "three"]);
    using one = visitor(app.wsUrl, await inviteShop(app));
    await one.ready();
    one.chat.send("Count");
    await until(() => one.shown().length === 2 && brief(one.chat.state.lines[1]!)?.toString().includes("One, "));
    one.lines[0]!.close();
    await until(() => one.chat.state.link.kind === "lost");
    gone.resolve();
    await one.ready();
    rest.resolve();
    await until(() => !isBusy(one.chat.state));
    expect(one.shown()).toEqual([
      ["visitor", "Count", "sent"],
      ["aleph", "One, two, three", "done"],
    ]);
    expect(app.fake.requests).toHaveLength(1);
    expect((await app.client.call("auth.invites.list", {})).invites[0]).toMatchObject({ used: 1 });
  });

  test.each([
    [false, ["aleph", "One, two", "done"]],
    [true, ["aleph", "One, ", "failed"]],
  ])("reads an answer anew when events are missing, and ends it where it is gone: %p", async (areGone, answer) => {
    await using app = await conversation();
    const gone = Promise.withResolvers<void>();
    app.fake.reply([{ text: "One, " }, { wait: gone.promise }, "two"]);
    using one = visitor(app.wsUrl, await inviteShop(app), (line, isFirst) => withGaps(line, isFirst, areGone));
    await one.ready();
    one.chat.send("Count");
    await until(() => one.shown().length === 2 && brief(one.chat.state.lines[1]!)?.toString().includes("One, "));
    one.lines[0]!.close();
    await until(() => one.chat.state.link.kind === "lost");
    gone.resolve();
    await until(async () => (await app.client.call("runs.list", {})).runs[0]?.status === "completed");
    await one.ready();
    await until(() => !isBusy(one.chat.state));
    expect(one.shown()).toEqual([["visitor", "Count", "sent"], answer]);
  });

  test("sends once what was written while there was no line", async () => {
    await using app = await conversation();
    app.fake.reply("Heard");
    using one = visitor(app.wsUrl, await inviteShop(app));
    one.chat.send("Before there was one");
    await until(() => one.chat.state.lines.length === 2 && !isBusy(one.chat.state));
    app.fake.reply("Heard again");
    one.lines[0]!.close();
    await until(() => one.chat.state.link.kind === "lost");
    one.chat.send("In between");
    await until(() => one.chat.state.lines.length === 4 && !isBusy(one.chat.state));
    expect(one.shown()).toEqual([
      ["visitor", "Before there was one", "sent"],
      ["aleph", "Heard", "done"],
      ["visitor", "In between", "sent"],
      ["aleph", "Heard again", "done"],
    ]);
    expect(app.fake.requests).toHaveLength(2);
  });

  test("sets the text before and after a tool apart", async () => {
    await using app = await conversation();
    app.fake.reply([{ text: "I look." }, { tool_call: { name: "time", args: {} } }], "It is noon.");
    using one = visitor(app.wsUrl, await inviteShop(app));
    await one.ready();
    one.chat.send("What time is it?");
    await until(() => one.chat.state.lines.length === 2 && !isBusy(one.chat.state));
    expect(one.shown()[1]).toEqual(["aleph", "I look.\n\nIt is noon.", "done"]);
  });

  test("answers commands, and a message that was refused can be sent again", async () => {
    await using app = await conversation();
    app.fake.answer(() => "Yes");
    using one = visitor(app.wsUrl, await inviteShop(app));
    await one.ready();
    one.chat.send("/whoami");
    await until(() => one.chat.state.lines.length === 2 && !isBusy(one.chat.state));
    expect(one.shown()[1]).toEqual(["aleph", expect.stringContaining("as a guest"), "done"]);
    for (let count = 0; count < 5; count++) one.chat.send(`message ${count}`);
    const failed = await until(() => one.chat.state.lines.find(({ id }) => refusedIds(one.chat.state).includes(id)));
    expect(failed).toMatchObject({ from: "visitor", status: "failed", reason: "rate_limited" });
    if (failed.from !== "visitor") throw new Error("It is a message");
    one.chat.again(failed);
    expect(one.chat.state.lines.find(({ id }) => id === failed.id)).toMatchObject({
      status: "sending",
      text: failed.text,
    });
  });

  test("gives up for the time being where the server is there and opens no line, and tries again when asked", async () => {
    await using app = await conversation();
    using one = visitor(app.wsUrl, "aleph_inv_none");
    await until(() => one.chat.state.link.kind === "refused");
    expect(one.chat.state.link).toEqual({ kind: "refused", why: "unavailable", isFinal: false });
    expect(one.lines).toHaveLength(0);
    await inviteShop(app);
    one.chat.start();
    await until(() => one.chat.state.link.kind === "refused" && one.lines.length > 0);
    expect(one.chat.state.link).toEqual({ kind: "refused", why: "unavailable", isFinal: true });
  });

  test("goes on trying where no server is", async () => {
    await using stopped = await conversation();
    const url = stopped.wsUrl;
    await stopped[Symbol.asyncDispose]();
    const tries: number[] = [];
    using chat = createChat({
      invite: "aleph_inv_none",
      open() {
        tries.push(1);
        return openWebSocket(url);
      },
      isThere: async () => false,
      onChange: () => undefined,
      createKey: () => "k",
    });
    chat.start();
    await until(() => tries.length >= 4, 20_000);
    expect(chat.state.link.kind).toBe("lost");
  });
});

function refusedIds({ lines }: ChatState): readonly number[] {
  return lines.flatMap((line) => (line.from === "visitor" && line.status === "failed" ? [line.id] : []));
}
