/**
 * A stand-in for the server, to be started as any user: makes a home with secrets, runs commands in a workspace of it and
 * prints what they achieved. `driver.ts {program, withoutNamespaces}`.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homeAt } from "../../../src/config/home.ts";
import type { OwnProgram } from "../../../src/sandbox/own-program.ts";
import { commandMethods, createSandbox } from "../../../src/sandbox/sandbox.ts";
import { testLauncher } from "../../support/launcher.ts";
import { forbidNamespaces } from "../confinement/forbid-namespaces.ts";
import { ATTACKS, WORK } from "./attacks.ts";

export interface CommandsOptions {
  readonly program: OwnProgram;
  readonly withoutNamespaces: boolean;
  /** `none`: to see that the attacks are real. */
  readonly level?: "none";
}

export interface CommandsReport {
  readonly level: string;
  readonly enclosed: boolean;
  /** Attacks that worked. */
  readonly worked: readonly string[];
  /** What of the outside is not as it was. */
  readonly changed: readonly string[];
  /** Work that failed, and how. */
  readonly failed: Readonly<Record<string, string>>;
}

const { program, withoutNamespaces, level } = JSON.parse(process.argv[2] ?? "") as CommandsOptions;
if (withoutNamespaces) forbidNamespaces();

const person = realpathSync(mkdtempSync(join(tmpdir(), "aleph-commands-")));
const home = homeAt(join(person, ".aleph"));
const [workspace, other, outside] = [
  join(home.workspaces, "main"),
  join(home.workspaces, "other"),
  join(person, "outside"),
];
const files: Readonly<Record<string, string>> = {
  [join(home.path, "credentials/token")]: "token",
  [home.database]: "database",
  [join(person, ".ssh/id_ed25519")]: "key",
  [join(person, ".aws/credentials")]: "password",
  [join(other, "notes.txt")]: "notes",
  [join(outside, "secret")]: "secret",
  [join(outside, "removable")]: "removable",
  [join(outside, "movable")]: "movable",
};
for (const [path, content] of Object.entries(files)) {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
}
mkdirSync(workspace, { recursive: true });
const ignore = { data: () => undefined };
using gateway = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: ignore });
using unix = Bun.listen({ unix: join(outside, "socket"), socket: ignore });
void unix;

const variables = {
  OUT: outside,
  ALEPH: home.path,
  PERSON: person,
  OTHER: other,
  SERVER: String(process.pid),
  PORT: String(gateway.port),
};
const prelude = Object.entries(variables)
  .map(([name, value]) => `export ${name}='${value}'`)
  .join("; ");

try {
  const sandbox = createSandbox({ program, methods: level === "none" ? () => [] : commandMethods });
  const launcher = testLauncher({ home, userHome: person, sandbox, limits: { file_limit: 16 * 1024 * 1024 } });
  const run = (script: string) =>
    launcher.run(
      { mode: "shell", argv: ["/bin/bash", "-c", `${prelude}; ${script}`] },
      {
        cwd: workspace,
        workspace,
        writes: true,
        network: [],
        signal: new AbortController().signal,
        mayRunUnsandboxed: level === "none",
        onOutput: () => {},
      },
    );
  const worked: string[] = [];
  for (const [name, script] of Object.entries(ATTACKS)) {
    if ((await run(script)).exitCode === 0) worked.push(name);
  }
  const failed: Record<string, string> = {};
  if (level !== "none") {
    for (const [name, { needs, script }] of Object.entries(WORK)) {
      // Of the system, as commands see it; other folders of the developer's PATH they do not.
      if (needs !== undefined && !Bun.which(needs, { PATH: "/usr/bin:/bin" })) continue;
      const { exitCode, output } = await run(script);
      if (exitCode !== 0) failed[name] = output.slice(0, 1000) || `exit code ${exitCode}`;
    }
  }
  const changed = Object.entries(files)
    .filter(([path, content]) => !existsSync(path) || readFileSync(path, "utf8") !== content)
    .map(([path]) => path.slice(person.length + 1));
  const planted = [join(outside, "planted"), join(other, "planted")].filter((path) => existsSync(path));
  const { level: reached, keeps } = await sandbox.report();
  const report: CommandsReport = {
    level: reached,
    enclosed: keeps !== undefined,
    worked,
    changed: [...changed, ...planted],
    failed,
  };
  console.log(JSON.stringify(report));
} finally {
  rmSync(person, { recursive: true, force: true });
}
process.exit(0);
