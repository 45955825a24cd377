/** The pages about the server itself, in their order; they stand beside the settings. */
import type { PageName } from "./router.ts";

export const ADMINISTRATION = [
  "models",
  "agents",
  "nodes",
  "logs",
  "config",
  "doctor",
] as const satisfies readonly PageName[];
export type AdministrationPageName = (typeof ADMINISTRATION)[number];

export function isAdministration(page: string): page is AdministrationPageName {
  return ADMINISTRATION.some((name) => name === page);
}
