import { expect, test } from "bun:test";
import { createDeadlines } from "../../src/lib/deadlines.ts";

/** Time that passes when it is told to. */
function setUp() {
  let now = 0;
  const timers: { at: number; callback: () => void }[] = [];
  const late: string[] = [];
  const deadlines = createDeadlines({
    now: () => now,
    setTimeout(callback, ms) {
      timers.push({ at: now + ms, callback });
      return {};
    },
  });
  return {
    deadlines,
    late,
    timers,
    add: (ms: number, name: string) => deadlines.add(ms, () => late.push(name)),
    pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.splice(timers.indexOf(next), 1);
        now = next.at;
        next.callback();
      }
      now = end;
    },
  };
}

test("deadlines end in their time, those of another length too", () => {
  const it = setUp();
  it.add(100, "a");
  it.pass(40);
  it.add(100, "b");
  it.add(20, "c");
  it.pass(20);
  expect(it.late).toEqual(["c"]);
  it.pass(40);
  expect(it.late).toEqual(["c", "a"]);
  it.pass(40);
  expect(it.late).toEqual(["c", "a", "b"]);
});

test("a deadline that was disposed of does not end, and none is left behind", () => {
  const it = setUp();
  it.add(100, "a")[Symbol.dispose]();
  it.add(100, "b");
  it.pass(200);
  expect([it.late, it.timers]).toEqual([["b"], []]);
  const again = it.add(100, "c");
  it.pass(100);
  again[Symbol.dispose]();
  expect(it.late).toEqual(["b", "c"]);
});

test("deadlines of one length need one timer", () => {
  const it = setUp();
  for (let count = 0; count < 100; count++) it.add(100, "a");
  expect(it.timers.length).toBe(1);
});

test("a deadline may add another of its length when it ends", () => {
  const it = setUp();
  const again = () => it.deadlines.add(10, again) && it.late.push("again");
  again();
  it.pass(30);
  expect(it.late).toEqual(["again", "again", "again", "again"]);
});
