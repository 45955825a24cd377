import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";
import { until } from "../../support/until.ts";

test("system.status tells of load, memory, storage and config", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const go = Promise.withResolvers<void>();
  t.fake.reply([{ wait: go.promise }, "One"], "Two");
  await call("agent.run", { message: "1", session_key: MAIN });
  const { run_id } = await call("agent.run", { message: "2", session_key: MAIN });
  expect(await call("system.status", {})).toEqual({
    uptime_ms: expect.any(Number),
    connections: 1,
    runs_active: 1,
    runs_queued: 1,
    seq: expect.any(Number),
    memory: { rss: expect.any(Number), heap_used: expect.any(Number) },
    storage: { ok: true },
    config: { ok: true, issues: [] },
    event_loop: { longest_stall_ms: expect.any(Number), stalls: expect.any(Number) },
  });
  go.resolve();
  await call("runs.wait", { run_id });
});

test("system.status tells what is wrong with the file that is not in force", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  writeFileSync(t.home.config, "[gateway]\nprot = 1\n");
  await until(async () => !(await call("system.status", {})).config.ok);
  expect((await call("system.status", {})).config).toEqual({
    ok: false,
    issues: [{ path: "gateway.prot", message: 'unknown key; did you mean "port"', line: 2 }],
  });
  writeFileSync(t.home.config, "");
  await until(async () => (await call("system.status", {})).config.ok);
});
