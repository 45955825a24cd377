import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildShare } from "../../scripts/share.ts";
import { testFolder } from "../support/folder.ts";

test("share holds the manual and the completions where man and the shells look for them", async () => {
  await using folder = await testFolder();
  await buildShare(folder.path, new Date("2026-01-02T12:00:00Z"));
  const files = readdirSync(folder.path, { recursive: true, encoding: "utf8" }).filter((path) => /\/.*\/./.test(path));
  expect(files.toSorted()).toEqual([
    "bash-completion/completions/aleph",
    "bash-completion/completions/aleph-server",
    "fish/vendor_completions.d/aleph.fish",
    "man/man1/aleph-server.1",
    "man/man1/aleph.1",
    "zsh/site-functions/_aleph",
  ]);
  expect(readFileSync(join(folder.path, "man/man1/aleph.1"), "utf8")).toStartWith(".TH ALEPH 1 2026-01-02");
  expect(readFileSync(join(folder.path, "zsh/site-functions/_aleph"), "utf8")).toStartWith(
    "#compdef aleph aleph-server",
  );
});
