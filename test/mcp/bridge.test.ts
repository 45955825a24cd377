import { expect, test } from "bun:test";
import { runBridge } from "../../src/mcp/bridge.ts";
import { startRemoteMcp } from "../support/mcp/remote.ts";
import { until } from "../support/until.ts";

interface Answer {
  readonly id: unknown;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: object;
}

/** An agent that has us as a program. */
function openAgent(url: string) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const input = writable.getWriter();
  const answers: Answer[] = [];
  const warnings: string[] = [];
  const ended = runBridge({
    url,
    token: undefined,
    input: readable,
    write: (line) => answers.push(JSON.parse(line) as Answer),
    warn: (text) => warnings.push(text),
    fetch,
  });
  const tell = (message: object) => input.write(Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`));
  return {
    answers,
    tell,
    async ask(id: number, method: string, params: object = {}): Promise<Answer> {
      await tell({ id, method, params });
      return until(() => answers.find((answer) => answer.id === id));
    },
    async end(): Promise<void> {
      await input.close();
      await ended;
    },
  };
}

test("the bridge begins a new session when the server has forgotten the one that it had", async () => {
  await using remote = startRemoteMcp({ sessions: 404 });
  const agent = openAgent(remote.url);
  const clientInfo = { name: "x", version: "1" };
  const hello = await agent.ask(0, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  await agent.tell({ method: "notifications/initialized" });
  const echo = (id: number, message: string) => agent.ask(id, "tools/call", { name: "echo", arguments: { message } });
  const text = (id: number, value: string) => ({
    jsonrpc: "2.0",
    id,
    result: { content: [{ type: "text", text: value }] },
  });
  expect<unknown>(await echo(1, "one")).toEqual(text(1, "one"));
  remote.forget();
  const both = await Promise.all([echo(2, "two"), echo(3, "three")]);
  expect<unknown>(both).toEqual([text(2, "two"), text(3, "three")]);
  expect([remote.seen.sessions, remote.seen.calls.toSorted()]).toEqual([2, ["one", "three", "two"]]);
  // Nobody hears of the second beginning.
  expect(agent.answers.map(({ id }) => id).toSorted()).toEqual([0, 1, 2, 3]);
  expect(hello.result).toMatchObject({ serverInfo: { name: "remote" } });
  await agent.end();
});
