/** What is installed, as a person names it at the prompt. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** What is no URL is a path, and made whole: the server was started in another folder. */
export function toSource(given: string): string {
  const isElsewhere = /^[a-z][a-z0-9+.-]+:\/\/|^[^/\\]+@[^/\\]+:/i.test(given);
  return isElsewhere && !existsSync(given) ? given : resolve(given);
}
