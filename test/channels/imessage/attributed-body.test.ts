import { expect, test } from "bun:test";
import { readAttributedBody } from "../../../src/channels/imessage/attributed-body.ts";
import { attributedBody } from "./messages-database.ts";

test("readAttributedBody gives texts of any length, without what stands for attachments", () => {
  for (const text of [
    "Hello!",
    "",
    "+",
    "é👩‍👩‍👧 Grüße",
    "x".repeat(128),
    "y".repeat(129),
    "z".repeat(300),
    "w".repeat(70_000),
  ]) {
    expect(readAttributedBody(attributedBody(text))).toBe(text);
    expect(readAttributedBody(attributedBody(text, { mutable: true }))).toBe(text);
  }
  expect(readAttributedBody(attributedBody("\ufffcLook at this"))).toBe("Look at this");
});

test("readAttributedBody gives nothing for what is cut off or something else", () => {
  const whole = attributedBody("Hello, you there");
  const end = Buffer.from(whole).indexOf("Hello") + 4;
  for (const cut of [0, 10, 40, end]) expect(readAttributedBody(whole.subarray(0, cut))).toBeUndefined();
  expect(readAttributedBody(Buffer.from("bplist00 NSString \x84\x01+\x05Hello", "latin1"))).toBeUndefined();
});
