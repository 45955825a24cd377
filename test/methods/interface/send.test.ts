import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { MAIN } from "../../support/conversation.ts";
import { webchatRuns } from "../../support/webchat.ts";

test("interface.send answers with the id of the message that the history then has, and starts no run", async () => {
  await using t = await testApp();
  await webchatRuns(t.client);
  await t.client.call("session.create", { session_key: MAIN });
  const params = { interface: "webchat", target: MAIN, message: "Hello" };
  const sent = await t.client.call("interface.send", params);
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ id, content }) => [id, content])).toEqual([[sent.message_id, "Hello"]]);
  expect(sent).toEqual({ interface: "webchat", target: MAIN, message_id: sent.message_id });
  expect(await t.client.call("runs.list", {})).toEqual({ runs: [] });
});

test.each([
  ["an interface that is not there", { interface: "fax" }, "not_found"],
  ["an empty message", { message: "" }, "invalid_params"],
  ["a message that is too long", { message: "x".repeat(1_000_001) }, "invalid_params"],
  ["a target that is too long", { target: "x".repeat(513) }, "invalid_params"],
])("interface.send refuses %s", async (_, wrong, reason) => {
  await using t = await testApp();
  await webchatRuns(t.client);
  const params = { interface: "webchat", target: MAIN, message: "Hello", ...wrong };
  await expect(t.client.call("interface.send", params)).rejects.toMatchObject({ reason });
});
