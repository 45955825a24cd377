/** What clients see of a provider's faults, whether a request is handed on to it or translated for it. */
import { describe, expect, test } from "bun:test";
import { collectEvents } from "../support/app.ts";
import type { ProviderFake, Reply } from "../support/providers/fake.ts";
import { startV1, type V1 } from "../support/v1.ts";

const MESSAGES = [{ role: "user", content: "Hello" }];
/** Waits are as short as the vendor says. */
const SOON = { "retry-after-ms": "1" };

interface Way {
  readonly path: string;
  readonly asked: (v1: V1) => ProviderFake;
  readonly model: string;
  readonly other: string;
  readonly standIn: (v1: V1) => ProviderFake;
}

/** The first is asked in its own format, the second is not. */
const WAYS: readonly (readonly [string, Way])[] = [
  [
    "handed on",
    {
      path: "/chat/completions",
      asked: (v1) => v1.openai,
      model: "oa/test-model",
      other: "an/test-model",
      standIn: (v1) => v1.anthropic,
    },
  ],
  [
    "translated",
    {
      path: "/chat/completions",
      asked: (v1) => v1.anthropic,
      model: "an/test-model",
      other: "oa/test-model",
      standIn: (v1) => v1.openai,
    },
  ],
  [
    "handed on as Messages",
    {
      path: "/messages",
      asked: (v1) => v1.anthropic,
      model: "an/test-model",
      other: "oa/test-model",
      standIn: (v1) => v1.openai,
    },
  ],
];

const ask = (v1: V1, way: Way) =>
  v1.post(way.path, {
    model: way.model,
    messages: MESSAGES,
    stream: true,
    ...(way.path === "/messages" ? { max_tokens: 50 } : {}),
  });

/** The text of a stream in either format. */
function textOf(stream: string): string {
  return [...stream.matchAll(/"(?:content|text)":"([^"]*)"/g)].map(([, text]) => text).join("");
}

describe.each(WAYS)("a provider's fault, %s", (_, way) => {
  test.each([
    ["429 with a time to wait", { status: 429, message: "Slow down", headers: SOON }],
    ["500", { status: 500, message: "Oops", headers: SOON }],
  ] as readonly (readonly [string, Reply])[])("%s is tried again there", async (_name, fault) => {
    await using v1 = await startV1({ models: { fallbacks: [way.other] } });
    const events = await collectEvents(v1.app.client, "provider.retried");
    way.asked(v1).reply(fault, "Well again");
    const response = await ask(v1, way);
    expect([response.status, textOf(await response.text())]).toEqual([200, "Well again"]);
    const { data } = await events.until(() => true);
    expect(data).toMatchObject({ kind: "retry", detail: { provider: way.model.split("/")[0], wait_ms: 1 } });
    expect([way.asked(v1).requests.length, way.standIn(v1).requests.length]).toEqual([2, 0]);
  });

  test.each([
    ["402", { status: 402, message: "Pay first" }],
    ["401", { status: 401, message: "Wrong key" }],
    ["a page in place of a stream", { body: "<html>Hotel Wi-Fi</html>", headers: { "content-type": "text/html" } }],
    ["an empty stream", { body: "", headers: { "content-type": "text/event-stream" } }],
  ] as readonly (readonly [string, Reply])[])("%s leads to the next provider at once", async (_name, fault) => {
    await using v1 = await startV1({ models: { fallbacks: [way.other] } });
    way.asked(v1).reply(fault);
    const events = await collectEvents(v1.app.client, "provider.retried");
    way.standIn(v1).reply("From the other");
    const response = await ask(v1, way);
    expect([response.status, textOf(await response.text())]).toEqual([200, "From the other"]);
    expect([way.asked(v1).requests.length, way.standIn(v1).requests.length]).toEqual([1, 1]);
    expect((await events.until(() => true)).data).toMatchObject({ kind: "failover" });
  });

  test("500 again and again leads to the next provider", async () => {
    await using v1 = await startV1({ models: { fallbacks: [way.other] } });
    const fault: Reply = { status: 500, headers: SOON };
    way.asked(v1).reply(fault, fault, fault);
    way.standIn(v1).reply("From the other");
    expect(textOf(await (await ask(v1, way)).text())).toBe("From the other");
    expect(way.asked(v1).requests.length).toBe(3);
  });

  test("one that never begins its answer is left for the next provider, and its requests are ended", async () => {
    await using v1 = await startV1({ models: { fallbacks: [way.other] } });
    const [provider] = way.model.split("/") as [string];
    await v1.app.client.call("config.patch", { patch: { providers: { [provider]: { timeout_ms: 40 } } } });
    const hang: Reply = { steps: ["late"], after: new Promise(() => undefined) };
    way.asked(v1).reply(hang, hang, hang);
    way.standIn(v1).reply("From the other");
    expect(textOf(await (await ask(v1, way)).text())).toBe("From the other");
    const { requests } = way.asked(v1);
    expect(await Promise.all(requests.map(({ ended }) => ended))).toEqual(requests.map(() => "hung_up"));
    expect(requests.length).toBeGreaterThan(0);
  });

  test("what nobody can answer has the status of the fault, and the time to wait", async () => {
    await using v1 = await startV1();
    way.asked(v1).reply({ status: 429, message: "Slow down", headers: { "retry-after": "20" } });
    const response = await ask(v1, way);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "20"]);
    expect(await response.json()).toMatchObject({ error: { type: "rate_limit_error" } });
  });

  test("a key that the vendor refuses is not the client's fault", async () => {
    await using v1 = await startV1();
    way.asked(v1).reply({ status: 401, message: "Incorrect API key" });
    const response = await ask(v1, way);
    expect([response.status, response.headers.get("x-should-retry")]).toEqual([502, "false"]);
    expect(await response.text()).not.toContain("sk-");
  });

  test("a stream that drips comes through drop by drop", async () => {
    await using v1 = await startV1();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    way.asked(v1).reply(["one ", { wait: gates[0]!.promise }, "two ", { wait: gates[1]!.promise }, "three"]);
    const response = await ask(v1, way);
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    let seen = "";
    for (const [index, word] of ["one ", "two ", "three"].entries()) {
      while (!seen.includes(word)) seen += decoder.decode((await reader.read()).value, { stream: true });
      gates[index]?.resolve();
    }
    for (let read = await reader.read(); !read.done; read = await reader.read()) seen += decoder.decode(read.value);
    expect(textOf(seen)).toBe("one two three");
  });
});

