import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("tool.list shows the tools of an agent with the schemas of their arguments", async () => {
  await using t = await conversation({ config: { agents: { helper: { tools: { allow: ["time", "read"] } } } } });
  const call = checked(t.client);
  const { tools } = await call("tool.list", {});
  expect(tools.map(({ name }) => name)).toContain("exec");
  // What an invite may hold is told, and nothing else can be in one.
  const forGuests = tools.filter(({ guests }) => guests).map(({ name }) => name);
  expect(forGuests).toContain("time");
  await call("auth.invites.create", { tools: forGuests });
  const [other = ""] = tools.flatMap(({ name, guests }) => (guests ? [] : [name]));
  expect(await refusal(() => t.client.call("auth.invites.create", { tools: [other] }))).toMatchObject({
    reason: "invalid_params",
  });
  for (const { description, parameters } of tools) {
    expect([description !== "", parameters.type, parameters.additionalProperties]).toEqual([true, "object", false]);
  }
  const helper = await call("tool.list", { agent: "helper" });
  expect(helper.tools.map(({ name }) => name).toSorted()).toEqual(["read", "time"]);
});

test("tool.list knows no agent that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("tool.list", { agent: "nobody" }))).toMatchObject({ reason: "not_found" });
});
