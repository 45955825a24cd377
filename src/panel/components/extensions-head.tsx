/** The head of the pages about what extends Aleph, with the way from one to the other. */
import type { StringKey } from "../i18n/strings.ts";
import type { Panel } from "../state/panel.ts";
import { hashOf, type PageName } from "../state/router.ts";
import { usePanel, useT } from "./context.ts";
import { PageHead } from "./page-head.tsx";
import { WaitingDot } from "./waiting-dot.tsx";

const PAGES = ["plugins", "skills", "mcp"] as const satisfies readonly PageName[];
const TITLES = { plugins: "plugins.title", skills: "skills.title", mcp: "mcp.title" } as const satisfies Record<
  (typeof PAGES)[number],
  StringKey
>;

export function ExtensionsHead({ page }: { page: (typeof PAGES)[number] }) {
  const t = useT();
  const panel = usePanel();
  return (
    <>
      <PageHead title={t(TITLES[page])} />
      <nav class="tabs" aria-label={t("extensions.title")}>
        {PAGES.map((name) => (
          <a key={name} href={hashOf({ page: name })} aria-current={name === page ? "page" : undefined}>
            {t(TITLES[name])}
            <WaitingDot count={panel[name].waiting.value} />
          </a>
        ))}
      </nav>
    </>
  );
}

/** Where something waits, else the first page. */
export function extensionsPlace(panel: Panel): { readonly page: PageName; readonly waiting: number } {
  const waiting = PAGES.reduce((sum, name) => sum + panel[name].waiting.value, 0);
  return { page: PAGES.find((name) => panel[name].waiting.value > 0) ?? PAGES[0], waiting };
}

export function isExtensionsPage(page: string): boolean {
  return PAGES.some((name) => name === page);
}
