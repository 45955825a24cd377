/** Reads the text out of a document, whichever of the known kinds its bytes are. Runs in a process of its own. */
import { DocumentFault, type DocumentKind, type ExtractedDocument, type PartList } from "./extracted.ts";
import type { DocumentPackage } from "./package.ts";

/** Throws `DocumentFault`. */
export async function extractDocument(bytes: Uint8Array): Promise<ExtractedDocument> {
  if (isPdf(bytes)) {
    const { readPdf } = await import("./pdf.ts");
    return result("pdf", await readPdf(bytes));
  }
  const { openPackage } = await import("./package.ts");
  const archive = openPackage(bytes);
  const kind = kindOf(archive);
  if (kind === undefined) throw new DocumentFault("it is an archive, but no document of a known kind");
  return result(kind, await read(kind, archive));
}

function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1024)).includes("%PDF-");
}

function kindOf({ names, text }: DocumentPackage): Exclude<DocumentKind, "pdf"> | undefined {
  if (names.includes("word/document.xml")) return "docx";
  if (names.includes("xl/workbook.xml")) return "xlsx";
  if (names.includes("ppt/presentation.xml")) return "pptx";
  const type = names.includes("mimetype") ? (text("mimetype") ?? "").trim() : "";
  return OPEN_DOCUMENTS.find(({ mime }) => type.startsWith(mime))?.kind;
}

const OPEN_DOCUMENTS = [
  { mime: "application/vnd.oasis.opendocument.text", kind: "odt" },
  { mime: "application/vnd.oasis.opendocument.spreadsheet", kind: "ods" },
  { mime: "application/vnd.oasis.opendocument.presentation", kind: "odp" },
] as const;

async function read(kind: Exclude<DocumentKind, "pdf">, archive: DocumentPackage): Promise<PartList> {
  switch (kind) {
    case "docx":
      return (await import("./docx.ts")).readDocx(archive);
    case "xlsx":
      return (await import("./xlsx.ts")).readXlsx(archive);
    case "pptx":
      return (await import("./pptx.ts")).readPptx(archive);
    default:
      return (await import("./open-document.ts")).readOpenDocument(archive, kind);
  }
}

function result(kind: DocumentKind, { parts, cut }: PartList): ExtractedDocument {
  return { kind, parts, cut };
}
