/**
 * A stand-in for the server, to be started as any user: runs a command in a workspace, then one more, and prints what is
 * left of both. `guarded.ts {scripts, withoutNamespaces}`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commandMethods, createSandbox } from "../../../src/sandbox/sandbox.ts";
import { testLauncher } from "../../support/launcher.ts";
import { testWorkspace } from "../../support/workspace.ts";

export interface GuardedOptions {
  readonly scripts: readonly string[];
  readonly withoutNamespaces: boolean;
}

export interface GuardedReport {
  /** What was told of the first command; or why it failed. */
  readonly undone: readonly string[] | string;
  /** What the second one wrote; or why it failed. */
  readonly next: string;
  readonly config: string;
  /** What else is in the workspace. */
  readonly names: readonly string[];
  /** Temporary folders that are left. */
  readonly temporary: number;
}

const { scripts, withoutNamespaces } = JSON.parse(process.argv[2] ?? "") as GuardedOptions;

const sandbox = createSandbox({
  methods: (program) => commandMethods(program).filter(({ keeps }) => !withoutNamespaces || keeps === undefined),
});
const reports: GuardedReport[] = [];
for (const script of scripts) {
  await using t = await testWorkspace();
  await t.write(".git/config", "mine");
  const launcher = testLauncher({ ...t, sandbox });
  const run = (line: string) =>
    launcher.run(
      { mode: "shell", argv: ["/bin/bash", "-c", line] },
      {
        cwd: t.path,
        workspace: t.path,
        writes: true,
        network: [],
        signal: new AbortController().signal,
        onOutput: () => {},
      },
    );
  const first = await run(script).catch(String);
  const second = await run("echo next").catch(String);
  reports.push({
    undone: typeof first === "string" ? first : first.undone,
    next: typeof second === "string" ? second : second.output,
    config: readOrNothing(join(t.path, ".git/config")),
    names: readdirSync(t.path).map((name) => name.replace(/[0-9a-f]{8}$/, "ID")),
    temporary: readdirSync(t.home.run).length,
  });
}
console.log(JSON.stringify(reports));
process.exit(0);

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
