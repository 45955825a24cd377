/** Shows more of a result that was too long to be shown whole. */
import * as z from "zod";
import { AlephError } from "../../protocol/errors.ts";
import type { KeptResults } from "../../sdk/kept-results.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./read-result.md" with { type: "text" };

interface Needs {
  readonly results: Pick<KeptResults, "find">;
}

const DEFAULT_LIMIT = 20_000;
const MAX_LIMIT = 50_000;

export const readResult = defineTool({
  name: "read_result",
  description,
  params: z.strictObject({
    handle: z.string().min(1).max(64).describe("as the shortened result names it"),
    offset: z.int().min(0).optional().describe("the first character to show, from 0"),
    limit: z.int().min(1).max(MAX_LIMIT).optional().describe("how many characters"),
    find: z.string().min(1).max(200).optional().describe("begin where this text stands next, at or behind offset"),
  }),
  parallel: true,
  prepare({ results }: Needs, { handle, offset = 0, limit = DEFAULT_LIMIT, find }, { sessionKey }) {
    return {
      tier: "allow",
      reason: "Reads a result of this conversation",
      plan: { handle, offset, limit, ...(find === undefined ? {} : { find }) },
      async run() {
        const kept = results.find(sessionKey, handle);
        if (!kept) {
          throw new AlephError("not_found", `There is no result "${handle}", or no more`, {
            data: { hint: "Only the latest results are kept: call the tool again" },
          });
        }
        const { text, untrusted, tool } = kept;
        const from = find === undefined ? offset : text.indexOf(find, offset);
        if (from < 0) return { ok: false, text: `"${find}" does not stand behind ${offset} in the result of ${tool}` };
        if (from >= text.length) return { ok: false, text: `The result has ${text.length} characters` };
        const end = Math.min(text.length, from + limit);
        const heading = `[${tool}, characters ${from} to ${end} of ${text.length}]`;
        const note = end < text.length ? `\n[go on with offset ${end}]` : "";
        const shown = `${heading}\n${text.slice(from, end).toWellFormed()}${note}`;
        return { ok: true, text: shown, ...(untrusted ? { untrusted } : {}) };
      },
    };
  },
});
