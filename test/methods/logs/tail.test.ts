import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("logs.tail shows the newest lines, and later those that came since", async () => {
  await using app = await testApp({ toml: '[log]\nlevel = "debug"\n' });
  const call = checked(app.client);
  for (let index = 0; index < 5; index++) await call("rpc.ping", {});
  const first = await call("logs.tail", { limit: 3, level: "debug" });
  expect(first.entries.map(({ message, fields }) => [message, fields.method])).toEqual(
    Array(3).fill(["request handled", "rpc.ping"]),
  );
  expect(first.entries.at(-1)!.n).toBe(first.next);
  await call("rpc.ping", {});
  const second = await call("logs.tail", { after: first.next });
  expect(second.entries.map(({ fields }) => fields.method)).toEqual(["logs.tail", "rpc.ping"]);
  expect((await call("logs.tail", { level: "error" })).entries).toEqual([]);
});

test("logs.tail refuses limits and levels that there are not", async () => {
  await using app = await testApp();
  for (const params of [{ limit: 0 }, { limit: 2001 }, { level: "loud" as never }, { after: -1 }]) {
    expect(await refusal(() => app.client.call("logs.tail", params))).toMatchObject({ reason: "invalid_params" });
  }
});
