/** The head of the pages about what begins runs besides the panel, with the way from one to the other. */
import { hashOf } from "../state/router.ts";
import { useT } from "./context.ts";
import { PageHead } from "./page-head.tsx";

const REACH_PAGES = ["channels", "schedules"] as const;
const TITLES = { channels: "channels.title", schedules: "schedules.title" } as const;

export function ReachHead({ page }: { page: (typeof REACH_PAGES)[number] }) {
  const t = useT();
  return (
    <>
      <PageHead title={t(TITLES[page])} />
      <nav class="tabs" aria-label={t("channels.nav")}>
        {REACH_PAGES.map((name) => (
          <a key={name} href={hashOf({ page: name })} aria-current={name === page ? "page" : undefined}>
            {t(TITLES[name])}
          </a>
        ))}
      </nav>
    </>
  );
}
