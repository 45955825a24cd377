import { expect, test } from "bun:test";
import { SendGate } from "../../src/channel/send-gate.ts";
import { until } from "../support/until.ts";

/** A gate whose clock a test turns, and messages that wait for their place. */
function testGate() {
  const timers = new Set<() => void>();
  const gate = new SendGate({
    wait: (_ms, signal) =>
      new Promise((resolve) => {
        const end = () => {
          timers.delete(end);
          resolve();
        };
        timers.add(end);
        signal.addEventListener("abort", end, { once: true });
      }),
  });
  const underWay = new Map<string, PromiseWithResolvers<void>>();
  const begun: string[] = [];
  const signal = new AbortController().signal;
  return {
    gate,
    begun,
    underWay: () => [...underWay.keys()],
    /** What is sent waits until it is taken or refused. */
    send: (account: string, name: string, over = signal) =>
      gate.pass(account, over, async () => {
        begun.push(name);
        const place = Promise.withResolvers<void>();
        underWay.set(name, place);
        await place.promise.finally(() => underWay.delete(name));
        return name;
      }),
    take: (name: string) => underWay.get(name)!.resolve(),
    refuse: (name: string) => underWay.get(name)!.reject(new Error("No")),
    /** The time of all that is under way is over. */
    passTime: () => {
      for (const end of [...timers]) end();
    },
    started: (...names: string[]) =>
      until(() => begun.length >= names.length && expect(begun).toEqual(names) === undefined),
  };
}

test("SendGate lets one message out at a time, of all accounts, in order", async () => {
  const t = testGate();
  const sent = [t.send("a", "a1"), t.send("a", "a2"), t.send("b", "b1")];
  await t.started("a1");
  expect(t.underWay()).toEqual(["a1"]);
  t.take("a1");
  // The second of an account does not go before the first of another one.
  await t.started("a1", "b1");
  expect(t.underWay()).toEqual(["b1"]);
  t.take("b1");
  await t.started("a1", "b1", "a2");
  t.take("a2");
  expect(await Promise.all(sent)).toEqual(["a1", "a2", "b1"]);
});

test("SendGate goes on after what failed, and says that it did", async () => {
  const t = testGate();
  const [first, second] = [t.send("a", "a1"), t.send("a", "a2")];
  await t.started("a1");
  t.refuse("a1");
  await expect(first).rejects.toThrow("No");
  await t.started("a1", "a2");
  t.take("a2");
  expect(await second).toBe("a2");
});

test("SendGate lets the next one go when a message takes too long, and the others without waiting for that account", async () => {
  const t = testGate();
  const all = [t.send("slow", "s1"), t.send("slow", "s2"), t.send("quick", "q1"), t.send("quick", "q2")];
  await t.started("s1");
  t.passTime();
  await t.started("s1", "q1", "s2");
  // Of the others there is still one at a time, whatever the slow account has under way.
  expect(t.underWay()).toEqual(["s1", "s2", "q1"].toSorted((a, b) => t.begun.indexOf(a) - t.begun.indexOf(b)));
  t.take("q1");
  await t.started("s1", "q1", "s2", "q2");
  for (const name of ["s1", "s2", "q2"]) t.take(name);
  expect(await Promise.all(all)).toEqual(["s1", "s2", "q1", "q2"]);
});

test("SendGate waits for an account again that has become quick", async () => {
  const t = testGate();
  const slow = t.send("a", "a1");
  await t.started("a1");
  t.passTime();
  t.take("a1");
  await slow;
  const quick = t.send("a", "a2");
  await t.started("a1", "a2");
  t.take("a2");
  await quick;
  const [third, other] = [t.send("a", "a3"), t.send("b", "b1")];
  await t.started("a1", "a2", "a3");
  expect(t.underWay()).toEqual(["a3"]);
  t.take("a3");
  await t.started("a1", "a2", "a3", "b1");
  t.take("b1");
  await Promise.all([third, other]);
});

test("SendGate sends nothing that is not wanted any more, and keeps the order of the others", async () => {
  const t = testGate();
  const over = new AbortController();
  const first = t.send("a", "a1");
  await t.started("a1");
  const [second, third, other] = [t.send("a", "a2", over.signal), t.send("a", "a3"), t.send("b", "b1", over.signal)];
  over.abort();
  expect([await second, await other, await t.send("a", "a4", over.signal)]).toEqual([undefined, undefined, undefined]);
  expect(t.underWay()).toEqual(["a1"]);
  t.take("a1");
  await t.started("a1", "a3");
  t.take("a3");
  expect([await first, await third, t.begun]).toEqual(["a1", "a3", ["a1", "a3"]]);
});
