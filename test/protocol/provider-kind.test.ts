import { expect, test } from "bun:test";
import { KINDS, nameFor } from "../../src/protocol/provider-kind.ts";
import { providers } from "../../src/providers/index.ts";

test("the wizard offers every kind of provider", () => {
  expect(KINDS.map(({ type }) => type).toSorted()).toEqual(Object.keys(providers).toSorted());
});

test.each([
  ["https://openrouter.ai/api/v1", "openrouter"],
  ["https://api.groq.com/openai/v1", "groq"],
  ["http://127.0.0.1:8080/v1", "local"],
  ["http://localhost:1234", "local"],
  ["http://[::1]:1", "local"],
  ["http://box:8080", "box"],
  ["nonsense", "local"],
])("nameFor calls what is at %s %s", (address, name) => {
  expect(nameFor(address)).toBe(name);
});
