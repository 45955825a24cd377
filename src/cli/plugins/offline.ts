/** `aleph plugins validate` and `pack`: what an author does before a plugin is shared; no server is asked. */
import { lstat, realpath, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { nothingThere } from "../../lib/nothing-there.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { VERSION } from "../../lib/version.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand, type Invocation } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag } from "../flags.ts";
import { formatBytes } from "../format.ts";
import { writeJson } from "../output.ts";

const path = {
  type: "positional",
  required: true,
  description: "folder of the plugin",
  completion: "folder",
} as const;

export const validate = defineCommand({
  summary: "Check a plugin's folder without running anything of it",
  details: "Exit code 1 when it could not work; warnings alone are 0.",
  args: { path, ...jsonFlag },
  async run(args, { terminal }): Promise<number> {
    const { manifest, file, summary, sha256, findings } = await check(args.path);
    const errors = findings.filter(({ level }) => level === "error").length;
    const { out } = terminal;
    if (args.json) {
      const { id, name, version, kind } = manifest;
      writeJson(out, {
        ok: errors === 0,
        id,
        name,
        version,
        kind,
        manifest: file,
        sha256,
        permissions_summary: summary,
        findings,
      });
      return errors === 0 ? EXIT.ok : EXIT.failure;
    }
    const { bold, dim, red, yellow, green } = out.style;
    out.write(
      `${bold(printableLine(`${manifest.id} ${manifest.version}`))} ${dim(`${manifest.kind}, from ${file}`)}\n`,
    );
    for (const line of summary) out.write(`  • ${printableLine(line)}\n`);
    for (const { level, message } of findings) {
      out.write(`${level === "error" ? red("error") : yellow("warning")}  ${printableLine(message)}\n`);
    }
    if (errors === 0) out.write(`${green("ok")}  ${dim(`sha256 ${sha256}`)}\n`);
    return errors === 0 ? EXIT.ok : EXIT.failure;
  },
});

export const pack = defineCommand({
  summary: "Pack a plugin's folder into an archive that can be installed",
  details:
    "The same files make the same bytes. node_modules and what begins with a dot are left out, unless --include names them. An archive of that name is replaced.",
  args: {
    path,
    output: {
      type: "string",
      alias: "o",
      valueHint: "file",
      description: "instead of <id>-<version>.tgz here",
      completion: "file",
    },
    include: {
      type: "string",
      valueHint: "path",
      description: "take this in too, such as node_modules/zod",
      repeatable: true,
    },
    ...jsonFlag,
  },
  async run(args, { terminal, all }: Invocation): Promise<number> {
    const { manifest, findings } = await check(args.path);
    const error = findings.find(({ level }) => level === "error");
    if (error) {
      throw new AlephError("plugin_error", `Plugin "${manifest.id}" cannot work: ${error.message}`, {
        data: { hint: `See all that is wrong with: aleph plugins validate ${args.path}` },
      });
    }
    const { packFolder } = await import("../../plugin/install/pack.ts");
    const { name, bytes, sha256, files } = await packFolder(await realpath(args.path), manifest, all("include"));
    const file = resolve(args.output ?? name);
    await writeFile(file, bytes);
    if (args.json) writeJson(terminal.out, { file, sha256, size: bytes.length, files });
    else {
      for (const entry of files)
        terminal.err.write(`  ${printableLine(entry.path)}  ${terminal.err.style.dim(formatBytes(entry.size))}\n`);
      terminal.err.write(`Packed ${files.length} files into ${args.output ?? name}, ${formatBytes(bytes.length)}\n`);
      terminal.out.write(`${sha256}  ${args.output ?? name}\n`);
    }
    return EXIT.ok;
  },
});

async function check(given: string) {
  const stats = await lstat(given).catch(nothingThere);
  if (!stats)
    throw usageError(`There is no folder ${JSON.stringify(given)}`, "Name the folder that holds aleph_plugin.toml");
  const folder = await realpath(given);
  if (!(await lstat(folder)).isDirectory()) {
    throw usageError(
      `${JSON.stringify(given)} is not a folder`,
      `Name the folder that holds ${join("…", "aleph_plugin.toml")}`,
    );
  }
  const { checkPlugin } = await import("../../plugin/install/check.ts");
  return checkPlugin(folder, { version: VERSION, withCode: true });
}
