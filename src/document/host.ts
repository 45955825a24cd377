/** The process that reads one document: `aleph-server __document-host`. Its bytes come in, its text goes out. */
import { extractDocument } from "./extract.ts";
import { DocumentFault, type ExtractedDocument } from "./extracted.ts";

export type HostAnswer = { readonly document: ExtractedDocument } | { readonly fault: string };

export async function runDocumentHost(): Promise<void> {
  const bytes = new Uint8Array(await Bun.stdin.arrayBuffer());
  await Bun.write(Bun.stdout, JSON.stringify(await answer(bytes)));
}

async function answer(bytes: Uint8Array): Promise<HostAnswer> {
  try {
    return { document: await extractDocument(bytes) };
  } catch (thrown) {
    if (thrown instanceof DocumentFault) return { fault: thrown.message };
    // The readers of such formats throw whatever a broken file leads them to.
    return { fault: `it is broken (${thrown instanceof Error ? thrown.message.slice(0, 200) : "no reason given"})` };
  }
}
