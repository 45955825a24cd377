/** Checks a config file as a start would, without a start and without leaving a trace. Loads the schema. */
import { readFileSync } from "node:fs";
import { locate, parseDocument } from "../config/document.ts";
import { validateDocument } from "../config/validate.ts";
import type { Issue } from "../protocol/errors.ts";

/** Empty when it is valid. Throws the system's error when the file cannot be read. */
export async function checkConfigFile(path: string): Promise<readonly Issue[]> {
  const text = readFileSync(path, "utf8");
  const { document, issues } = await parseDocument(text);
  return issues.length > 0 ? issues : locate(validateDocument(document), text);
}
