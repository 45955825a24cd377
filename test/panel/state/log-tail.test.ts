import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { areaOf, createLogTail, type LogLine, lineText } from "../../../src/panel/state/log-tail.ts";
import { AlephError } from "../../../src/protocol/errors.ts";

const line = (n: number, message: string, more: Partial<LogLine> = {}) => ({
  n,
  ts: 0,
  level: "info" as const,
  message,
  fields: {},
  ...more,
});

function server() {
  const asked: unknown[] = [];
  const world: { entries: object[]; next: number; trouble: AlephError | undefined } = {
    entries: [],
    next: 0,
    trouble: undefined,
  };
  const call = (async (_method: string, params: { after: number }) => {
    asked.push(params.after);
    if (world.trouble) throw world.trouble;
    return { entries: world.entries.splice(0), next: world.next };
  }) as unknown as Call;
  const write = (...lines: ReturnType<typeof line>[]) => {
    world.entries.push(...lines);
    world.next = lines.at(-1)!.n;
  };
  return { logs: createLogTail({ call }), world, write, asked };
}

const shown = (logs: ReturnType<typeof createLogTail>) => logs.shown.value.map(({ message }) => message);

test("createLogTail asks for what is new, and keeps it in order", async () => {
  const { logs, write, asked } = server();
  write(line(1, "one"), line(2, "two"));
  await logs.load();
  write(line(3, "three"));
  await logs.load();
  await logs.load();
  expect([shown(logs), asked]).toEqual([
    ["one", "two", "three"],
    [0, 2, 3],
  ]);
});

test("createLogTail shows what is important enough, of the area, with the words", async () => {
  const { logs, write } = server();
  write(
    line(1, "noise", { level: "debug" }),
    line(2, "Interface started", { fields: { interface: "telegram" } }),
    line(3, "failed", { level: "error", fields: { provider: "openai", status: 500 } }),
  );
  await logs.load();
  expect(shown(logs)).toEqual(["Interface started", "failed"]);
  expect(logs.areas.value).toEqual(["interface telegram", "provider openai"]);
  logs.setFilter({ level: "debug" });
  expect(shown(logs)).toHaveLength(3);
  logs.setFilter({ area: "provider openai" });
  expect(shown(logs)).toEqual(["failed"]);
  logs.setFilter({ area: "", text: "STATUS=500" });
  expect(shown(logs)).toEqual(["failed"]);
});

test("createLogTail holds still while it goes on counting, and forgets what is oldest", async () => {
  const { logs, write } = server();
  write(line(1, "first"));
  await logs.load();
  logs.pause(true);
  write(...Array.from({ length: 5000 }, (_, index) => line(index + 2, "more")));
  await logs.load();
  expect([shown(logs), logs.paused.value, logs.behind.value]).toEqual([["first"], true, 5000]);
  logs.pause(false);
  expect([logs.lines.value?.length, logs.lines.value?.[0]?.n, logs.behind.value]).toEqual([5000, 2, 0]);
  logs.clear();
  expect(logs.lines.value).toEqual([]);
});

test("createLogTail begins anew with another process, whose lines count from one", async () => {
  const { logs, world, write } = server();
  write(line(9, "old"));
  await logs.load();
  world.next = 0;
  await logs.load();
  write(line(1, "new"));
  await logs.load();
  expect(shown(logs)).toEqual(["new"]);
});

test("createLogTail misses nothing of another process that has written as many lines by the next connect", async () => {
  const kept = (process: string, count: number, ts: number) =>
    Array.from({ length: count }, (_, at) => line(at + 1, `${process} ${at + 1}`, { ts }));
  let all = kept("old", 3, 5);
  const asked: number[] = [];
  const call = (async (_method: string, { after }: { after: number }) => {
    asked.push(after);
    return { entries: all.filter(({ n }) => n > after), next: all.length };
  }) as unknown as Call;
  const logs = createLogTail({ call });
  await logs.load();
  logs.pause(true);
  await logs.renew();
  await logs.load();
  expect([logs.lines.value?.length, logs.behind.value]).toEqual([3, 0]);
  all = kept("new", 4, 6);
  await logs.renew();
  await logs.load();
  expect([shown(logs), logs.behind.value]).toEqual([["old 1", "old 2", "old 3"], 4]);
  logs.pause(false);
  expect(shown(logs)).toEqual(["new 1", "new 2", "new 3", "new 4"]);
  await logs.load();
  expect(asked).toEqual([0, 2, 2, 0, 4]);
});

test("createLogTail says why nothing can be read, and goes on later", async () => {
  const { logs, world, write } = server();
  world.trouble = new AlephError("forbidden", "Not yours");
  await logs.load();
  expect(logs.phase.value).toMatchObject({ kind: "failed", trouble: { reason: "forbidden" } });
  world.trouble = undefined;
  write(line(1, "one"));
  await logs.load();
  expect([logs.phase.value.kind, shown(logs)]).toEqual(["ready", ["one"]]);
});

test("a line as text has its time, level, message and fields, and tells what it is about", () => {
  const one = { ...line(1, "mcp server failed", { level: "warn", fields: { server: "files", code: 1 } }), key: "1" };
  expect(lineText(one)).toBe("1970-01-01T00:00:00.000Z warn  mcp server failed server=files code=1");
  expect(areaOf(one)).toBe("server files");
  expect(areaOf({ ...one, fields: {} })).toBe("");
});
