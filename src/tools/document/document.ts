/** Reads the text of a document: a PDF, an office file. */
import * as z from "zod";
import { type Documents, documentText } from "../../document/documents.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineTool } from "../../sdk/tool.ts";
import { type SourceNeeds, sourceOf, sourceParams } from "../source/source.ts";
import description from "./document.md" with { type: "text" };

interface Needs extends SourceNeeds {
  readonly documents: Documents;
}

const MAX_BYTES = 64 * 1024 * 1024;
const place = z.int().min(1).optional();

export const document = defineTool({
  name: "document",
  description,
  params: z.strictObject({
    ...sourceParams,
    from: place.describe("the first page, sheet or slide, from 1"),
    to: place.describe("the last one"),
  }),
  parallel: true,
  async prepare({ documents, ...needs }: Needs, { from = 1, to, ...wanted }, { workspace, signal }) {
    const source = await sourceOf(needs, wanted, workspace);
    if (to !== undefined && to < from) throw new AlephError("invalid_params", '"to" is before "from"');
    return {
      tier: "allow",
      reason: "Reads a document",
      plan: { ...wanted, from, ...(to === undefined ? {} : { to }) },
      async run() {
        const read = await documents.read(await source.read(MAX_BYTES), source.name, signal);
        const parts = read.parts.slice(from - 1, to);
        if (parts.length === 0) {
          return { ok: false, text: `"${source.name}" has ${read.parts.length} parts; there is none at ${from}` };
        }
        const text = documentText({ ...read, parts, cut: read.cut && to === undefined });
        const isEmpty = parts.every((part) => part.text === "");
        const note = isEmpty ? "\n[there is no text in it; it may be pictures of pages]" : "";
        const heading = `${source.name} (${read.kind}, ${read.parts.length === 1 ? "one part" : `${read.parts.length} parts`})`;
        return { ok: true, text: `${heading}\n\n${text}${note}`, untrusted: true };
      },
    };
  },
});
