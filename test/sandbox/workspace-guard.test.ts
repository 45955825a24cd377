/** Protected files are put back whatever a command does to keep them from it; the driver runs as root and as an ordinary user. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { GuardedOptions, GuardedReport } from "./commands/guarded.ts";
import { hasBubblewrap, hasLandlock } from "./confinement/possible.ts";
import { canBe, runAs, type Who } from "./confinement/run-driver.ts";

/** Plants something, and then stands in the way of whoever would take it away. */
const SCRIPTS = {
  "a file where a folder would be": "echo bad > .bashrc; touch .config",
  "a circle of links": "echo bad > .bashrc; ln -s .config .config",
  "a file for the repository": "echo bad > .bashrc; rm -rf .git; echo bad > .git",
  "a temporary folder that is closed": 'echo bad > .bashrc; mkdir -p "$TMPDIR/a/b"; chmod 000 "$TMPDIR/a"',
  "a folder that is closed": "echo bad > .bashrc; mkdir -p .config/fish; chmod 000 .config",
  "a repository that is closed": "echo bad > .bashrc; echo bad > .git/config; chmod 000 .git",
  "a workspace that is closed": "echo bad > .bashrc; chmod 000 .",
};

for (const who of ["root", "an ordinary user"] satisfies Who[]) {
  for (const withoutNamespaces of [false, true]) {
    const possible = hasLandlock && canBe(who) && (withoutNamespaces || hasBubblewrap);
    const where = withoutNamespaces ? "without namespaces" : "in namespaces";
    test.skipIf(!possible)(
      `WorkspaceGuard puts back what was planted behind obstacles, ${where}, on a server of ${who}`,
      async () => {
        const options: GuardedOptions = { scripts: Object.values(SCRIPTS), withoutNamespaces };
        const reports = await runAs<GuardedReport[]>(who, join(import.meta.dir, "commands/guarded.ts"), options);
        const found = Object.keys(SCRIPTS).map((name, at) => {
          const { undone, next, config, names, temporary } = reports[at]!;
          const planted = names.filter((each) => [".bashrc", ".config.undone-ID"].includes(each));
          return { name, told: undone.includes(".bashrc"), next, config, planted, temporary };
        });
        expect(found).toEqual(
          Object.keys(SCRIPTS).map((name) => ({
            name,
            told: true,
            next: "next\n",
            config: "mine",
            planted: [],
            temporary: 0,
          })),
        );
      },
      60_000,
    );
  }
}
