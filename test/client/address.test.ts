import { expect, test } from "bun:test";
import { pairingCodeOf, toSocketUrl } from "../../src/client/address.ts";

test.each([
  ["http://127.0.0.1:18790", "ws://127.0.0.1:18790/ws"],
  ["127.0.0.1:18790", "ws://127.0.0.1:18790/ws"],
  ["https://aleph.example/", "wss://aleph.example/ws"],
  ["ws://host:1/ws", "ws://host:1/ws"],
  ["http://host/aleph/ws", "ws://host/aleph/ws"],
  ["http://0.0.0.0:5", "ws://127.0.0.1:5/ws"],
  ["http://[::]:5", "ws://[::1]:5/ws"],
  ["https://box:18790/#pair=ABCDEFGH", "wss://box:18790/ws"],
])("toSocketUrl makes %s into %s", (address, url) => {
  expect(toSocketUrl(address)).toBe(url);
});

test.each(["ftp://x", "http://", "http://user:secret@host", "::", ""])("toSocketUrl refuses %j", (address) => {
  expect(() => toSocketUrl(address)).toThrow(expect.objectContaining({ reason: "invalid_params" }));
});

test("pairingCodeOf reads the code of a link", () => {
  expect(pairingCodeOf("https://box:18790/#pair=ABCDEFGH")).toBe("ABCDEFGH");
  expect(pairingCodeOf("box:18790")).toBeUndefined();
});
