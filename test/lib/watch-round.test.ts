import { expect, test } from "bun:test";
import { WatchRound } from "../../src/lib/watch-round.ts";

/** Time that passes when it is told to, in rounds. */
function setUp() {
  let now = 0;
  let timer: (() => void) | undefined;
  const seen: string[] = [];
  const round = new WatchRound(100, {
    now: () => now,
    setTimeout(callback) {
      timer = callback;
      return {};
    },
  });
  return {
    round,
    seen,
    add: (name: string) => round.add({ look: (at) => seen.push(`${name} ${at}`) }),
    /** Whether there was one to be waited for. */
    pass(): boolean {
      const due = timer;
      timer = undefined;
      now += 100;
      due?.();
      return due !== undefined;
    },
  };
}

test("WatchRound looks at all that is watched, again and again", () => {
  const it = setUp();
  it.add("a");
  it.add("b");
  it.pass();
  it.pass();
  expect(it.seen).toEqual(["a 100", "b 100", "a 200", "b 200"]);
  expect(it.round.now).toBe(200);
});

test("WatchRound looks no more at what was taken out, and gives its place to another", () => {
  const it = setUp();
  const place = it.add("a");
  it.add("b");
  it.round.delete(place);
  expect(it.add("c")).toBe(place);
  it.pass();
  expect(it.seen).toEqual(["c 100", "b 100"]);
});

test("WatchRound rests while nothing is watched", () => {
  const it = setUp();
  it.round.delete(it.add("a"));
  expect([it.pass(), it.pass()]).toEqual([true, false]);
  it.add("b");
  expect(it.pass()).toBe(true);
  expect(it.seen).toEqual(["b 300"]);
});

test("WatchRound bears that what it looks at is taken out meanwhile", () => {
  const it = setUp();
  const place: number = it.round.add({ look: () => it.round.delete(place) });
  it.add("b");
  it.pass();
  it.pass();
  expect(it.seen).toEqual(["b 100", "b 200"]);
});
