import { expect, test } from "bun:test";
import { incomingOf, readMessage } from "../../src/plugin/channel-message.ts";

const NO_FILES = async () => {
  throw new Error("There are no files");
};
const MESSAGE = { channel: "chat", conversation: "C01", sender: "U1", text: "hi" };

test("readMessage takes what a plugin says, without what it says besides", () => {
  expect(readMessage({ channel: "chat" }, { ...MESSAGE, kind: "group", id: "17.2", owner: true })).toEqual({
    ...MESSAGE,
    kind: "group",
    id: "17.2",
  });
  expect(readMessage({ channel: "other" }, MESSAGE)).toBeUndefined();
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
  [{ ...MESSAGE, files: "a.png" }, "files must be at most 20, each with an id and a name"],
  [{ ...MESSAGE, files: [{ id: "1" }] }, "files must be at most 20, each with an id and a name"],
  [{ ...MESSAGE, files: [{ id: "1", name: "a", size: -1 }] }, "files must be at most 20, each with an id and a name"],
  [{ ...MESSAGE, files: [{ id: "1", name: "a", type: 7 }] }, "files must be at most 20, each with an id and a name"],
  [
    { ...MESSAGE, files: [{ id: "x".repeat(1001), name: "a" }] },
    "files must be at most 20, each with an id and a name",
  ],
  [
    { ...MESSAGE, files: Array(21).fill({ id: "1", name: "a" }) },
    "files must be at most 20, each with an id and a name",
  ],
  [{ ...MESSAGE, id: 17 }, "id must be a text of at most 200 characters"],
])("readMessage refuses %#", (data, fault) => {
  expect(readMessage({ channel: "chat" }, data)).toEqual({ fault });
});

test("incomingOf makes of it what a chat takes, each without an id something new", () => {
  expect(incomingOf({ ...MESSAGE, id: "7" }, NO_FILES)).toEqual({
    id: "7",
    conversation: "C01",
    sender: { id: "U1" },
    text: "hi",
  });
  expect(incomingOf({ ...MESSAGE, name: "Ada" }, NO_FILES).sender).toEqual({ id: "U1", name: "Ada" });
  expect(incomingOf({ ...MESSAGE, kind: "group" }, NO_FILES).group).toEqual({ id: "C01", addressed: true });
  expect(incomingOf(MESSAGE, NO_FILES).id).not.toBe(incomingOf(MESSAGE, NO_FILES).id);
});

test("readMessage takes a file that comes by itself, and of an account what names it", () => {
  const file = { id: "F1", name: "a.png", type: "image/png", size: 3 };
  const message = { ...MESSAGE, text: "", files: [{ ...file, url: "https://example.com" }] };
  expect(readMessage({ channel: "chat" }, message)).toEqual({ ...MESSAGE, text: "", files: [file] });
  expect(readMessage({ channel: "chat", account: "work" }, message)).toBeUndefined();
  expect(readMessage({ channel: "chat", account: "work" }, { ...message, account: "other" })).toBeUndefined();
  expect(readMessage({ channel: "chat", account: "work" }, { ...MESSAGE, account: "work" })).toEqual({
    ...MESSAGE,
    account: "work",
  });
});

test("incomingOf leaves a file where it is until it is wanted", async () => {
  const asked: string[] = [];
  const load = async (file: string) => {
    asked.push(file);
    return new Uint8Array([1]);
  };
  const { files = [] } = incomingOf({ ...MESSAGE, files: [{ id: "F1", name: "a.png" }] }, load);
  expect([files.map(({ name }) => name), asked]).toEqual([["a.png"], []]);
  expect(await files[0]!.load(new AbortController().signal)).toEqual(new Uint8Array([1]));
  expect(asked).toEqual(["F1"]);
});
