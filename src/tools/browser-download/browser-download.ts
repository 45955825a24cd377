/** Saves what a page had the browser download. */
import * as z from "zod";
import type { Browsers } from "../../browser/browsers.ts";
import type { Download } from "../../browser/downloads.ts";
import { outside } from "../../browser/page-call.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";

interface Needs {
  readonly browsers: Pick<Browsers, "downloads">;
  readonly files: Pick<Files, "locate" | "write">;
}

/** Nothing there is started or read by itself, whatever a page names it. */
const FOLDER = "downloads";

export const browserDownload = defineTool({
  name: "browser_download",
  description: `Saves a file that a page had the browser download, in the folder ${FOLDER} of the workspace; without a name it lists what there is. What is not saved is gone when the browser ends.`,
  params: z.strictObject({
    download: z.string().min(1).max(20).optional().describe("such as d1; all are listed if left out"),
  }),
  parallel: false,
  prepare({ browsers, files }: Needs, { download: id }, { sessionKey, workspace }) {
    const downloads = browsers.downloads(sessionKey);
    const found = downloads?.all.find((each) => each.id === id);
    if (id !== undefined && (!downloads || !found)) throw new AlephError("not_found", `There is no download "${id}"`);
    return {
      tier: "allow",
      reason: id === undefined ? "Lists downloads" : "Writes a file in the workspace",
      plan: found ? { download: found.id, from: found.url, to: `${FOLDER}/${found.name}` } : {},
      async run() {
        if (id === undefined || !downloads) return outside(listed(downloads?.all ?? []));
        const { download, bytes } = await downloads.read(id);
        const { name } = await freePlace(files, workspace, download.name);
        await files.write(workspace, name, bytes);
        return outside(`Saved ${name} (${bytes.byteLength} bytes)`);
      },
    };
  },
});

async function freePlace(files: Pick<Files, "locate">, workspace: string, name: string) {
  const [, stem = name, ending = ""] = /^(.+?)(\.[^.]*)?$/s.exec(name) ?? [];
  for (let number = 1; number <= 100; number++) {
    const place = await files.locate(workspace, `${FOLDER}/${number === 1 ? name : `${stem} (${number})${ending}`}`);
    if (!place.stats) return place;
  }
  throw new AlephError("conflict", `There are too many files named "${name}" in ${FOLDER}`);
}

function listed(all: readonly Download[]): string {
  if (all.length === 0) return "There are no downloads";
  return all.map(({ id, name, state, size, url }) => `${id}: ${name}, ${state}, ${size} bytes, from ${url}`).join("\n");
}
