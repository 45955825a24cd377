import { expect, test } from "bun:test";
import { SessionStates } from "../../../src/session/state.ts";
import { createStores } from "../../../src/session/stores.ts";
import { openStore } from "../../../src/store/store.ts";
import { todo } from "../../../src/tools/todo/todo.ts";
import { testLog } from "../../support/log.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp() {
  const workspace = await testWorkspace();
  const store = openStore(":memory:", { log: testLog().log });
  const sessionState = new SessionStates({ stores: createStores(store, () => store), now: Date.now });
  return {
    call: async (input: object, sessionKey = "agent:main:main") =>
      (await callTool(todo, { sessionState }, input, workspace.context({ sessionKey }))).text,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

const items = [
  { text: "look", status: "done" },
  { text: "build", status: "in_progress" },
  { text: "test", status: "pending" },
];

test("todo keeps the list of a session", async () => {
  await using t = await setUp();
  const shown = "1. [x] look\n2. [>] build\n3. [ ] test";
  expect(await t.call({ action: "list" })).toBe("The list is empty");
  expect(await t.call({ action: "set", items })).toBe(shown);
  expect(await t.call({ action: "list" })).toBe(shown);
  expect(await t.call({ action: "list" }, "agent:main:chat:other")).toBe("The list is empty");
  expect(await t.call({ action: "set", items: items.slice(2) })).toBe("1. [ ] test");
  expect(await t.call({ action: "clear" })).toBe("The list is empty");
  expect(await t.call({ action: "list" })).toBe("The list is empty");
});

test("todo refuses a set without items and items that are none", async () => {
  await using t = await setUp();
  expect(await refusalOf(t.call({ action: "set" }))).toBe('invalid_params: "items" is needed for "set"');
  expect(todo.params.safeParse({ action: "set", items: [{ text: "x", status: "later" }] }).success).toBe(false);
  expect(todo.params.safeParse({ action: "set", items: [{ text: "", status: "done" }] }).success).toBe(false);
  expect(todo.params.safeParse({ action: "add" }).success).toBe(false);
});
