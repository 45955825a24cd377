/** The cells of a workbook, sheet by sheet: a line for each row, cells with tabs between them. */
import { columnOf, isDateFormat, serialDate } from "./cells.ts";
import { DocumentFault, MAX_TEXT, PartList } from "./extracted.ts";
import type { DocumentPackage } from "./package.ts";
import { readRelations, resolveTarget, walkXml } from "./xml.ts";

/** Columns that are shown of one row. */
const MAX_COLUMNS = 256;

interface Book {
  readonly strings: readonly string[];
  /** Whether numbers of each cell format are dates. */
  readonly dates: readonly boolean[];
  readonly from1904: boolean;
}

export function readXlsx(archive: DocumentPackage): PartList {
  const workbook = archive.text("xl/workbook.xml");
  if (workbook === undefined) throw new DocumentFault("it has no workbook part");
  const relations = readRelations(archive.text("xl/_rels/workbook.xml.rels"));
  const { sheets, from1904 } = readWorkbook(workbook);
  const book: Book = {
    strings: readStrings(archive.text("xl/sharedStrings.xml")),
    dates: readDateFormats(archive.text("xl/styles.xml")),
    from1904,
  };
  const list = new PartList();
  for (const { name, id } of sheets) {
    const relation = relations.get(id);
    // A sheet that is a chart has no cells.
    if (relation?.type !== "worksheet") continue;
    const xml = archive.text(resolveTarget("xl", relation.target));
    if (xml === undefined) continue;
    const { text, cut } = readSheet(xml, book);
    if (!list.add(`Sheet ${JSON.stringify(name)}`, text)) break;
    if (cut) list.stop();
  }
  return list;
}

function readWorkbook(xml: string) {
  const sheets: { name: string; id: string }[] = [];
  let from1904 = false;
  walkXml(xml, {
    open(element, { name = "", id = "", date1904 = "" }) {
      if (element === "workbookPr") from1904 = /^(?:1|true)$/.test(date1904);
      if (element === "sheet") sheets.push({ name, id });
    },
  });
  return { sheets, from1904 };
}

function readStrings(xml: string | undefined): readonly string[] {
  const strings: string[] = [];
  let current = "";
  let inText = false;
  /** Inside of what says how a word is spoken. */
  let inPhonetic = false;
  walkXml(xml ?? "", {
    open(name) {
      if (name === "si") current = "";
      else if (name === "t") inText = true;
      else if (name === "rPh") inPhonetic = true;
    },
    close(name) {
      if (name === "si") strings.push(current);
      else if (name === "t") inText = false;
      else if (name === "rPh") inPhonetic = false;
    },
    text(text) {
      if (inText && !inPhonetic) current += text;
    },
  });
  return strings;
}

function readDateFormats(xml: string | undefined): readonly boolean[] {
  const custom = new Map<string, string>();
  const dates: boolean[] = [];
  let inCells = false;
  walkXml(xml ?? "", {
    open(name, { numFmtId = "0", formatCode = "" }) {
      if (name === "numFmt") custom.set(numFmtId, formatCode);
      else if (name === "cellXfs") inCells = true;
      else if (name === "xf" && inCells) dates.push(isDateFormat(Number(numFmtId), custom.get(numFmtId)));
    },
    close(name) {
      if (name === "cellXfs") inCells = false;
    },
  });
  return dates;
}

function readSheet(xml: string, book: Book): { readonly text: string; readonly cut: boolean } {
  const rows: string[] = [];
  let row: string[] = [];
  let cell = { column: 0, type: "n", style: 0 };
  let value = "";
  let inValue = false;
  let inPhonetic = false;
  let size = 0;
  let cut = false;
  walkXml(xml, {
    open(name, { r, t = "n", s = "0" }) {
      if (name === "row") row = [];
      else if (name === "c") {
        cell = { column: r === undefined ? row.length : columnOf(r), type: t, style: Number(s) };
        value = "";
      } else if (name === "v" || name === "t") inValue = true;
      else if (name === "rPh") inPhonetic = true;
    },
    close(name) {
      if (name === "v" || name === "t") inValue = false;
      else if (name === "rPh") inPhonetic = false;
      else if (name === "c") {
        const shown = show(value, cell, book).replace(/\s+/g, " ");
        if (cell.column >= MAX_COLUMNS) cut ||= shown !== "";
        else if (shown !== "") {
          while (row.length < cell.column) row.push("");
          row[cell.column] = shown;
        }
      } else if (name === "row" && row.length > 0) {
        const line = row.join("\t");
        size += line.length + 1;
        if (size <= MAX_TEXT) rows.push(line);
        else cut = true;
      }
    },
    text(text) {
      if (inValue && !inPhonetic) value += text;
    },
  });
  return { text: rows.join("\n"), cut };
}

function show(
  value: string,
  { type, style }: { readonly type: string; readonly style: number },
  { strings, dates, from1904 }: Book,
): string {
  if (type === "s") return strings[Number(value)] ?? "";
  if (type === "b") return value === "1" ? "TRUE" : "FALSE";
  if (type === "n" && value !== "" && dates[style]) return serialDate(Number(value), from1904) ?? value;
  // Numbers as they were computed have digits that nobody entered.
  if (type === "n" && /^-?\d*\.\d{12,}/.test(value)) return String(Number(Number(value).toPrecision(15)));
  return value;
}
