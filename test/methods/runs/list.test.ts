import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("runs.list shows runs, newest first, of a session or a status if asked for", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("One", "Two", { status: 400, message: "broken" });
  const one = await call("session.send", { message: "1", session_key: MAIN });
  const two = await call("session.send", { message: "2", session_key: "agent:main:chat:other" });
  await call("session.send", { message: "3", session_key: MAIN }).catch(() => "failed");
  const ids = async (params: object) => (await call("runs.list", params)).runs.map(({ run_id }) => run_id);
  const [failed] = await ids({ status: "failed" });
  expect(await ids({})).toEqual([failed!, two.run_id, one.run_id]);
  expect(await ids({ session_key: MAIN })).toEqual([failed!, one.run_id]);
  expect(await ids({ session_key: MAIN, status: "completed" })).toEqual([one.run_id]);
  expect(await ids({ limit: 1 })).toEqual([failed!]);
  expect(await ids({ status: "queued" })).toEqual([]);
});

test("runs.list refuses what is no session, no status and no limit", async () => {
  await using t = await conversation();
  for (const params of [{ session_key: "nonsense" }, { status: "late" as never }, { limit: 0 }, { limit: 1001 }]) {
    expect(await refusal(() => t.client.call("runs.list", params))).toMatchObject({ reason: "invalid_params" });
  }
});
