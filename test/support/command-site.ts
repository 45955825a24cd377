/** A workspace with files, secrets and traps in it, and the judgement of a command line there. */
import { link, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type ClassifyOptions, classifyCommand } from "../../src/policy/classify.ts";
import type { Verdict } from "../../src/policy/command.ts";
import { SERVER_PID, testWorkspace } from "./workspace.ts";

export const SHELL = ["/bin/bash", "-c"];
export const ENV = { PATH: "/usr/bin", HOME: "/w" };

export async function commandSite() {
  const workspace = await testWorkspace();
  const { path, home } = workspace;
  await workspace.write("package.json", "{}\n");
  await workspace.write("README.md", "# hello\nworld\n");
  await workspace.write("with space.txt", "hello\n");
  await workspace.write("src/a.ts", "hello\n");
  await workspace.write("src/deep/b.ts", "hello\n");
  for (const secret of [
    ".env",
    ".env.production",
    ".ssh/id_ed25519",
    "server.pem",
    "credentials.json",
    "secrets.yaml",
  ]) {
    await workspace.write(secret, "KEY=1\n");
  }
  await mkdir(join(home.workspaces, "other"));
  await symlink("/etc/passwd", join(path, "link-out"));
  await symlink("/etc", join(path, "link-folder"));
  await symlink(join(path, "nowhere"), join(path, "dangling"));
  await symlink(home.path, join(path, "own-link"));
  await symlink(home.credentials, join(path, "own-sub"));
  await Bun.write(join(workspace.userHome, "outside.txt"), "outside\n");
  await link(join(workspace.userHome, "outside.txt"), join(path, "hard-link"));
  Bun.spawnSync(["mkfifo", join(path, "pipe")]);
  const hashes = new Map<string, string>();
  const options: ClassifyOptions = { ...workspace.site, shell: SHELL, env: ENV, hashes };
  const classify = (command: string, override: Partial<ClassifyOptions> = {}): Promise<Verdict> =>
    classifyCommand(command, { ...options, ...override });
  return {
    ...workspace,
    classify,
    /** Tier and reason of each line; `@ALEPH@`, `@HOME@` and `@PID@` stand for what they are here. */
    async tiersOf(lines: readonly string[], override: Partial<ClassifyOptions> = {}) {
      const fill = (line: string) =>
        line
          .replaceAll("@ALEPH@", home.path)
          .replaceAll("@HOME@", workspace.userHome)
          .replaceAll("@PID@", String(SERVER_PID));
      const verdicts = await Promise.all(
        lines.map(async (line) => ({ line, ...(await classify(fill(line), override)) })),
      );
      return verdicts.map(({ line, tier, reason }) => ({ line, tier, reason }));
    },
  };
}

export type TestSite = Awaited<ReturnType<typeof commandSite>>;
