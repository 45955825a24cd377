/** The text of OpenDocument files: texts, spreadsheets and presentations. */
import { Blocks } from "./blocks.ts";
import { DocumentFault, PartList } from "./extracted.ts";
import type { DocumentPackage } from "./package.ts";
import { type Attributes, walkXml } from "./xml.ts";

/** Cells that are alike are counted; those at the end of a row fill it up and say nothing. */
const MAX_REPEATED = 64;
const MAX_SPACES = 200;

export function readOpenDocument(archive: DocumentPackage, kind: "odt" | "ods" | "odp"): PartList {
  const xml = archive.text("content.xml");
  if (xml === undefined) throw new DocumentFault("it has no content part");
  const list = new PartList();
  const reader = new Reader(kind, (name, text) => list.add(name, text));
  walkXml(xml, reader);
  if (kind === "odt") list.add("", reader.blocks.text());
  return list;
}

class Reader {
  blocks = new Blocks();
  readonly #kind: "odt" | "ods" | "odp";
  readonly #give: (name: string, text: string) => void;
  #part = "";
  #number = 0;
  #repeated = 1;
  #lists = 0;
  #heading = 0;
  /** Depth of paragraphs and headings: text counts only inside of them. */
  #texts = 0;
  /** Inside of notes in the margin and of changes that were taken back. */
  #hidden = 0;

  constructor(kind: "odt" | "ods" | "odp", give: (name: string, text: string) => void) {
    this.#kind = kind;
    this.#give = give;
  }

  open(name: string, attributes: Attributes): void {
    if (name === "tracked-changes" || name === "annotation") this.#hidden++;
    if (this.#hidden > 0) return;
    if (name === "p" || name === "h") {
      this.#texts++;
      this.#heading = name === "h" ? Math.min(6, Number(attributes["outline-level"]) || 1) : 0;
    } else if (name === "list") this.#lists++;
    else if (name === "tab") this.blocks.write("\t");
    else if (name === "line-break") this.blocks.write("\n");
    else if (name === "s") this.blocks.write(" ".repeat(Math.min(MAX_SPACES, Number(attributes.c) || 1)));
    else if (name === "table") {
      if (this.#kind === "ods") this.#begin(`Sheet ${JSON.stringify(attributes.name ?? "")}`);
      this.blocks.openTable();
    } else if (name === "table-row") this.blocks.openRow();
    else if (name === "table-cell" || name === "covered-table-cell") {
      this.#repeated = Math.min(MAX_REPEATED, Number(attributes["number-columns-repeated"]) || 1);
    } else if (name === "page" && this.#kind === "odp") this.#begin(`Slide ${++this.#number}`);
  }

  close(name: string): void {
    if (name === "tracked-changes" || name === "annotation") {
      this.#hidden--;
      return;
    }
    if (this.#hidden > 0) return;
    if (name === "p" || name === "h") {
      this.#texts--;
      const depth = Math.min(8, this.#lists - 1);
      this.blocks.paragraph(
        this.#heading > 0 ? `${"#".repeat(this.#heading)} ` : depth < 0 ? "" : `${"  ".repeat(depth)}- `,
      );
      this.#heading = 0;
    } else if (name === "list") this.#lists--;
    else if (name === "table-cell" || name === "covered-table-cell") {
      this.blocks.closeCell(this.#repeated);
      this.#repeated = 1;
    } else if (name === "table") {
      this.blocks.closeTable();
      if (this.#kind === "ods") this.#end();
    } else if (name === "page" && this.#kind === "odp") this.#end();
  }

  text(text: string): void {
    if (this.#texts > 0 && this.#hidden === 0) this.blocks.write(text.replace(/\s+/g, " "));
  }

  #begin(part: string): void {
    this.#part = part;
    this.blocks = new Blocks();
  }

  #end(): void {
    this.#give(this.#part, this.blocks.text());
    this.blocks = new Blocks();
  }
}
