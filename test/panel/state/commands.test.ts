import { expect, test } from "bun:test";
import { createCommands, matchingCommands } from "../../../src/panel/state/commands.ts";
import type { Call } from "../../../src/panel/state/connection.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";

const commands = ["ping", "pin", "status", "a:both"].map((word) => ({
  word,
  plugin_id: "a",
  description: "",
  kind: "command" as const,
}));

test.each([
  ["/", ["ping", "pin", "status", "a:both"]],
  ["/pi", ["ping", "pin"]],
  ["/pin", ["ping", "pin"]],
  ["/ping", []],
  ["/a:", ["a:both"]],
  ["/none", []],
  ["/pi ", []],
  ["pi", []],
  [" /pi", []],
  ["", []],
])("matchingCommands finds for %j %j", (text, words) => {
  expect(matchingCommands(commands, text).map(({ word }) => word)).toEqual(words);
});

test("the commands are asked for once, again when the plugins changed, and again after a failure", async () => {
  let asked = 0;
  const call = (async () => {
    asked++;
    if (asked === 1) throw new Error("not connected");
    return { commands };
  }) as unknown as Call;
  const state = createCommands(call);
  await state.load();
  expect(state.list.value).toBeUndefined();
  await Promise.all([state.load(), state.load()]);
  await state.load();
  expect([state.list.value, asked]).toEqual([commands, 2]);
  state.handle({ topic: "session.updated" } as EventFrame);
  expect(state.list.value).toEqual(commands);
  state.handle({ topic: "plugin.loaded" } as EventFrame);
  expect(state.list.value).toBeUndefined();
});
