/** `aleph backup`: the whole home in one file, also while the server runs. */
import { existsSync, mkdirSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { writeBackup } from "../../backup/backup.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand } from "../command.ts";
import { homeFlags, homeOf, jsonFlag } from "../flags.ts";
import { checkFolderOf, isFolder } from "../folder-of.ts";
import { formatBytes } from "../format.ts";
import { writeJson } from "../output.ts";
import { withProgress } from "../progress.ts";

export const backup = defineCommand({
  summary: "Write everything into one file: conversations, media, config, plugins, skills, workspaces",
  details:
    "The server may run meanwhile. The file can be read by you alone. Not in it are logs and, without --credentials, the owner's token and the keys of this home.",
  args: {
    file: {
      type: "positional",
      required: true,
      description: "the new file, or a folder for one named after the time; a name without an ending is a folder",
      completion: "file",
    },
    credentials: { type: "boolean", description: "with the owner's token and this home's keys" },
    ...jsonFlag,
    ...homeFlags,
  },
  examples: [
    ["aleph backup ~/backups", "into ~/backups/aleph-<time>.tar.gz"],
    ["aleph backup /mnt/usb/aleph.tar.gz --credentials", "all that another machine needs to go on as this one"],
  ],
  async run(args, { env, terminal }) {
    const now = Date.now();
    const wanted = {
      home: homeOf(args, env),
      file: toFile(args.file, now),
      credentials: args.credentials === true,
      now,
    };
    const written = await withProgress(terminal, "Writing the backup", () => writeBackup(wanted));
    const { file, bytes, manifest, skipped } = written;
    const { files, credentials } = manifest;
    if (args.json) return writeJson(terminal.out, { file, bytes, files: files.length, credentials, skipped });
    terminal.err.write(
      `Written to ${file}: ${files.length} ${files.length === 1 ? "file" : "files"}, ${formatBytes(bytes)}\n`,
    );
    for (const path of skipped) terminal.err.write(`Left out, for it is no file: ${printableLine(path)}\n`);
    if (!credentials) terminal.err.write("The owner's token and keys are not in it; see --credentials\n");
  },
});

function toFile(named: string, now: number): string {
  const path = resolve(named);
  // A file of that name would be in the way of the next backup.
  if (!existsSync(path) && extname(path) === "") mkdirSync(path, { recursive: true, mode: 0o700 });
  checkFolderOf(named);
  if (!isFolder(path)) return path;
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return join(path, `aleph-${time}.tar.gz`);
}
