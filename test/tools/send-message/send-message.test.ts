import { expect, test } from "bun:test";
import { AlephError } from "../../../src/protocol/errors.ts";
import { sendMessage } from "../../../src/tools/send-message/send-message.ts";
import { prepareCall } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function prepared(sessionKey: string, id: string, target: string) {
  await using workspace = await testWorkspace();
  const sent: unknown[] = [];
  const interfaces = {
    async send(...message: [string, string, string]) {
      sent.push(message);
      if (target === "nobody") throw new AlephError("not_found", "No such conversation");
      return { id: "7" };
    },
  };
  const input = { interface: id, target, message: "hi" };
  const call = await prepareCall(sendMessage, { interfaces }, input, workspace.context({ sessionKey }));
  return { call, sent };
}

test.each([
  ["agent:main:main", "webchat", "agent:main:main", true],
  ["agent:main:telegram:dm:42", "telegram", "42", true],
  ["agent:main:discord:group:g1", "discord", "g1", true],
  ["agent:main:main", "webchat", "agent:main:chat:other", false],
  ["agent:main:main", "webchat", "no key", false],
  ["agent:main:telegram:dm:42", "telegram", "43", false],
  ["agent:main:telegram:dm:42", "discord", "42", false],
  ["agent:main:discord:group:g1:thread:t", "discord", "g1", false],
  ["agent:main:main", "telegram", "agent:main:main", false],
])("send_message from %s over %s to %s is its own conversation: %p", async (sessionKey, id, target, own) => {
  const { call } = await prepared(sessionKey, id, target);
  expect([call.tier, call.outward, call.plan]).toEqual([
    own ? "allow" : "ask",
    own ? undefined : true,
    { interface: id, target, message: "hi" },
  ]);
});

test("send_message sends and names the message, and says what the interface refuses", async () => {
  const { call, sent } = await prepared("agent:main:main", "telegram", "42");
  expect(await call.run()).toEqual({ ok: true, text: "Sent to 42 over telegram as message 7" });
  expect(sent).toEqual([["telegram", "42", "hi"]]);
  const refused = await prepared("agent:main:main", "telegram", "nobody");
  expect(refused.call.run()).rejects.toThrow("No such conversation");
});
