/** The head of the settings and of the pages about the server, with the way from one to the other. */
import { ADMINISTRATION, type AdministrationPageName } from "../state/administration.ts";
import { hashOf } from "../state/router.ts";
import { useT } from "./context.ts";
import { PageHead } from "./page-head.tsx";
import { PAGE_TITLES } from "./page-titles.ts";

export function AdministrationHead({ page }: { page: "settings" | AdministrationPageName }) {
  const t = useT();
  return (
    <>
      <PageHead title={t(PAGE_TITLES[page])} />
      <nav class="tabs" aria-label={t("settings.nav")}>
        {(["settings", ...ADMINISTRATION] as const).map((name) => (
          <a key={name} href={hashOf({ page: name })} aria-current={name === page ? "page" : undefined}>
            {t(PAGE_TITLES[name])}
          </a>
        ))}
      </nav>
    </>
  );
}
