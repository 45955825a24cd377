import { expect, test } from "bun:test";
import { collectEvents } from "../support/app.ts";
import { conversation } from "../support/conversation.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

test("times in the config that are longer than a timer keeps are not over at once", async () => {
  const warnings: string[] = [];
  const heard = ({ name }: Error) => warnings.push(name);
  process.on("warning", heard);
  using _ = { [Symbol.dispose]: () => void process.off("warning", heard) };
  const ms = 3_000_000_000;
  await using fake = startOpenAiFake();
  const provider = { type: "openai-compatible", base_url: fake.url, api_key: "k", models: ["m"] };
  await using t = await conversation({
    fake,
    config: {
      providers: { fake: { ...provider, timeout_ms: ms, idle_timeout_ms: ms } },
      exec: { timeout_ms: ms, approval_timeout_ms: ms },
      limits: { run: { time_ms: ms } },
      memory: { extract: { idle_ms: ms } },
    },
  });
  const events = await collectEvents(t.client);
  fake.reply([{ tool_call: { id: "c1", name: "exec", args: { command: "sleep 0.2; echo late > out.txt" } } }], "done");
  const { run_id } = await t.client.call("agent.run", { message: "My name is Ada, and I live in London" });
  const { data } = await events.until(({ topic }) => topic === "approval.requested");
  const { approval_id } = data as { approval_id: string };
  await t.client.call("approvals.resolve", { approval_id, decision: "once" });
  expect(await t.client.call("runs.wait", { run_id })).toMatchObject({ status: "completed", text: "done" });
  const end = events.events.find(({ topic }) => topic === "stream.tool_end");
  expect(end?.data).toMatchObject({ ok: true });
  // What is learned from the run is planned when the server has stopped waiting for it.
  await t[Symbol.asyncDispose]();
  expect([warnings, fake.requests.length]).toEqual([[], 2]);
});
