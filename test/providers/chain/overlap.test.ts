/** What a continued reply repeats must not be read twice. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { createOverlap } from "../../../src/providers/chain/overlap.ts";

/** What the reader sees of `next` after `sent`, when it comes in these pieces. */
function shown(sent: string, pieces: readonly string[]): string {
  const overlap = createOverlap(sent);
  return pieces.map((piece) => overlap.push(piece)).join("") + overlap.end();
}

test.each([
  ["goes on", "The cat ", ["sat", " down."], "sat down."],
  ["begins anew", "The cat sat", ["The ", "cat sat on", " the mat."], " on the mat."],
  ["begins anew in one piece", "The cat sat", ["The cat sat on the mat."], " on the mat."],
  ["repeats the last sentence", "It rained. The cat sat", ["The cat", " sat down."], " down."],
  ["repeats the last word", "The cat was happ", ["happ", "y."], "y."],
  ["repeats a short last word", "I saw a", ["a dog"], " dog"],
  ["repeats nothing but begins like an earlier place", "one two one", ["one thing"], " thing"],
  ["reads like an earlier place and then differs", "abc def abc ", ["abx"], "abx"],
  ["ends while it still reads like an earlier place", "It ends. It goes on and on", [". It"], ". It"],
  ["has a digit that is the last of the sent text by chance", "2 + 9 = 1", ["1 and so on"], "1 and so on"],
  ["is all repetition", "The cat sat", ["The cat sat"], ""],
  ["is empty", "The cat sat", [], ""],
  ["repeats text beyond the basic plane", "Hello 👋🏽 wörld", ["👋🏽 wör", "ld 🎉"], " 🎉"],
])("createOverlap: the new text %s", (_what, sent, pieces, expected) => {
  expect(shown(sent, pieces)).toBe(expected);
});

test("createOverlap shows what differs from the sent text at once", () => {
  const overlap = createOverlap("The cat sat on the mat");
  expect([overlap.push(" and"), overlap.push(" The cat")]).toEqual([" and", " The cat"]);
});

test("createOverlap shows the rest of a text that was begun anew, however it is cut", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), fc.array(fc.nat(200)), (sent, rest, cuts) => {
      const whole = sent + rest;
      const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
      const pieces = at.slice(1).map((end, index) => whole.slice(at[index], end));
      // A text that repeats itself may be understood to repeat its end; either way nothing new is lost.
      expect(rest.endsWith(shown(sent, pieces)) || shown(sent, pieces).endsWith(rest)).toBe(true);
    }),
  );
});

test("createOverlap does the same however the text is cut", () => {
  const text = fc.stringMatching(/^[ab ]{0,12}$/);
  fc.assert(
    fc.property(text, text, (sent, next) => {
      expect(shown(sent, [...next])).toBe(shown(sent, [next]));
    }),
  );
});
