import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AlephError } from "../../src/protocol/errors.ts";
import { testApp } from "../support/app.ts";
import { mutated } from "./mutation.ts";

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly protocolVersion?: string };
}

/** A server of the protocol with one tool, whose answers it can be told to spoil. */
function startServer() {
  let seed: number | undefined;
  const good = { content: [{ type: "text", text: "Grüße" }] };
  const resultOf = ({ method, params }: Message) => {
    if (method === "initialize") {
      const { protocolVersion } = params ?? {};
      return { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "odd", version: "1" } };
    }
    if (method === "tools/list")
      return { tools: [{ name: "greet", description: "Greets", inputSchema: { type: "object" } }] };
    return method === "tools/call" ? good : {};
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (request.method !== "POST") return new Response(null, { status: 405 });
      const message = (await request.json()) as Message;
      if (message.id === undefined) return new Response(null, { status: 202 });
      const answer = JSON.stringify({ jsonrpc: "2.0", id: message.id, result: resultOf(message) });
      const spoils = message.method === "tools/call" && seed !== undefined;
      const body = spoils ? fc.sample(mutated(answer), { seed: seed ?? 0, numRuns: 1 })[0] : answer;
      return new Response(body, { headers: { "content-type": "application/json" } });
    },
  });
  return {
    url: `${server.url.href}mcp`,
    spoil: (by: number | undefined) => {
      seed = by;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

test("an MCP server whose answers are spoiled gives an answer or an error of the tool, and the next call is none the worse", async () => {
  await using server = startServer();
  const table = { url: server.url, tools: { allow: ["*"] }, timeout_ms: 400 };
  await using t = await testApp({
    config: { mcp: { servers: { odd: table } }, limits: { rate: { read: 0, write: 0 } } },
  });
  const call = () => t.client.call("mcp.call", { server: "odd", tool: "greet", arguments: {} });
  const outcomes: Record<string, number> = {};
  for (let seed = 0; seed < 200; seed++) {
    server.spoil(seed);
    const outcome = await call().then(
      ({ isError, content }) => (isError ? (content[0] as { text: string }).text : "answered"),
      (thrown: unknown) => AlephError.from(thrown).reason,
    );
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  expect(Object.keys(outcomes).toSorted()).toEqual(['MCP server "odd" gave an answer that is not valid', "answered"]);
  server.spoil(undefined);
  expect(await call()).toMatchObject({ content: [{ type: "text", text: "Grüße" }] });
}, 120_000);

test("/mcp answers a message that is spoiled as its caller's fault", async () => {
  await using t = await testApp({ config: { limits: { rate: { read: 0, write: 0, http: 0 } } } });
  const good = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "Grüße", version: "1" } },
  });
  const statuses: Record<number, number> = {};
  for (const body of fc.sample(mutated(good), { seed: 20_261_121, numRuns: 200 })) {
    const { status } = await fetch(`${t.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${t.token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body,
    });
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  expect(Object.keys(statuses)).toEqual(["200", "400"]);
  expect(t.logs.filter(({ level }) => level === "error")).toEqual([]);
});
