import { expect, test } from "bun:test";
import { sessionName } from "../../src/channel/session-name.ts";
import { buildSessionKey } from "../../src/protocol/session-key.ts";

test("sessionName gives each id a name of its own that a session key takes", () => {
  expect([sessionName("C01"), sessionName("+49 30"), sessionName("a:b")]).toEqual(["C01", "b64.KzQ5IDMw", "b64.YTpi"]);
  const odd = [
    "a:b",
    "a b",
    "main:main",
    "../x",
    "ü".repeat(45),
    "x".repeat(200),
    "x".repeat(201),
    "b64.YTpi",
    "sha.a",
  ];
  const keys = odd.map((id) =>
    buildSessionKey({ form: "direct", agent: "main", channel: "chat", peer: sessionName(id) }),
  );
  expect(new Set(keys).size).toBe(odd.length);
});
