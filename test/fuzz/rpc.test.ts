import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { connect } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/connect.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { conversation } from "../support/conversation.ts";
import { allowedBy, type JsonSchema, spoiled } from "./arbitrary.ts";

/** What would take away what the others are asked through. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "system.shutdown": "ends the server",
  "auth.connect": "has a test of its own, on sockets that have no rights yet",
};

interface Described {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: JsonSchema }[];
}

/** The same values each time, so that a failure can be looked into. */
const SAMPLE = { seed: 20_261_121, numRuns: 24 };

async function describedMethods(t: TestApp): Promise<readonly Described[]> {
  return ((await t.client.call("rpc.discover", {})) as unknown as { methods: readonly Described[] }).methods;
}

function paramsOf({ params }: Described): fc.Arbitrary<unknown> {
  return allowedBy({
    type: "object",
    properties: Object.fromEntries(params.map((param) => [param.name, param.schema])),
    required: params.flatMap((param) => (param.required ? [param.name] : [])),
  });
}

describe("the server", () => {
  test("answers every method with what its schema allows, and that spoiled, without a failure of its own", async () => {
    await using t = await conversation({ config: { limits: { rate: { read: 0, write: 0, run: 0 } } } });
    const open = () =>
      connect({
        open: () => openWebSocket(t.wsUrl),
        // One of the methods gives the owner another one.
        credentials: () => ({ token: readFileSync(join(t.home.credentials, "token"), "utf8").trim() }),
        client: { id: "fuzz" },
      });
    const failures: string[] = [];
    const answered = new Set<string>();
    const refused = new Set<string>();
    for (const method of await describedMethods(t)) {
      if (method.name in LEFT_OUT) continue;
      // Some of them end the sockets of everybody; and what waits for something is let go with the socket.
      await using client = (await open()) as unknown as {
        call(name: string, params: unknown): Promise<unknown>;
      } & AsyncDisposable;
      const params = paramsOf(method);
      const answers = fc.sample(fc.oneof(params, spoiled(params)), SAMPLE).map(async (value) => {
        try {
          await client.call(method.name, value);
          answered.add(method.name);
        } catch (thrown) {
          const { reason, message } = AlephError.from(thrown);
          if (reason === "internal") failures.push(`${method.name} ${JSON.stringify(value)}: ${message}`);
          refused.add(method.name);
        }
      });
      await Promise.race([Promise.all(answers), Bun.sleep(2_000)]);
    }
    expect(failures).toEqual([]);
    // Otherwise the values would all be refused at the door, and nothing behind it tried.
    expect(answered.size).toBeGreaterThan(50);
    expect(refused.size).toBeGreaterThan(100);
    await using after = await open();
    expect(await after.call("rpc.ping", {})).toMatchObject({ pong: true });
    expect(t.logs.filter(({ level }) => level === "error").map(({ message, fields }) => [message, fields])).toEqual([]);
  }, 120_000);

  test("lets nobody in by a connect that is spoiled", async () => {
    await using t = await testApp({ config: { limits: { rate: { http: 0 } } } });
    const method = (await describedMethods(t)).find(({ name }) => name === "auth.connect")!;
    // The one protocol that is spoken, so that the proof is what it fails at.
    const spoken = { minProtocol: PROTOCOL_VERSION, maxProtocol: PROTOCOL_VERSION };
    const params = paramsOf(method).map((value) => ({ ...(value as object), ...spoken }));
    const answers: string[] = [];
    for (const value of fc.sample(fc.oneof(params, spoiled(params)), { ...SAMPLE, numRuns: 100 })) {
      const socket = new WebSocket(t.wsUrl);
      const { promise, resolve } = Promise.withResolvers<string>();
      socket.addEventListener("open", () =>
        socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "connect", params: value })),
      );
      socket.addEventListener("message", ({ data }) => {
        // The challenge comes before anything is asked.
        if (!String(data).includes('"method":')) resolve(String(data));
      });
      socket.addEventListener("close", () => resolve('{"error":{"data":{"reason":"closed"}}}'));
      const answer = JSON.parse(await promise) as { readonly error?: { readonly data?: { readonly reason: string } } };
      answers.push(answer.error?.data?.reason ?? `let in by ${JSON.stringify(value)}`);
      socket.close();
    }
    expect([...new Set(answers)].toSorted()).toEqual([
      "auth_failed",
      "forbidden",
      "invalid_params",
      // Whoever guesses is locked out for a while.
      "rate_limited",
      "unauthenticated",
    ]);
  }, 60_000);
});
