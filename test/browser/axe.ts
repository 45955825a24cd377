/** What axe-core finds wrong with the page as it stands, or with one part of it, by the names of its rules. */
import axe from "axe-core";
import type { Page } from "./page.ts";

export function complaintsOf(page: Page, part = "document"): Promise<readonly string[]> {
  return page.evaluate(
    `(async () => { ${axe.source}; const { violations } = await axe.run(${part}, { resultTypes: ['violations'] }); return violations.map(({ id }) => id); })()`,
  );
}
