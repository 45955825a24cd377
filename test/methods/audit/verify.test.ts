import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { conversation } from "../../support/conversation.ts";
import { testFolder } from "../../support/folder.ts";
import { refusalOf } from "../../support/tool-call.ts";
import { until } from "../../support/until.ts";

test("audit.verify finds the record whole, and a row that was changed behind the server's back", async () => {
  await using folder = await testFolder();
  await using t = await conversation({ home: folder.path });
  t.fake.reply([{ tool_call: { name: "time", args: {} } }], "done");
  await t.client.call("session.send", { message: "What time is it?" });
  const whole = await t.client.call("audit.verify", {});
  expect(whole).toEqual({ ok: true, rows: expect.any(Number), head: expect.any(String), kept_from: null, faults: [] });
  expect(whole.rows).toBeGreaterThan(1);
  using db = new Database(join(folder.path, "aleph.db"));
  db.run("PRAGMA busy_timeout = 5000");
  db.run("UPDATE audit SET detail = replace(detail, 'allow', 'denyy') WHERE kind = 'decision'");
  const { ok, faults } = await t.client.call("audit.verify", {});
  expect([ok, faults[0]!.problem]).toEqual([false, "Row was changed, or put in"]);
});

test("audit.verify tells from where the record is kept, once old rows were pruned as config.toml says", async () => {
  await using folder = await testFolder();
  const old = Date.now() - 40 * 86_400_000;
  {
    await using t = await testApp({ home: folder.path, now: () => old });
    await t.client.call("tool.call", { tool: "time", args: {} });
  }
  await using t = await testApp({ home: folder.path });
  await t.client.call("tool.call", { tool: "list", args: { path: "." } });
  const { rows: before } = await t.client.call("audit.list", {});
  expect(await t.client.call("audit.verify", {})).toMatchObject({ ok: true, kept_from: null });
  const patch = t.client.call("config.patch", { patch: { audit: { keep_days: 1 } } });
  expect(await refusalOf(patch)).toStartWith("config_invalid: ");
  appendFileSync(t.home.config, "\n[audit]\nkeep_days = 30\n");
  await t.client.call("config.reload", {});
  const kept = await until(async () => {
    const verdict = await t.client.call("audit.verify", {});
    return verdict.kept_from === null ? undefined : verdict;
  });
  const first = before.findLast(({ ts }) => ts > old + 1_000)!;
  expect(kept).toMatchObject({ ok: true, faults: [], kept_from: { seq: first.seq } });
  const { rows } = await t.client.call("audit.list", { tool: "time" });
  expect(rows).toEqual([]);
});
