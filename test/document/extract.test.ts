import { expect, test } from "bun:test";
import { extractDocument } from "../../src/document/extract.ts";
import { DocumentFault, MAX_TEXT } from "../../src/document/extracted.ts";
import { archive, docx, paragraph, pdf } from "../support/documents.ts";

async function faultOf(bytes: Uint8Array): Promise<string> {
  return extractDocument(bytes).then(
    () => "none",
    (thrown: unknown) => (thrown instanceof DocumentFault ? thrown.message : `other: ${thrown}`),
  );
}

test("extractDocument reads a PDF page by page", async () => {
  expect(await extractDocument(pdf(["Hello (world)\nsecond line", "Next page"]))).toEqual({
    kind: "pdf",
    cut: false,
    parts: [
      { name: "Page 1", text: "Hello (world)\nsecond line" },
      { name: "Page 2", text: "Next page" },
    ],
  });
});

test("extractDocument reads a Word document with headings, lists, tables and notes", async () => {
  const cell = (text: string) => `<w:tc>${paragraph(text)}</w:tc>`;
  const list = (level: number) => `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="1"/></w:numPr>`;
  const body = [
    paragraph("Plan &amp; costs", '<w:pStyle w:val="berschrift2"/>'),
    "<w:p><w:r><w:t>Two </w:t></w:r><w:r><w:t>runs</w:t><w:tab/><w:t>tab</w:t><w:br/><w:t>line</w:t></w:r></w:p>",
    paragraph("first", list(0)),
    paragraph("deeper", list(1)),
    `<w:tbl><w:tr>${cell("a")}${cell("b|c")}</w:tr><w:tr>${cell("1")}${cell("2")}</w:tr></w:tbl>`,
    "<w:p><w:del><w:r><w:t>gone</w:t></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>",
    "<w:p><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>",
  ].join("");
  const notes = `<w:footnotes xmlns:w="w"><w:footnote>${paragraph("A note")}</w:footnote></w:footnotes>`;
  expect(await extractDocument(docx(body, { "word/footnotes.xml": notes }))).toEqual({
    kind: "docx",
    cut: false,
    parts: [
      {
        name: "",
        text: "## Plan & costs\n\nTwo runs\ttab\nline\n\n- first\n  - deeper\n\n| a | b\\|c |\n| --- | --- |\n| 1 | 2 |\n\nnew",
      },
      { name: "Footnotes", text: "A note" },
    ],
  });
});

const SHEET = `<worksheet><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>inline</t></is></c></row>
<row r="2"><c r="A2"><v>0.30000000000000004</v></c><c r="B2" s="1"><v>46000.5</v></c><c r="C2" s="2"><v>46000</v></c><c r="D2" t="b"><v>1</v></c><c r="E2" t="str"><f>A1</f><v>two
words</v></c><c r="F2" t="e"><v>#DIV/0!</v></c><c r="G2" s="3"><v>5</v></c></row>
<row r="3"><c r="A3"/></row></sheetData></worksheet>`;

function xlsx(more: Readonly<Record<string, string>> = {}): Uint8Array {
  return archive({
    "xl/workbook.xml":
      '<workbook xmlns:r="r"><sheets><sheet name="Costs" sheetId="1" r:id="rId1"/><sheet name="Chart" sheetId="2" r:id="rId2"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels":
      '<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/chartsheet" Target="chartsheets/sheet1.xml"/></Relationships>',
    "xl/sharedStrings.xml": "<sst><si><r><t>Name</t></r><r><t> two</t></r><rPh><t>x</t></rPh></si></sst>",
    "xl/styles.xml":
      '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="0.00 &quot;days&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>',
    "xl/worksheets/sheet1.xml": SHEET,
    ...more,
  });
}

test("extractDocument reads the cells of a workbook, dates as dates", async () => {
  expect(await extractDocument(xlsx())).toEqual({
    kind: "xlsx",
    cut: false,
    parts: [
      {
        name: 'Sheet "Costs"',
        text: "Name two\t\tinline\n0.3\t2025-12-09 12:00:00\t2025-12-09\tTRUE\ttwo words\t#DIV/0!\t5",
      },
    ],
  });
});

