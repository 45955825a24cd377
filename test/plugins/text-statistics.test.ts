/** The bundled plugin as it is in the repository: its manifest, and its module in a host process. */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { readManifest } from "../../src/plugin/manifest-files.ts";
import { testFolder } from "../support/folder.ts";
import { startWasmPlugin } from "../support/wasm-plugin.ts";

const FOLDER = join(import.meta.dir, "../../plugins/text-statistics");

const { manifest } = await readManifest(FOLDER);
const folder = await testFolder();
const plugin = await startWasmPlugin(folder.path, {
  module: await Bun.file(join(FOLDER, "plugin.wasm")).bytes(),
  manifest,
});
afterAll(async () => {
  await plugin[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const count = (input: string) => plugin.call("text_statistics", { input }) as Promise<Record<string, unknown>>;

test("text-statistics asks for nothing", () => {
  expect(manifest.permissions).toEqual({ network: [], filesystem: [], env: [] });
});

test("text-statistics counts a text", async () => {
  expect(await count("One. Two? It's 3.14,\nsays one.\n\nThe well-known end\n")).toEqual({
    characters: 51,
    characters_without_spaces: 41,
    words: 9,
    unique_words: 8,
    sentences: 4,
    paragraphs: 2,
    lines: 4,
    longest_word: "well-known",
    reading_minutes: 0.1,
    frequent_words: [{ word: "one", count: 2 }],
  });
});

test("text-statistics counts nothing in an empty text", async () => {
  expect(await count("")).toEqual({
    characters: 0,
    characters_without_spaces: 0,
    words: 0,
    unique_words: 0,
    sentences: 0,
    paragraphs: 0,
    lines: 0,
    longest_word: "",
    reading_minutes: 0,
    frequent_words: [],
  });
});

test.each([
  ["of Chinese, a word a character", "我喜欢猫。你呢？", { words: 6, sentences: 2, characters: 8 }],
  ["beyond the basic plane, as one character", "😀 𝒳y", { words: 1, characters: 4, longest_word: "𝒳y" }],
  ["with letters of other scripts", "Straße für Ёлка, مرحبا", { words: 4, sentences: 1 }],
  [
    "with the same word in capitals",
    "Aa aA b b c",
    {
      unique_words: 3,
      frequent_words: [
        { word: "aa", count: 2 },
        { word: "b", count: 2 },
      ],
    },
  ],
  ["with quotes after the full stop", '"Yes." (No!) Maybe', { sentences: 3 }],
  ["of spaces", " \n\t\n", { words: 0, sentences: 0, paragraphs: 0, lines: 2 }],
])("text-statistics counts a text %s", async (_, text, expected) => {
  expect(await count(text)).toMatchObject(expected);
});

test("text-statistics counts a long text", async () => {
  expect(await count("Ten words make up this sentence, which is quite short. ".repeat(20_000))).toMatchObject({
    words: 200_000,
    sentences: 20_000,
    reading_minutes: 869.6,
  });
});
