import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { runCli } from "../../support/cli.ts";
import { fakeHome } from "../../support/fake-home.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

test("audit lists what was decided and done, and verify tells whether the record is whole", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  const { path } = home;
  fake.reply([{ tool_call: { name: "time", args: {} } }], "done");
  expect((await runCli(["audit"], { home: path })).stderr).toBe("Nothing was decided or done yet\n");
  await runCli(["chat", "What time is it?"], { home: path });
  expect((await runCli(["audit", "list", "--tool", "exec"], { home: path })).stderr).toBe("No row is about that\n");
  const listed = await runCli(["audit", "list", "--tool", "time"], { home: path });
  const lines = listed.stdout.trimEnd().split("\n");
  expect([listed.code, lines.length, lines[0]!.trim().split(/ {2,}/)]).toEqual([
    0,
    3,
    ["ROW", "TIME", "WHAT", "WHO", "TOOL", "HOW"],
  ]);
  expect(lines[1]).toContain("allow: ");
  const json = await runCli(["audit", "--json"], { home: path });
  expect(JSON.parse(json.stdout)).toMatchObject({
    rows: expect.arrayContaining([expect.objectContaining({ tool: "time" })]),
  });
  const whole = await runCli(["audit", "verify"], { home: path });
  expect([whole.code, whole.stdout]).toEqual([
    0,
    expect.stringMatching(/^\d+ rows, all as they were written; head [0-9a-f]{64}\n$/),
  ]);
  {
    using db = new Database(join(path, "aleph.db"));
    db.run("DELETE FROM audit WHERE seq = 1");
  }
  const broken = await runCli(["audit", "verify"], { home: path });
  expect([broken.code, broken.stdout]).toEqual([1, expect.stringContaining("row 2: Row 1 is missing")]);
});

test("audit list says what a wrong --limit should be", async () => {
  const { code, stderr } = await runCli(["audit", "list", "--limit", "0"], { home: "/nowhere" });
  expect([code > 0, stderr]).toEqual([true, expect.stringContaining("--limit must be a whole number from 1 to 1000")]);
});
