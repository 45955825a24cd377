import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { conversation } from "../../support/conversation.ts";
import { testFolder } from "../../support/folder.ts";

test("audit.verify finds the record whole, and a row that was changed behind the server's back", async () => {
  await using folder = await testFolder();
  await using t = await conversation({ home: folder.path });
  t.fake.reply([{ tool_call: { name: "time", args: {} } }], "done");
  await t.client.call("session.send", { message: "What time is it?" });
  const whole = await t.client.call("audit.verify", {});
  expect(whole).toEqual({ ok: true, rows: expect.any(Number), head: expect.any(String), faults: [] });
  expect(whole.rows).toBeGreaterThan(1);
  using db = new Database(join(folder.path, "aleph.db"));
  db.run("PRAGMA busy_timeout = 5000");
  db.run("UPDATE audit SET detail = replace(detail, 'allow', 'denyy') WHERE kind = 'decision'");
  const { ok, faults } = await t.client.call("audit.verify", {});
  expect([ok, faults[0]!.problem]).toEqual([false, "Row was changed, or put in"]);
});