describe.each(WAYS.filter(([name]) => name !== "translated"))("a stream that is handed on: %s", (_, way) => {
  test("a cut behind the first byte is told in the stream, and nobody else is asked", async () => {
    await using v1 = await startV1({ models: { fallbacks: [way.other] } });
    way.asked(v1).reply({ steps: ["half an ans"], end: "cut" });
    const response = await ask(v1, way);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(textOf(text)).toBe("half an ans");
    expect(text).toContain('"error":{');
    expect(text).not.toContain("[DONE]");
    expect(way.standIn(v1).requests.length).toBe(0);
  });

  test("an end without the vendor's own end is told in the stream", async () => {
    await using v1 = await startV1();
    way.asked(v1).reply({ steps: ["half an ans"], end: "close" });
    const text = await (await ask(v1, way)).text();
    expect(textOf(text)).toBe("half an ans");
    expect(text).toContain("ended in the middle of its reply");
  });

  test("silence behind the first byte ends after the provider's own limit", async () => {
    const limits = { idle_timeout_ms: 80 };
    await using v1 = await startV1();
    const [provider] = way.model.split("/") as [string];
    await v1.app.client.call("config.patch", { patch: { providers: { [provider]: limits } } });
    way.asked(v1).reply({ steps: ["half an ans"], end: "silence" });
    const text = await (await ask(v1, way)).text();
    expect(textOf(text)).toBe("half an ans");
    expect(text).toContain("sent nothing for 0.08 s");
    expect(await way.asked(v1).requests[0]!.ended).toBe("hung_up");
  });
});

test("an answer that comes whole may take its time while white space says that it is being made", async () => {
  const answer = JSON.stringify({ choices: [{ message: { role: "assistant", content: "Hello" } }] });
  let asked = 0;
  await using slow = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch() {
      asked++;
      const body = new ReadableStream({
        async start(controller) {
          for (let at = 0; at < 12; at++) {
            controller.enqueue(new TextEncoder().encode("\n"));
            await Bun.sleep(50);
          }
          controller.enqueue(new TextEncoder().encode(answer));
          controller.close();
        },
      });
      return new Response(body, { headers: { "content-type": "application/json" } });
    },
  });
  const table = { type: "openai-compatible", base_url: `${slow.url}v1`, models: ["m"], idle_timeout_ms: 250 };
  await using v1 = await startV1({ providers: { slow: table } });
  const response = await v1.post("/chat/completions", { model: "slow/m", messages: MESSAGES });
  expect([response.status, await response.json()]).toMatchObject([
    200,
    { choices: [{ message: { content: "Hello" } }] },
  ]);
  expect(asked).toBe(1);
});

test("an answer whose length is told and of which not all comes ends after the provider's own limit", async () => {
  let asked = 0;
  using half = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        asked++;
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"choices":');
      },
    },
  });
  const base_url = `http://127.0.0.1:${half.port}/v1`;
  const table = { type: "openai-compatible", base_url, models: ["m"], idle_timeout_ms: 80 };
  await using v1 = await startV1({ providers: { half: table } });
  const response = await v1.post("/chat/completions", { model: "half/m", messages: MESSAGES });
  expect(response.ok).toBe(false);
  expect(await response.text()).toContain("sent nothing for 0.08 s");
  expect(asked).toBe(1);
});

test("an answer that comes whole and takes too long is not asked for again where it is being made", async () => {
  await using v1 = await startV1({ models: { fallbacks: ["an/test-model"] } });
  await v1.app.client.call("config.patch", { patch: { providers: { oa: { timeout_ms: 40 } } } });
  const hang: Reply = { body: "{}", after: new Promise(() => undefined) };
  v1.openai.reply(hang, hang, hang);
  v1.anthropic.reply("From the other");
  const response = await v1.post("/chat/completions", { model: "oa/test-model", messages: MESSAGES });
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: "From the other" } }] });
  expect(v1.openai.requests.length).toBe(1);
});
