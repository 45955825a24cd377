import { expect, test } from "bun:test";
import { conversation } from "../../support/conversation.ts";

test("audit.list shows each decision and each call of a run, in pages", async () => {
  await using t = await conversation();
  t.fake.reply([{ tool_call: { name: "time", args: {} } }], "done");
  const { run_id } = await t.client.call("session.send", { message: "What time is it?" });
  const { rows } = await t.client.call("audit.list", { tool: "time" });
  expect(
    rows.map(({ kind, identity, run_id: run, detail }) => [kind, identity, run, detail.tier ?? detail.status]),
  ).toEqual([
    ["call", "owner", run_id, "ok"],
    ["decision", "owner", run_id, "allow"],
  ]);
  const first = await t.client.call("audit.list", { limit: 1, tool: "time" });
  expect(first.next).toBe(rows[0]!.seq);
  const second = await t.client.call("audit.list", { limit: 1, tool: "time", before: first.next! });
  expect(second.rows).toEqual([rows[1]!]);
});

test("audit.list refuses what is no session key", async () => {
  await using t = await conversation();
  const refused = await t.client
    .call("audit.list", { session_key: "x" })
    .catch(({ reason }: { reason: string }) => reason);
  expect(refused).toBe("invalid_params");
});
