import { expect, test } from "bun:test";
import { incomingOf, readMessage } from "../../src/plugin/channel-message.ts";

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
  [{ ...MESSAGE, conversation: "" }, "conversation must be a text of at most 512 bytes"],
  [{ ...MESSAGE, conversation: "ü".repeat(257) }, "conversation must be a text of at most 512 bytes"],
  [{ ...MESSAGE, sender: 7 }, "sender must be a text of at most 256 characters"],
  [{ ...MESSAGE, sender: "x".repeat(257) }, "sender must be a text of at most 256 characters"],
  [{ ...MESSAGE, text: "" }, "text must be a text of at most 100000 characters"],
  [{ ...MESSAGE, text: "x".repeat(100_001) }, "text must be a text of at most 100000 characters"],
  [{ ...MESSAGE, kind: "owner" }, 'kind must be "dm" or "group"'],
  [{ ...MESSAGE, name: "" }, "name must be a text of at most 256 characters"],
  [{ ...MESSAGE, addressed: "yes" }, "addressed must be true or false"],
  [{ ...MESSAGE, id: 17 }, "id must be a text of at most 200 characters"],
])("readMessage refuses %#", (data, fault) => {
  expect(readMessage("chat", data)).toEqual({ fault });
});

test("incomingOf makes of it what a chat takes, each without an id something new", () => {
  expect(incomingOf({ ...MESSAGE, id: "7" })).toEqual({
    id: "7",
    conversation: "C01",
    sender: { id: "U1" },
    text: "hi",
  });
  expect(incomingOf({ ...MESSAGE, name: "Ada" }).sender).toEqual({ id: "U1", name: "Ada" });
  expect(incomingOf({ ...MESSAGE, kind: "group" }).group).toEqual({ id: "C01", addressed: true });
  expect(incomingOf(MESSAGE).id).not.toBe(incomingOf(MESSAGE).id);
});
