/** What extends Aleph, each kind with a page of its own. */
import type { Panel } from "./panel.ts";
import type { PageName } from "./router.ts";

export const EXTENSION_PAGES = ["plugins", "skills", "mcp"] as const satisfies readonly PageName[];
export type ExtensionPage = (typeof EXTENSION_PAGES)[number];

/** The page where something waits, else the first one, and how much waits in all. */
export function extensionsPlace(panel: Panel): { readonly page: ExtensionPage; readonly waiting: number } {
  const waiting = EXTENSION_PAGES.reduce((sum, name) => sum + panel[name].waiting.value, 0);
  return { page: EXTENSION_PAGES.find((name) => panel[name].waiting.value > 0) ?? EXTENSION_PAGES[0], waiting };
}

export function isExtensionPage(page: string): boolean {
  return EXTENSION_PAGES.some((name) => name === page);
}
