/** The new text of config.toml for a changed document: in place where that works, otherwise written anew. */
import { isTable } from "../lib/merge-patch.ts";
import { editToml } from "../lib/toml-edit.ts";
import { parseDocument } from "./document.ts";
import { normalisePath, type Table } from "./normalise.ts";

export interface Rendered {
  readonly text: string;
  /** Whether comments and order could not be kept. */
  readonly rewritten: boolean;
}

/** `text` holds `before` (absent: there is no file yet); the result holds exactly `after`. */
export async function renderDocument(text: string | undefined, before: Table, after: Table): Promise<Rendered> {
  const { stringify } = await import("smol-toml");
  const edited = editToml(text ?? "", before, after, { stringify, pathOf: normalisePath });
  if (edited !== undefined) {
    const { document, issues } = await parseDocument(edited);
    if (issues.length === 0 && Bun.deepEquals(withoutEmptySections(document), withoutEmptySections(after))) {
      return { text: edited, rewritten: false };
    }
  }
  const head = leadingComments(text ?? "");
  return { text: head + stringify(withoutEmptySections(after)), rewritten: text !== undefined };
}

/** An empty section says the same as none, and a text may have no place for it. */
function withoutEmptySections(document: Table): Table {
  return Object.fromEntries(
    Object.entries(document).filter(([, section]) => !isTable(section) || Object.keys(section).length > 0),
  );
}

/** The head of the file up to the first key: the line for editors that names the schema is there. */
function leadingComments(text: string): string {
  const head = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*/.exec(text.replace(/^\ufeff/, ""))?.[0] ?? "";
  return head.trim() === "" ? "" : `${head.trimEnd()}\n\n`;
}
