import { expect, test } from "bun:test";
import { judgeWrite } from "../../src/policy/judge-write.ts";

test.each([
  ".git/hooks/pre-commit",
  ".git",
  "sub/deep/deeper/still/.git/config",
  ".GIT/config",
  ".bashrc",
  ".Envrc",
  ".aleph/x",
  ".config/git/config",
])("judgeWrite asks before %s, which others run by, is written", (name) => {
  expect(judgeWrite(["other.txt", name], "It writes")).toEqual({
    tier: "ask",
    reason: `"${name}" decides what other programs run: Git, shells, Aleph itself`,
  });
});

test("judgeWrite allows what only has a similar name, and knows the notes", () => {
  const names = [".gitignore", "a.git/config", "sub/.bashrc", ".config/app.toml", ".git-notes"];
  expect(judgeWrite(names, "It writes")).toEqual({ tier: "allow", reason: "It writes" });
  expect(judgeWrite(["AGENTS.md"], "It writes")).toEqual({ tier: "allow", reason: "It writes", outward: true });
});
