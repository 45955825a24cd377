/** Writes what a package installs beside the executable, as it lies below a prefix: manual pages and completions of shells. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { allEntries } from "../src/cli/all-entries.ts";
import { completionScript } from "../src/cli/completion/script.ts";
import { renderManual } from "../src/cli/manual.ts";

const COMPLETIONS = {
  bash: "bash-completion/completions/aleph",
  zsh: "zsh/site-functions/_aleph",
  fish: "fish/vendor_completions.d/aleph.fish",
};

/** The folder holds nothing else afterwards. */
export async function buildShare(folder: string, date: Date): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await Bun.write(join(folder, "man/man1/aleph.1"), renderManual(await allEntries(), date));
  // The other name of the same program.
  await Bun.write(join(folder, "man/man1/aleph-server.1"), ".so man1/aleph.1\n");
  for (const [shell, path] of Object.entries(COMPLETIONS)) {
    await Bun.write(join(folder, path), (await completionScript(shell))!);
  }
  // bash loads the file that has the name of the program.
  await Bun.write(join(folder, "bash-completion/completions/aleph-server"), (await completionScript("bash"))!);
}
