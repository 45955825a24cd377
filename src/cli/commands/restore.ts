/** `aleph restore`: a home as a backup has it; what is there now is put aside. */
import { resolve } from "node:path";
import { restoreBackup } from "../../backup/restore.ts";
import { homeAt } from "../../config/home.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { homeOf, jsonFlag } from "../flags.ts";
import { formatTime } from "../format.ts";
import { writeJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { agreed } from "../question.ts";

export const restore = defineCommand({
  summary: "Take a home back from a file of aleph backup",
  details:
    "On a terminal it asks first. The server must not run. Every file is checked before anything is changed; what is in the home now is kept in before-restore-<time> inside it.",
  args: {
    file: { type: "positional", required: true, description: "a file of aleph backup", completion: "file" },
    yes: { type: "boolean", alias: "y", description: "do not ask" },
    ...jsonFlag,
    home: { type: "string", valueHint: "dir", description: "ALEPH_HOME instead of ~/.aleph", completion: "folder" },
  },
  examples: [["aleph restore ~/backups/aleph-20261121-151000.tar.gz", "the server is stopped before"]],
  async run(args, { env, terminal }): Promise<number> {
    // Its own config.toml comes with the backup.
    const home = homeAt(homeOf(args, env).path);
    if (!(await agreed(args, terminal, `Put what is in ${home.path} aside and take the backup's place?`))) {
      terminal.err.write("Nothing was changed\n");
      return EXIT.failure;
    }
    const wanted = { home, file: resolve(args.file), now: Date.now() };
    const restored = await withProgress(terminal, "Checking and taking it back", () => restoreBackup(wanted));
    const { manifest, aside, keptCredentials } = restored;
    const { files, created_at, aleph_version, credentials } = manifest;
    if (args.json) {
      writeJson(terminal.out, { home: home.path, files: files.length, created_at, aleph_version, credentials, aside });
      return EXIT.ok;
    }
    const { err } = terminal;
    err.write(
      `${home.path} is as it was at ${formatTime(created_at)}: ${files.length} ${files.length === 1 ? "file" : "files"}\n`,
    );
    if (aside !== undefined) err.write(`What was there before is in ${aside}\n`);
    if (keptCredentials) err.write("The backup has no credentials: those of this home stay\n");
    else if (!credentials) err.write("The backup has no credentials: the next start makes a new token\n");
    return EXIT.ok;
  },
});
