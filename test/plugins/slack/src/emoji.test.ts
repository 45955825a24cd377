import { expect, test } from "bun:test";
import { emojiName } from "../../../../plugins/slack/src/emoji.ts";

test("emojiName knows what people react with, and names as they are typed", () => {
  expect(["👀", "❤️", "❤", "👍", "☕", ":+1:", ":party_parrot:"].map(emojiName)).toEqual([
    "eyes",
    "heart",
    "heart",
    "+1",
    "coffee",
    "+1",
    "party_parrot",
  ]);
});

test("emojiName gives nothing for what is no emoji that it knows, and no name", () => {
  expect(["🪿", "eyes", "", ":a b:", ":../x:"].map(emojiName)).toEqual(Array(5).fill(undefined));
});
