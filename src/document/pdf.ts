/** The text of a PDF, page by page. */
import { DocumentFault, PartList } from "./extracted.ts";
import { loadPdfReader } from "./packages.ts";

const MAX_PAGES = 5000;

export async function readPdf(bytes: Uint8Array): Promise<PartList> {
  const pdf = await open(bytes);
  const list = new PartList();
  for (let number = 1; number <= pdf.numPages; number++) {
    if (number > MAX_PAGES) {
      list.stop();
      break;
    }
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const text = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join("");
    page.cleanup();
    if (!list.add(`Page ${number}`, text.replace(/[ \t]+$/gm, "").trim())) break;
  }
  return list;
}

async function open(bytes: Uint8Array) {
  const { getDocumentProxy } = await loadPdfReader();
  try {
    return await getDocumentProxy(bytes, { verbosity: 0 });
  } catch (cause) {
    const isLocked = cause instanceof Error && cause.name === "PasswordException";
    throw new DocumentFault(isLocked ? "it is locked with a password" : "it is no PDF that can be opened", { cause });
  }
}
