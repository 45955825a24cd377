/** What axe-core finds wrong with the page as it stands, or with one part of it. */
import axe from "axe-core";
import type { Page } from "./page.ts";

/** The names of the rules that are broken. */
export function complaintsOf(page: Page, part = "document"): Promise<readonly string[]> {
  return page.evaluate(
    `(async () => { ${axe.source}; const { violations } = await axe.run(${part}, { resultTypes: ['violations'] }); return violations.map(({ id }) => id); })()`,
  );
}

/** Each with where it is and what would mend it; of one rule, where it is named. */
export async function faultsOf(page: Page, rule?: string): Promise<readonly string[]> {
  await page.evaluate(`(() => { if (!window.axe) { ${axe.source} } return 1; })()`);
  const options = { resultTypes: ["violations"], ...(rule === undefined ? {} : { runOnly: [rule] }) };
  return page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target.join(' ') + ' ' + failureSummary)))`,
  );
}
