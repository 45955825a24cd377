import { expect, test } from "bun:test";
import { Reactions } from "../../src/channel/reactions.ts";
import type { OpenChannel } from "../../src/sdk/channel.ts";
import { refusal } from "../support/config.ts";

const MESSAGE = { channel: "chat", conversation: "room", messageId: "7" };

test("Reactions to one message come one after the other, and those to others do not wait for them", async () => {
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const open: OpenChannel = {
    send: async () => ({ id: "1" }),
    async react(_conversation, id, emoji) {
      if (emoji === "👀" && id === "7") await gate.promise;
      done.push(`${emoji} ${id}`);
    },
    async [Symbol.asyncDispose]() {},
  };
  const reactions = new Reactions();
  const first = reactions.set(open, MESSAGE, "👀");
  const second = reactions.set(open, MESSAGE, null);
  await reactions.set(open, { ...MESSAGE, messageId: "8" }, "👀");
  expect(done).toEqual(["👀 8"]);
  gate.resolve();
  await Promise.all([first, second]);
  expect(done).toEqual(["👀 8", "👀 7", "null 7"]);
});

test("Reactions go on after one that the place refused, and are refused where there are none", async () => {
  let refuses = true;
  const open: OpenChannel = {
    send: async () => ({ id: "1" }),
    async react() {
      if (refuses) throw new Error("No");
    },
    async [Symbol.asyncDispose]() {},
  };
  const reactions = new Reactions();
  await expect(reactions.set(open, MESSAGE, "👀")).rejects.toThrow("No");
  refuses = false;
  await reactions.set(open, MESSAGE, null);
  const without: OpenChannel = { send: open.send, async [Symbol.asyncDispose]() {} };
  expect(await refusal(() => reactions.set(without, MESSAGE, null))).toMatchObject({ reason: "invalid_params" });
});
