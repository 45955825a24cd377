import { expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { parseSkill } from "../../src/skill/manifest.ts";

const withHead = (...lines: string[]) => `---\n${lines.join("\n")}\n---\n\nText\n`;

function faultsOf(source: string): unknown {
  try {
    parseSkill(source, "pdf");
  } catch (thrown) {
    if (thrown instanceof AlephError) return [thrown.message, thrown.data.issues];
  }
  return undefined;
}

test("parseSkill reads all that the form has", () => {
  const source = withHead(
    "name: pdf",
    "description: >",
    "  Fills in",
    "  forms",
    "license: MIT",
    "compatibility: needs pdftk",
    "metadata:",
    "  version: 1",
    "  author: me",
    "allowed-tools: Bash(git:*) Read WebFetch my_Tool Read",
  );
  expect(parseSkill(source, "pdf")).toEqual({
    manifest: {
      name: "pdf",
      description: "Fills in forms",
      license: "MIT",
      compatibility: "needs pdftk",
      metadata: { version: "1", author: "me" },
      allowedTools: ["exec", "read", "web_fetch", "my_Tool"],
    },
    text: "Text",
  });
});

test("parseSkill takes the least, and a list of tools", () => {
  const least = parseSkill(withHead("name: pdf", "description: x"), "pdf").manifest;
  expect(least).toEqual({
    name: "pdf",
    description: "x",
    license: undefined,
    compatibility: undefined,
    metadata: {},
    allowedTools: undefined,
  });
  const listed = parseSkill(withHead("name: pdf", "description: x", "allowed-tools: [Read, exec]"), "pdf").manifest;
  expect(listed.allowedTools).toEqual(["read", "exec"]);
});

test("parseSkill keeps control characters out of what is shown", () => {
  const { manifest } = parseSkill(withHead("name: pdf", 'description: "a\\u001b[31m\\u202e b"'), "pdf");
  expect(["\u001b", "\u202e"].filter((character) => manifest.description.includes(character))).toEqual([]);
});

test("parseSkill tells all that is wrong, each with its line and the nearest key", () => {
  const source = withHead("name: Pdf Forms", "descripton: x", "license: 3", "metadata: no", "allowed-tools: 7");
  expect(faultsOf(source)).toEqual([
    'SKILL.md:3: "descripton" is not known; did you mean "description"?, and 5 more',
    [
      { path: "descripton", message: 'is not known; did you mean "description"?', line: 3 },
      { path: "description", message: "is missing", line: 1 },
      { path: "name", message: "must be small letters, digits and single hyphens", line: 2 },
      { path: "license", message: "must be text", line: 4 },
      { path: "metadata", message: "must be keys with texts", line: 5 },
      { path: "allowed-tools", message: "must be names of tools, separated by spaces", line: 6 },
    ],
  ]);
});

test.each([
  [
    "another name than its folder",
    ["name: other", "description: x"],
    'SKILL.md:2: "name" must be the name of its folder, which is "pdf"',
  ],
  [
    "too long a description",
    ["name: pdf", `description: ${"x".repeat(1025)}`],
    'SKILL.md:3: "description" must have at most 1024 characters',
  ],
  ["an empty description", ["name: pdf", 'description: " "'], 'SKILL.md:3: "description" must not be empty'],
  ["no YAML", ["name: [", "description: x"], "SKILL.md:2: is not YAML"],
])("parseSkill refuses %s", (_name, lines, message) => {
  expect((faultsOf(withHead(...lines)) as unknown[])[0]).toBe(message);
});
