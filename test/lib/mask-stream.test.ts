import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MASK, maskPieces } from "../../src/lib/mask.ts";
import { MaskStream } from "../../src/lib/mask-stream.ts";

const KNOWN = ["hunter2hunter2", "hunt-and-peck", "-----known"];

const shownOf = (pieces: readonly string[], known: readonly string[] = KNOWN) => {
  const stream = new MaskStream(known);
  return [...pieces.map((piece) => stream.push(piece)), stream.end()];
};

const SECRETS = [
  "hunter2hunter2",
  "Bearer abcdefgh12345678==",
  "Bearer   abcdefgh",
  "sk-ant-api03-abcdefghijkl",
  `aleph_gw_${"a".repeat(43)}`,
  `AIza${"x".repeat(35)}`,
  `ghp_${"x".repeat(36)}`,
  `xoxb-${"1".repeat(12)}-abc`,
  `12345678:${"A".repeat(35)}`,
  "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc==\n-----END RSA PRIVATE KEY-----",
];

describe("MaskStream", () => {
  test.each(SECRETS)("shows nothing of %j, wherever it is cut", (secret) => {
    const text = `see ${secret} there`;
    const whole = `see ${MASK} there`;
    for (let at = 1; at < text.length; at++) {
      const pieces = [text.slice(0, at), text.slice(at)];
      expect([at, shownOf(pieces).join("")]).toEqual([at, whole]);
    }
    expect(shownOf([...text]).join("")).toBe(whole);
    // At the end of all there is nothing to wait for.
    expect(shownOf([...`see ${secret}`]).join("")).toBe(`see ${MASK}`);
  });

  test("shows at once what can be no secret, and what turned out to be none with the piece that tells", () => {
    expect(shownOf(["Hello", " wor", "ld, ", "50%", "...", "\n", "größe", "日本"])).toEqual([
      "Hello",
      " wor",
      "ld, ",
      "50%",
      "...",
      "\n",
      "größe",
      "日本",
      "",
    ]);
    expect(shownOf(["the s", "k", "y is r", "k-"])).toEqual(["the ", "", "sky is ", "", "rk-"]);
    expect(shownOf(["go hunt", "ing"])).toEqual(["go ", "hunting", ""]);
    expect(shownOf(["risk-", "assessment-and-more-words."], [])).toEqual(["risk", "-assessment-and-more-words.", ""]);
  });

  test("gives what is held back at the end, masked if it is one already", () => {
    expect(shownOf(["a sk-abc"])).toEqual(["a ", "sk-abc"]);
    expect(shownOf([`a ${SECRETS[3]}`])).toEqual(["a ", MASK]);
    expect(shownOf(["a hunter2hunt"])).toEqual(["a ", "hunter2hunt"]);
    expect(shownOf(["-----BEGIN PRIVATE KEY-----\nMII", "E"])).toEqual(["", "", MASK]);
  });

  test("can be used again after the end, as for another text", () => {
    const stream = new MaskStream(KNOWN);
    expect([stream.push("see hunter2"), stream.end()]).toEqual(["see ", "hunter2"]);
    expect([stream.push("hunter2"), stream.push("hunter2 y"), stream.end()]).toEqual(["", `${MASK} y`, ""]);
  });

  test("masks a secret that is longer than what is held back, and keeps little of it", () => {
    const stream = new MaskStream();
    const shown: string[] = [stream.push("a sk-")];
    for (let count = 0; count < 100; count++) shown.push(stream.push("x".repeat(1_000)));
    shown.push(stream.push(" b -----BEGIN PRIVATE KEY-----\n"));
    for (let count = 0; count < 100; count++) shown.push(stream.push(`${"y".repeat(999)}\n`));
    shown.push(stream.push("-----END PRIVATE"), stream.push(" KEY----- c"), stream.end());
    expect(shown.join("")).toBe(`a ${MASK} b ${MASK} c`);
  });

  test("makes of any text in any pieces what maskPieces makes of the whole", () => {
    const bit = fc.oneof(
      fc.constantFrom(...SECRETS),
      fc.constantFrom(...SECRETS.flatMap((secret) => [secret.slice(0, 9), secret.slice(-9), secret.slice(3, 12)])),
      fc.constantFrom(" ", "\n", "-", "--", "-----", "_", ":", ".", "=", "Bearer ", "BEGIN ", "PRIVATE KEY", "hunt"),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 12 }), fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (bits, cuts) => {
        const text = bits.join("");
        const pieces: string[] = [];
        for (let at = 0; at < text.length; ) {
          const size = cuts.next().value;
          pieces.push(text.slice(at, at + size));
          at += size;
        }
        expect(shownOf(pieces).join("")).toBe(maskPieces([text], KNOWN)[0]!);
      }),
      { numRuns: 2_000 },
    );
  });

  test("takes time in proportion to the text, also where it looks like many secrets and is none", () => {
    for (const part of ["-----BEGIN ", "sk-", "Bearer ", "Bearer  a", "aleph_a", "12345678:", "xoxb-", "-", "hunt"]) {
      const stream = new MaskStream(KNOWN);
      for (let count = 0; count < 20; count++) stream.push(`${part.repeat(1_000)}.`);
      stream.end();
    }
  });
});