test("extractDocument shows a wide row in part and says so", async () => {
  const wide = '<worksheet><row><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row></worksheet>';
  const read = await extractDocument(xlsx({ "xl/worksheets/sheet1.xml": wide }));
  expect(read).toEqual({ kind: "xlsx", cut: true, parts: [{ name: 'Sheet "Costs"', text: "1" }] });
});

test("extractDocument reads slides in their order, with notes", async () => {
  const slide = (text: string) =>
    `<p:sld xmlns:a="a" xmlns:p="p"><a:p><a:r><a:t>${text}</a:t></a:r></a:p><a:p><a:fld><a:t>7</a:t></a:fld></a:p></p:sld>`;
  const bytes = archive({
    "ppt/presentation.xml":
      '<p:presentation><p:sldIdLst><p:sldId id="256" r:id="rB"/><p:sldId r:id="rA" id="257"/></p:sldIdLst></p:presentation>',
    "ppt/_rels/presentation.xml.rels":
      '<Relationships><Relationship Id="rA" Type="x/slide" Target="slides/slide1.xml"/><Relationship Id="rB" Type="x/slide" Target="slides/slide2.xml"/></Relationships>',
    "ppt/slides/slide1.xml": slide("second"),
    "ppt/slides/slide2.xml": slide("first"),
    "ppt/slides/_rels/slide2.xml.rels":
      '<Relationships><Relationship Id="r1" Type="x/notesSlide" Target="../notesSlides/n.xml"/></Relationships>',
    "ppt/notesSlides/n.xml": slide("say hello"),
  });
  expect(await extractDocument(bytes)).toEqual({
    kind: "pptx",
    cut: false,
    parts: [
      { name: "Slide 1", text: "first\n\nNotes: say hello" },
      { name: "Slide 2", text: "second" },
    ],
  });
});

function openDocument(type: string, body: string): Uint8Array {
  return archive({
    mimetype: `application/vnd.oasis.opendocument.${type}`,
    "content.xml": `<office:document-content><office:body>${body}</office:body></office:document-content>`,
  });
}

test("extractDocument reads OpenDocument texts, spreadsheets and presentations", async () => {
  const odt = openDocument(
    "text",
    '<text:h text:outline-level="2">Head</text:h><text:p>a<text:s text:c="2"/>b<text:line-break/>c</text:p><text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>',
  );
  const ods = openDocument(
    "spreadsheet",
    '<table:table table:name="S"><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>x</text:p></table:table-cell></table:table-row></table:table>',
  );
  const odp = openDocument(
    "presentation",
    "<draw:page><text:p>one</text:p></draw:page><draw:page><text:p>two</text:p></draw:page>",
  );
  expect([await extractDocument(odt), await extractDocument(ods), await extractDocument(odp)]).toEqual([
    { kind: "odt", cut: false, parts: [{ name: "", text: "## Head\n\na  b\nc\n\n- one" }] },
    { kind: "ods", cut: false, parts: [{ name: 'Sheet "S"', text: "| x | x |\n| --- | --- |" }] },
    {
      kind: "odp",
      cut: false,
      parts: [
        { name: "Slide 1", text: "one" },
        { name: "Slide 2", text: "two" },
      ],
    },
  ]);
});

test("extractDocument says why it cannot read something", async () => {
  expect(await faultOf(new TextEncoder().encode("PK\x03\x04 nothing"))).toBe("it is no archive that can be opened");
  expect(await faultOf(archive({ "a.txt": "x" }))).toBe("it is an archive, but no document of a known kind");
  expect(await faultOf(new TextEncoder().encode("%PDF-1.4 nothing"))).toBe("it is no PDF that can be opened");
});

test("extractDocument refuses what unpacks to too much, and reads a long text in part", async () => {
  expect(await faultOf(docx(paragraph("x".repeat(200 * 1024 * 1024))))).toBe("unpacked it is too large");
  const long = await extractDocument(docx(paragraph("x".repeat(MAX_TEXT + 10))));
  expect([long.cut, long.parts[0]!.text.length]).toEqual([true, MAX_TEXT]);
});

test("extractDocument loads no entities from elsewhere and does not grow those that are there", async () => {
  const xml = `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"><w:p><w:t>&b;&c;</w:t></w:p></w:document>`;
  const read = await extractDocument(docx("", { "word/document.xml": xml }));
  expect(read.parts[0]!.text).toBe("&b;&c;");
});
