/**
 * The public test suites of JSON and TOML as they were published, each an archive with its licence: JSONTestSuite of Nicolas
 * Seriot (https://github.com/nst/JSONTestSuite) and toml-test (https://github.com/toml-lang/toml-test).
 */
import { join } from "node:path";

export interface CorpusFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export async function readCorpus(name: "json-test-suite" | "toml-test"): Promise<readonly CorpusFile[]> {
  const archive = new Bun.Archive(await Bun.file(join(import.meta.dir, "corpus", `${name}.tar.gz`)).bytes());
  const files = [...(await archive.files())].map(async ([path, file]) => ({ path, bytes: await file.bytes() }));
  return await Promise.all(files);
}

/** Undefined for what is not UTF-8. */
export function textOf({ bytes }: CorpusFile): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Some files are there to be no UTF-8.
    return undefined;
  }
}
