/** What axe-core finds wrong with the page as it stands: the rule, where it is broken, and what would mend it. */
import axe from "axe-core";
import type { Page } from "./page.ts";

/** With all rules, or the one that is named; of the whole page, or of one part of it. */
export async function complaintsOf(page: Page, part = "document", rule?: string): Promise<readonly string[]> {
  await page.evaluate(`(() => { if (!window.axe) { ${axe.source} } return 1; })()`);
  const options = { resultTypes: ["violations"], ...(rule === undefined ? {} : { runOnly: [rule] }) };
  return page.evaluate(
    `axe.run(${part}, ${JSON.stringify(options)}).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target.join(' ') + ' ' + failureSummary)))`,
  );
}
