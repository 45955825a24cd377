/** Text as it is put together from paragraphs, headings, lists and tables, in Markdown where that says more. */

export class Blocks {
  readonly #blocks: string[] = [];
  #line = "";
  /** Rows of the tables that are open, the innermost last; a table in a cell is text of that cell. */
  readonly #tables: { rows: string[][]; cell: string[] }[] = [];

  write(text: string): void {
    this.#line += text;
  }

  /** Ends a paragraph. `mark` stands before it: `## `, `- `. */
  paragraph(mark = ""): void {
    const text = this.#line.replace(/[ \t]+$/gm, "").replace(/^\n+|\n+$/g, "");
    this.#line = "";
    if (text.trim() === "") return;
    this.#put(mark + text);
  }

  openTable(): void {
    this.paragraph();
    this.#tables.push({ rows: [], cell: [] });
  }

  openRow(): void {
    this.#tables.at(-1)?.rows.push([]);
  }

  closeCell(repeated = 1): void {
    this.paragraph();
    const table = this.#tables.at(-1);
    if (!table) return;
    const text = table.cell.join(" ").replace(/\s+/g, " ").replaceAll("|", "\\|").trim();
    table.cell.length = 0;
    for (let time = 0; time < repeated; time++) table.rows.at(-1)?.push(text);
  }

  closeTable(): void {
    const table = this.#tables.pop();
    if (!table) return;
    const rows = table.rows.filter((row) => row.some((cell) => cell !== ""));
    if (rows.length === 0) return;
    const [head = [], ...rest] = rows;
    const lines = [head, head.map(() => "---"), ...rest].map((row) => `| ${row.join(" | ")} |`);
    this.#put(lines.join("\n"));
  }

  text(): string {
    this.paragraph();
    // Entries of one list belong together.
    return this.#blocks.reduce(
      (all, block, at) =>
        all + (at === 0 ? "" : isEntry(block) && isEntry(this.#blocks[at - 1]!) ? "\n" : "\n\n") + block,
      "",
    );
  }

  #put(block: string): void {
    const table = this.#tables.at(-1);
    if (table) table.cell.push(block);
    else this.#blocks.push(block);
  }
}

function isEntry(block: string): boolean {
  return /^ *- /.test(block);
}
