import { expect, test } from "bun:test";
import { isSigned } from "../../src/plugin/route-signature.ts";

/** GitHub's own example: docs.github.com, "Validating webhook deliveries". */
const SECRET = "It's a Secret to Everybody";
const BODY = new TextEncoder().encode("Hello, World!");
const DIGEST = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const GITHUB = { header: "X-Hub-Signature-256", prefix: "sha256=" };

const signed = (value: string | undefined, body: Uint8Array = BODY, secret = SECRET, signature = GITHUB) =>
  isSigned(body, new Headers(value === undefined ? {} : { "x-hub-signature-256": value }), signature, secret);

test("isSigned takes what GitHub signs, with the digest in either case", () => {
  expect(signed(`sha256=${DIGEST}`)).toBe(true);
  expect(signed(`sha256=${DIGEST.toUpperCase()}`)).toBe(true);
  expect(signed(DIGEST, BODY, SECRET, { ...GITHUB, prefix: "" })).toBe(true);
});

test("isSigned refuses another digest, body, secret or form, and none at all", () => {
  const other = `${DIGEST.slice(0, -1)}8`;
  for (const value of [
    undefined,
    "",
    "sha256=",
    DIGEST,
    `sha256=${other}`,
    `sha256=${DIGEST}0`,
    `sha256=${DIGEST.slice(0, 62)}`,
    `sha256= ${DIGEST}`,
    `SHA256=${DIGEST}`,
    `sha256=${DIGEST}, sha256=${DIGEST}`,
    `sha1=${DIGEST}`,
  ]) {
    expect([value, signed(value)]).toEqual([value, false]);
  }
  expect(signed(`sha256=${DIGEST}`, new TextEncoder().encode("Hello, World"))).toBe(false);
  expect(signed(`sha256=${DIGEST}`, BODY, "another")).toBe(false);
});
