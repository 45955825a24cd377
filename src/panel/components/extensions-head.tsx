/** The head of the pages about what extends Aleph, with the way from one to the other. */
import { EXTENSION_PAGES, type ExtensionPage } from "../state/extensions.ts";
import { hashOf } from "../state/router.ts";
import { usePanel, useT } from "./context.ts";
import { PageHead } from "./page-head.tsx";
import { WaitingDot } from "./waiting-dot.tsx";

const TITLES = { plugins: "plugins.title", skills: "skills.title", mcp: "mcp.title" } as const;

export function ExtensionsHead({ page }: { page: ExtensionPage }) {
  const t = useT();
  const panel = usePanel();
  return (
    <>
      <PageHead title={t(TITLES[page])} />
      <nav class="tabs" aria-label={t("extensions.title")}>
        {EXTENSION_PAGES.map((name) => (
          <a key={name} href={hashOf({ page: name })} aria-current={name === page ? "page" : undefined}>
            {t(TITLES[name])}
            <WaitingDot count={panel[name].waiting.value} />
          </a>
        ))}
      </nav>
    </>
  );
}
