/** The line above a page: its name, and the way to the list where that is hidden. */
import { hashOf } from "../state/router.ts";
import { usePanel, useT } from "./context.ts";
import { Icon } from "./icon.tsx";
import { useRail } from "./layout.tsx";

export function PageHead({ title }: { title: string }) {
  const t = useT();
  const { approvals, router } = usePanel();
  const rail = useRail();
  const place = router.place.value;
  const here = place.page === "session" ? place.key : undefined;
  const elsewhere =
    place.page === "approvals"
      ? []
      : approvals.waiting.value.filter(({ session_key }) => session_key !== null && session_key !== here);
  const [first] = elsewhere;
  return (
    <>
      <header class="page-head">
        {!rail.isOpen && (
          <button
            type="button"
            class="icon-button"
            aria-label={t("rail.open")}
            title={t("rail.open")}
            onClick={rail.open}
          >
            <Icon name="rail" />
          </button>
        )}
        <h1>{title}</h1>
        {!rail.isOpen && (
          <a class="icon-button" href={hashOf({ page: "new" })} aria-label={t("rail.new")} title={t("rail.new")}>
            <Icon name="plus" />
          </a>
        )}
      </header>
      {first?.session_key && (
        <a class="line warn" href={hashOf({ page: "session", key: first.session_key })}>
          <span class="dot waiting" />
          {t("approval.elsewhere", { count: elsewhere.length })}
        </a>
      )}
    </>
  );
}
