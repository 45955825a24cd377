/** Gives a file of the workspace to a page. */
import { basename } from "node:path";
import * as z from "zod";
import { MAX_DOWNLOAD } from "../../browser/downloads.ts";
import { type PageNeeds, prepareOnPage } from "../../browser/page-call.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";

interface Needs extends PageNeeds {
  readonly files: Pick<Files, "locate" | "open">;
}

export const browserUpload = defineTool({
  name: "browser_upload",
  description: "Puts a file of the workspace into a file field of the page that is open in the browser.",
  params: z.strictObject({
    selector: z.string().min(1).max(2000).describe("the field: a reference such as e12, or a CSS selector"),
    path: z.string().min(1).describe("the file, relative to the workspace"),
  }),
  parallel: false,
  async prepare(needs: Needs, { selector, path }, context) {
    const { files } = needs;
    const { name, stats } = await files.locate(context.workspace, path);
    if (!stats?.isFile()) throw new AlephError("not_found", `"${path}" is not a file`);
    const { size, sha256 } = await readFile(files, context.workspace, name);
    return prepareOnPage(needs, context, {
      reason: "Gives a file to a page, which can send it",
      plan: { upload: name, into: selector, size, sha256 },
      async act(tab, signal, browser) {
        const element = await tab.find(selector, signal);
        const now = await readFile(files, context.workspace, name);
        // Whoever said yes meant this content, not the name.
        if (now.sha256 !== sha256) throw new AlephError("conflict", `"${name}" has changed since it was judged`);
        await element.upload([await browser.lend(basename(name), now.bytes)]);
        return undefined;
      },
    });
  },
});

async function readFile(files: Needs["files"], workspace: string, path: string) {
  const { file } = await files.open(workspace, path);
  try {
    const { size } = await file.stat();
    if (size > MAX_DOWNLOAD) throw new AlephError("payload_too_large", `"${path}" has ${size} bytes`);
    const bytes = await file.readFile();
    return { bytes, size: bytes.byteLength, sha256: new Bun.CryptoHasher("sha256").update(bytes).digest("hex") };
  } finally {
    await file.close();
  }
}
