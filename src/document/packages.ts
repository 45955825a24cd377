/**
 * The packages that read documents. A confined process that runs from source may not look for packages in the folders
 * above, so there they go by their paths.
 */
import { join } from "node:path";

const fromSource = (path: string) => import(join(import.meta.dir, "../../node_modules", path));

export const { unzipSync }: typeof import("fflate") = Bun.isStandaloneExecutable
  ? await import("fflate")
  : await fromSource("fflate/esm/index.mjs");

export const { Parser }: typeof import("saxen") = Bun.isStandaloneExecutable
  ? await import("saxen")
  : await fromSource("saxen/dist/index.js");

/** Large, and so only where a PDF is to be read. */
export async function loadPdfReader(): Promise<typeof import("unpdf")> {
  if (Bun.isStandaloneExecutable) return await import("unpdf");
  const reader: typeof import("unpdf") = await fromSource("unpdf/dist/index.mjs");
  await reader.definePDFJSModule(() => fromSource("unpdf/dist/pdfjs.mjs"));
  return reader;
}
