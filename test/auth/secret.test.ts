import { expect, test } from "bun:test";
import { fingerprint, hashSecret, sameSecret } from "../../src/auth/secret.ts";

test("hashSecret: SHA-256 in lower-case hex", () => {
  expect(hashSecret("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("sameSecret: equal, and nothing that is nearly so, of any length", () => {
  expect([sameSecret("", ""), sameSecret("secret", "secret"), sameSecret("ü🙂", "ü🙂")]).toEqual([true, true, true]);
  for (const [a, b] of [
    ["secret", "Secret"],
    ["secret", "secret "],
    ["secret", "secre"],
    ["secret", ""],
    ["\u00fc", "u\u0308"],
  ] as const) {
    expect([sameSecret(a, b), sameSecret(b, a)]).toEqual([false, false]);
  }
});

test("fingerprint: another one for another secret, and none of its hash", () => {
  expect(fingerprint("a")).toMatch(/^[0-9a-f]{32}$/);
  expect(fingerprint("a")).toBe(fingerprint("a"));
  expect(fingerprint("a")).not.toBe(fingerprint("b"));
  expect(hashSecret("a")).not.toContain(fingerprint("a"));
});
