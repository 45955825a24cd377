import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stableProgram } from "../../src/cli/stable-program.ts";
import { testFolder } from "../support/folder.ts";

test("stableProgram names what Homebrew installed by the link that follows its versions", async () => {
  await using folder = await testFolder();
  const cellar = join(folder.path, "Cellar/aleph-server");
  const file = join(cellar, "1.2.3/bin/aleph-server");
  mkdirSync(join(cellar, "1.2.3/bin"), { recursive: true });
  writeFileSync(file, "");
  expect(stableProgram([file, "x"])).toEqual([file, "x"]);
  mkdirSync(join(folder.path, "opt"));
  symlinkSync(join(cellar, "1.2.3"), join(folder.path, "opt/aleph-server"));
  expect(stableProgram([file, "x"])).toEqual([join(folder.path, "opt/aleph-server/bin/aleph-server"), "x"]);
  expect(stableProgram(["/usr/bin/aleph-server"])).toEqual(["/usr/bin/aleph-server"]);
});
