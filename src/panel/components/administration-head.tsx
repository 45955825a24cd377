/** The head of the settings and of the pages about the server, with the way from one to the other. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { ADMINISTRATION, type AdministrationPageName } from "../state/administration.ts";
import { hashOf } from "../state/router.ts";
import { useT } from "./context.ts";
import { PageHead } from "./page-head.tsx";
import { PAGE_TITLES } from "./page-titles.ts";

export function AdministrationHead({ page }: { page: "settings" | AdministrationPageName }) {
  const t = useT();
  const tabs = useRef<HTMLElement>(null);
  // On a phone there is no room for all of them.
  useLayoutEffect(() => {
    const current = tabs.current?.querySelector<HTMLElement>("[aria-current]");
    if (tabs.current && current)
      tabs.current.scrollLeft = current.offsetLeft - (tabs.current.clientWidth - current.clientWidth) / 2;
  }, [page]);
  return (
    <>
      <PageHead title={t(PAGE_TITLES[page])} />
      <nav class="tabs scrolled" ref={tabs} aria-label={t("settings.nav")}>
        {(["settings", ...ADMINISTRATION] as const).map((name) => (
          <a key={name} href={hashOf({ page: name })} aria-current={name === page ? "page" : undefined}>
            {t(PAGE_TITLES[name])}
          </a>
        ))}
      </nav>
    </>
  );
}
