import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { conversation } from "../../support/conversation.ts";
import { fakeTelegram, TELEGRAM } from "../../support/telegram.ts";
import { until } from "../../support/until.ts";
import { webchatRuns } from "../../support/webchat.ts";

test("interface.react puts one reaction on a message in place of another, and takes it away", async () => {
  await using telegram = fakeTelegram();
  const table = { token: TELEGRAM.token, api_root: telegram.url };
  await using t = await conversation({ config: { interfaces: { telegram: table } } });
  const status = () => t.client.call("interface.status", { interface: "telegram" });
  await until(async () => (await status()).state === "running");
  const place = { interface: "telegram", target: "1001" };
  const { message_id } = await t.client.call("interface.send", { ...place, message: "Done" });
  for (const emoji of ["👀", "❤️", "❤️", null]) {
    const params = { ...place, message_id, emoji };
    expect(await t.client.call("interface.react", params)).toEqual(params);
  }
  expect(telegram.reactions).toEqual([`👀 ${message_id}`, `❤ ${message_id}`, `❤ ${message_id}`, ` ${message_id}`]);
});

test.each([
  ["an interface that is not there", { interface: "fax" }, "not_found"],
  ["a place without reactions", {}, "invalid_params"],
  ["a place that is not connected", { interface: "telegram" }, "conflict"],
  ["an empty emoji", { emoji: "" }, "invalid_params"],
  ["a message without an id", { message_id: "" }, "invalid_params"],
])("interface.react refuses %s", async (_, wrong, reason) => {
  await using t = await testApp();
  await webchatRuns(t.client);
  const params = { interface: "webchat", target: "main", message_id: "1", emoji: "👀", ...wrong };
  await expect(t.client.call("interface.react", params)).rejects.toMatchObject({ reason });
});
