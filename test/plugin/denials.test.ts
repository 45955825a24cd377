import { expect, test } from "bun:test";
import { join } from "node:path";
import { Denials } from "../../src/plugin/denials.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";

async function setUp() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const { log } = testLog();
  const store = stack.use(openStore(join(folder.path, "a.db"), { log, sync: "commit" }));
  const events: unknown[] = [];
  let at = 0;
  const make = () => new Denials({ store, bus: { publish: (_, data) => events.push(data) }, log, now: () => ++at });
  const owned = stack.move();
  return { make, events, store, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("Denials tell a flood at a rate of their own, and count all of it", async () => {
  await using t = await setUp();
  using denials = t.make();
  for (let n = 0; n < 5000; n++) denials.add("p", "network", "https://evil.example");
  expect(t.events.length).toBeLessThan(50);
  expect(denials.list("p")).toMatchObject([{ kind: "network", target: "https://evil.example", count: 5000 }]);
});

test("Denials keep the newest targets of a plugin, cut to a length, and those of others", async () => {
  await using t = await setUp();
  using denials = t.make();
  denials.add("other", "env", "HOME");
  for (let n = 0; n < 300; n++) {
    denials.add("p", "filesystem", `/${n}`);
    denials.list("p");
  }
  denials.add("p", "filesystem", "x".repeat(5000));
  const kept = denials.list("p");
  expect([kept.length, kept[0]!.target.length, kept[1]!.target]).toEqual([100, 300, "/299"]);
  expect(denials.list("other")).toHaveLength(1);
});

test("Denials are on disk when they are disposed", async () => {
  await using t = await setUp();
  {
    using denials = t.make();
    for (let n = 0; n < 40; n++) denials.add("p", "process", "fork");
  }
  expect(t.make().list("p")).toMatchObject([{ kind: "process", target: "fork", count: 40 }]);
});
