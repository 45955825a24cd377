import { describe, expect, test } from "bun:test";
import { startOpenAiFake } from "../../../support/providers/openai.ts";
import { until } from "../../../support/until.ts";
import { startV1 } from "../../../support/v1.ts";

const ASK = { model: "oa/test-model", input: "Hello" };

describe("/v1/responses", () => {
  test("a response in the background is asked for by id until it is there", async () => {
    await using v1 = await startV1();
    const gate = Promise.withResolvers<void>();
    v1.openai.reply([{ wait: gate.promise }, "Done"]);
    const get = async (id: string) =>
      (await fetch(`${v1.url}/responses/${id}`, { headers: { "x-api-key": v1.app.token } })).json();
    const begun = await (await v1.post("/responses", { ...ASK, background: true })).json();
    expect(begun).toMatchObject({ object: "response", status: "in_progress", background: true, output: [] });
    expect(await get(begun.id)).toMatchObject({ status: "in_progress" });
    gate.resolve();
    const done = await until(async () => {
      const now = await get(begun.id);
      return now.status !== "in_progress" && now;
    });
    expect(done).toMatchObject({ id: begun.id, status: "completed", background: true, store: true });
    expect(done.output).toMatchObject([{ type: "message", content: [{ type: "output_text", text: "Done" }] }]);
  });

  test("cancelling one in the background ends the vendor's request", async () => {
    await using v1 = await startV1();
    v1.openai.reply({ steps: ["So far"], end: "silence" });
    const begun = await (await v1.post("/responses", { ...ASK, background: true })).json();
    const request = await v1.openai.received(1);
    const cancelled = await (await v1.post(`/responses/${begun.id}/cancel`, {})).json();
    expect(cancelled).toMatchObject({ id: begun.id, status: "cancelled" });
    expect(await request.ended).toBe("hung_up");
  });

  test("one that was answered at once cannot be cancelled", async () => {
    await using v1 = await startV1();
    v1.openai.reply("Hi");
    const done = await (await v1.post("/responses", ASK)).json();
    const refused = await v1.post(`/responses/${done.id}/cancel`, {});
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: "response_id" } }]);
  });

  test("what is not to be kept is not kept", async () => {
    await using v1 = await startV1();
    v1.openai.reply("Hi");
    const done = await (await v1.post("/responses", { ...ASK, store: false })).json();
    const asked = await fetch(`${v1.url}/responses/${done.id}`, { headers: { "x-api-key": v1.app.token } });
    expect(asked.status).toBe(404);
  });

  test("the next request goes on from the one before, with references in place of items", async () => {
    await using v1 = await startV1();
    v1.openai.reply("First", "Second", "Third");
    const first = await (await v1.post("/responses", ASK)).json();
    const second = await (
      await v1.post("/responses", { ...ASK, previous_response_id: first.id, input: "More" })
    ).json();
    expect(second.previous_response_id).toBe(first.id);
    const input = [
      { type: "item_reference", id: second.output[0].id },
      { role: "user", content: "And more" },
    ];
    await (await v1.post("/responses", { ...ASK, input })).json();
    expect(v1.openai.requests.map(({ body }) => body.messages)).toEqual([
      [{ role: "user", content: "Hello" }],
      [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "First" },
        { role: "user", content: "More" },
      ],
      [
        { role: "assistant", content: "Second" },
        { role: "user", content: "And more" },
      ],
    ]);
  });

  test.each([
    ["previous_response_id", { previous_response_id: "resp_nothing" }, 404],
    ["a reference", { input: [{ type: "item_reference", id: "msg_nothing" }] }, 400],
    ["conversation", { conversation: "conv_1" }, 400],
    ["a tool that is the vendor's own", { tools: [{ type: "web_search" }] }, 400],
    ["background without store", { background: true, store: false }, 400],
  ])("refuses %s that leads nowhere", async (_, fields, status) => {
    await using v1 = await startV1();
    const response = await v1.post("/responses", { ...ASK, ...fields });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    expect(v1.openai.requests).toHaveLength(0);
  });

  test("input items come in pages", async () => {
    await using v1 = await startV1();
    v1.openai.reply("Hi");
    const input = ["a", "b", "c"].map((content) => ({ role: "user", content }));
    const { id } = await (await v1.post("/responses", { ...ASK, input })).json();
    const list = async (query: string) =>
      (
        await fetch(`${v1.url}/responses/${id}/input_items?${query}`, { headers: { "x-api-key": v1.app.token } })
      ).json();
    const first = await list("order=asc&limit=2");
    expect(first).toMatchObject({ object: "list", has_more: true, data: [{ content: "a" }, { content: "b" }] });
    expect(await list(`order=asc&after=${first.last_id}`)).toMatchObject({ has_more: false, data: [{ content: "c" }] });
    expect((await list("limit=0")).error).toMatchObject({ param: "limit" });
  });

  test("one that goes on from what is gone leaves the provider as it was", async () => {
    await using own = startOpenAiFake();
    const o = { type: "openai", base_url: own.url, api_key: "k", models: ["m"] };
    await using v1 = await startV1({ providers: { o }, models: { fallbacks: ["oa/test-model"] } });
    v1.openai.reply("First", "Second", "In its place");
    const first = await (await v1.post("/responses", ASK)).json();
    const second = await (await v1.post("/responses", { ...ASK, previous_response_id: first.id })).json();
    await fetch(`${v1.url}/responses/${first.id}`, { method: "DELETE", headers: { "x-api-key": v1.app.token } });
    // It is left alone for a moment, and the next request is the one that finds out whether it is well.
    own.reply({ status: 402, message: "No credit", headers: { "retry-after-ms": "30" } });
    await v1.app.client.call("session.send", { message: "Hello", model: "o/m" });
    const retryIn = async () =>
      (await v1.app.client.call("models.config", {})).providers.find(({ id }) => id === "o")!.retry_in_ms;
    await until(async () => (await retryIn()) === 0);
    const ask = { model: "o/m", input: "Hello" };
    const gone = await v1.post("/responses", { ...ask, previous_response_id: second.id });
    expect(gone.status).toBe(404);
    const well = { id: "resp_1", object: "response", output: [], usage: { input_tokens: 1, output_tokens: 1 } };
    own.reply({ body: JSON.stringify(well), headers: { "content-type": "application/json" } });
    expect(await (await v1.post("/responses", ask)).json()).toEqual(well);
  });
});
