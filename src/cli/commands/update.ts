/** `aleph update`: a newer executable in the place of this one, and back. */
import { dirname } from "node:path";
import { BUILD } from "../../lib/build.ts";
import { VERSION } from "../../lib/version.ts";
import { AlephError } from "../../protocol/errors.ts";
import { commandEnvironment, spawnCommand } from "../../sandbox/spawn.ts";
import type { UpdateOptions } from "../../update/update.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag } from "../flags.ts";
import { formatTime } from "../format.ts";
import { writeJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { agreed, interrupted } from "../question.ts";

export const update = defineCommand({
  summary: "Fetch the newest version and put it in the place of this one",
  details:
    "It is taken only with the signature of the key that this executable was built with, and after it was started once.\n" +
    "The present one is kept beside it; --rollback exchanges the two. What a package manager installed it leaves alone.",
  args: {
    check: { type: "boolean", description: "only tell whether there is a newer version" },
    rollback: { type: "boolean", description: "go back to the version before" },
    from: { type: "string", valueHint: "url", description: "a mirror: another folder with the same files" },
    yes: { type: "boolean", alias: "y", description: "do not ask" },
    ...jsonFlag,
  },
  examples: [
    ["aleph update --check", "changes nothing"],
    ["aleph update --rollback", "when the new version does not do what it should"],
  ],
  async run(args, { terminal }): Promise<number> {
    const { findRelease, goBack, installRelease } = await import("../../update/update.ts");
    const left = new AbortController();
    const options: UpdateOptions = {
      build: BUILD,
      version: VERSION,
      executable: process.execPath,
      fetch,
      signal: left.signal,
      from: args.from,
      versionOf,
    };
    const { out, err } = terminal;
    if (args.rollback) {
      const { version } = await goBack(options);
      if (args.json) writeJson(out, { version, before: VERSION });
      else err.write(`This is version ${version} again; ${RESTART}\n`);
      return EXIT.ok;
    }
    const { release, ...found } = await withProgress(terminal, "Looking for a newer version", () =>
      findRelease(options),
    );
    if (!found.isNewer || args.check) {
      const { current, newest, releasedAt: released_at, isNewer: newer } = found;
      if (args.json) writeJson(out, { current, newest, released_at, newer, installed: false });
      else if (newer)
        out.write(`Version ${newest} of ${formatTime(Date.parse(released_at))} is newer than ${current}\n`);
      else out.write(`Version ${current} is the newest\n`);
      return EXIT.ok;
    }
    const { current, newest } = found;
    if (!(await agreed(args, terminal, `Put version ${newest} in the place of ${current}?`))) {
      err.write("Nothing was changed\n");
      return EXIT.failure;
    }
    // What was fetched so far is removed, which the end of the process alone would not do.
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => left.abort(interrupted()));
    await withProgress(terminal, `Fetching version ${newest}`, (progress) =>
      installRelease({ ...options, onProgress: (part) => progress.set(part) }, release),
    );
    if (args.json) writeJson(out, { current, newest, released_at: found.releasedAt, newer: true, installed: true });
    else err.write(`This is version ${newest} now; ${RESTART}\n`);
    return EXIT.ok;
  },
});

const RESTART = "a server that runs goes on as it was until it is started again";

async function versionOf(executable: string): Promise<string> {
  const { exitCode, output } = await spawnCommand({
    argv: [executable, "version", "--json"],
    cwd: dirname(executable),
    env: commandEnvironment({ path: ["/usr/bin", "/bin"], workspace: dirname(executable) }),
    maxOutput: 64 * 1024,
    signal: new AbortController().signal,
    timeoutMs: 30_000,
  });
  if (exitCode !== 0) throw new AlephError("conflict", `It ended with exit code ${exitCode}`);
  return String((JSON.parse(output) as { readonly version?: unknown }).version);
}
