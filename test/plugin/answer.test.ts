import { expect, test } from "bun:test";
import { readAnswer, textOfAnswer } from "../../src/plugin/answer.ts";
import { AlephError } from "../../src/protocol/errors.ts";

test.each([
  ["a text", "a text"],
  [{ text: "inside" }, "inside"],
  [{ text: "inside", lang: "en" }, '{"text":"inside","lang":"en"}'],
  [{ result: 1 }, '{"result":1}'],
  [[1, "a"], '[1,"a"]'],
  [7, "7"],
  [false, "false"],
  ["", ""],
  [null, "[no result]"],
  [undefined, "[no result]"],
  ["half a pair: \ud83d", "half a pair: \ufffd"],
])("readAnswer makes of %j a text", (value, text) => {
  expect([readAnswer(value), textOfAnswer(value)]).toEqual([{ text, media: [] }, text]);
});

test("readAnswer takes media beside a text", () => {
  const data = Buffer.from("hello").toString("base64");
  expect(
    readAnswer({
      text: "See",
      media: [
        { mime: "text/plain", data, name: "a.txt" },
        { mime: "text/plain", data },
      ],
    }),
  ).toEqual({
    text: "See",
    media: [
      { mime: "text/plain", name: "a.txt", bytes: new Uint8Array(Buffer.from("hello")) },
      { mime: "text/plain", bytes: new Uint8Array(Buffer.from("hello")) },
    ],
  });
});

test.each([
  [7, "a list of at most 20"],
  [Array(21).fill({ mime: "text/plain", data: "" }), "a list of at most 20"],
  [[null], "`mime`, a media type such as image/png"],
  [[{ mime: "image/png" }], "`data`, its bytes in base64"],
  [[{ mime: "image/png", data: "?" }], "`data`, its bytes in base64"],
  [[{ mime: "image/png", data: "", name: 1 }], "`name`, a text"],
])("readAnswer refuses media %#", (media, wanted) => {
  const read = () => readAnswer({ text: "", media });
  expect(read).toThrow(new AlephError("plugin_error", `What the plugin gave back has media without ${wanted}`));
});
