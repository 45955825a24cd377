/** The text of a Word document. */
import { Blocks } from "./blocks.ts";
import { DocumentFault, PartList } from "./extracted.ts";
import type { DocumentPackage } from "./package.ts";
import { walkXml } from "./xml.ts";

const NOTES = [
  ["word/footnotes.xml", "Footnotes"],
  ["word/endnotes.xml", "Endnotes"],
  ["word/comments.xml", "Comments"],
] as const;

export function readDocx(archive: DocumentPackage): PartList {
  const body = archive.text("word/document.xml");
  if (body === undefined) throw new DocumentFault("it has no text part");
  const styles = headingStyles(archive.text("word/styles.xml"));
  const list = new PartList();
  list.add("", textOf(body, styles));
  for (const [file, name] of NOTES) {
    const xml = archive.text(file);
    const text = xml === undefined ? "" : textOf(xml, styles);
    if (text !== "") list.add(name, text);
  }
  return list;
}

/** The level of each style that is a heading, by its id: ids are in the language of who wrote it, names are not. */
function headingStyles(xml: string | undefined): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  let id = "";
  walkXml(xml ?? "", {
    open(name, { styleId, val = "" }) {
      if (name === "style") id = styleId ?? "";
      const level = name === "name" ? /^heading (\d)$/i.exec(val)?.[1] : undefined;
      if (level !== undefined) levels.set(id, Number(level));
      if (name === "name" && /^title$/i.test(val)) levels.set(id, 1);
    },
  });
  return levels;
}

function textOf(xml: string, styles: ReadonlyMap<string, number>): string {
  const blocks = new Blocks();
  let mark = "";
  let inText = false;
  /** Inside of what stands there a second time for older programs, or was deleted. */
  let hidden = 0;
  walkXml(xml, {
    open(name, { val = "", type }) {
      if (HIDDEN.has(name)) hidden++;
      if (hidden > 0) return;
      if (name === "t") inText = true;
      else if (name === "tab") blocks.write("\t");
      else if (name === "br" || name === "cr") blocks.write(type === "page" ? "" : "\n");
      else if (name === "noBreakHyphen") blocks.write("-");
      else if (name === "pStyle") mark = styles.has(val) ? `${"#".repeat(Math.min(6, styles.get(val)!))} ` : mark;
      else if (name === "ilvl") mark = mark.startsWith("#") ? mark : `${"  ".repeat(Math.min(8, Number(val) || 0))}- `;
      else if (name === "tbl") blocks.openTable();
      else if (name === "tr") blocks.openRow();
    },
    close(name) {
      if (HIDDEN.has(name)) hidden--;
      if (hidden > 0) return;
      if (name === "t") inText = false;
      else if (name === "p") {
        blocks.paragraph(mark);
        mark = "";
      } else if (name === "tc") blocks.closeCell();
      else if (name === "tbl") blocks.closeTable();
    },
    text(text) {
      if (inText && hidden === 0) blocks.write(text);
    },
  });
  return blocks.text();
}

/** `tabs` are where tab stops are, no tabs. */
const HIDDEN = new Set(["Fallback", "del", "tabs", "moveFrom"]);
