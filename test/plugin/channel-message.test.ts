import { expect, test } from "bun:test";
import { readMessage, sessionKeyOf } from "../../src/plugin/channel-message.ts";

const MESSAGE = { channel: "chat", conversation: "C01", sender: "U1", text: "hi" };

test("readMessage takes what a plugin says, without what it says besides", () => {
  expect(readMessage("chat", { ...MESSAGE, kind: "group", id: "17.2", owner: true })).toEqual({
    ...MESSAGE,
    kind: "group",
    id: "17.2",
  });
  expect(readMessage("other", MESSAGE)).toBeUndefined();
});

test.each<[unknown, string]>([
  ["hi", "is no object"],
  [{ ...MESSAGE, conversation: "" }, "conversation must be a text of at most 90 bytes"],
  [{ ...MESSAGE, conversation: "ü".repeat(46) }, "conversation must be a text of at most 90 bytes"],
  [{ ...MESSAGE, sender: 7 }, "sender must be a text of at most 256 characters"],
  [{ ...MESSAGE, sender: "x".repeat(257) }, "sender must be a text of at most 256 characters"],
  [{ ...MESSAGE, text: "" }, "text must be a text of at most 100000 characters"],
  [{ ...MESSAGE, text: "x".repeat(100_001) }, "text must be a text of at most 100000 characters"],
  [{ ...MESSAGE, kind: "owner" }, 'kind must be "dm" or "group"'],
  [{ ...MESSAGE, id: 17 }, "id must be a text of at most 200 characters"],
])("readMessage refuses %#", (data, fault) => {
  expect(readMessage("chat", data)).toEqual({ fault });
});

test("sessionKeyOf gives each conversation a session of its own, whatever its name", () => {
  const keyOf = (conversation: string, kind?: "dm" | "group") =>
    sessionKeyOf({ ...MESSAGE, conversation, ...(kind ? { kind } : {}) });
  expect(keyOf("C01")).toBe("agent:main:chat:dm:C01");
  expect(keyOf("C01", "group")).toBe("agent:main:chat:group:C01");
  const odd = ["a:b", "a b", "main:main", "../x", "ü".repeat(45), "b64.YTpi"];
  const keys = odd.map((conversation) => keyOf(conversation));
  expect(keys[0]).toBe("agent:main:chat:dm:b64.YTpi");
  expect(new Set(keys).size).toBe(odd.length);
});
