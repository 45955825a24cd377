/** One invited guest, or a page whose visitors are: what they may use, until when, and its end. */
import type { ShownInvite } from "../state/access.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";

export function InviteRow({ invite }: { invite: ShownInvite }) {
  const t = useT();
  const panel = usePanel();
  const { time, money } = useFormats();
  const { invite_id, tools, budget, created_by, created_at, expires_at, used_at, origins, uses, used } = invite;
  const isPage = origins.length > 0;
  const isOver = expires_at <= panel.now();
  const came = used_at === null ? t("access.guest_unused") : t("access.guest_used", { time: time(used_at) });
  const visitors =
    uses === null ? t("access.page_visits", { count: used }) : t("access.page_visits_of", { count: used, most: uses });
  const limits = [
    budget.tokens === null ? "" : t("access.guest_tokens", { count: budget.tokens }),
    budget.cost_usd === null ? "" : money(budget.cost_usd),
  ].filter((limit) => limit !== "");
  return (
    <Entry
      id={invite_id}
      name={
        isPage ? t("access.page_name", { origins: origins.join(", ") }) : t("access.guest", { time: time(created_at) })
      }
      about={tools.length === 0 ? t("access.guest_no_tools") : tools.join(", ")}
      state={isOver ? t("access.expired") : isPage ? visitors : came}
      tone={isOver ? "danger" : undefined}
    >
      {() => (
        <>
          <dl class="fact-list">
            <Fact name={t("access.guest_tools")}>
              {tools.length === 0 ? t("access.guest_no_tools") : tools.join(", ")}
            </Fact>
            <Fact name={t("access.guest_budget")}>{limits.join(", ") || t("access.guest_no_limit")}</Fact>
            <Fact name={t("access.made")}>{t("approvals.since", { who: created_by, time: time(created_at) })}</Fact>
            <Fact name={t("access.expires")}>{time(expires_at)}</Fact>
            {isPage && <Fact name={t("access.page_pages")}>{origins.join(", ")}</Fact>}
            {isPage && <Fact name={t("access.page_count")}>{visitors}</Fact>}
            <Fact name={t(isPage ? "access.page_last" : "access.guest_came")}>
              {used_at === null ? t("access.guest_unused") : time(used_at)}
            </Fact>
            <Fact name={t("access.id")}>
              <code>{invite_id}</code>
            </Fact>
          </dl>
          <div class="approval-answers">
            <ConfirmButton
              title={t("access.revoke_guest_title")}
              text={t(isPage ? "access.revoke_page_text" : "access.revoke_guest_text")}
              label={t("access.revoke")}
              act={() => panel.access.revokeInvite(invite_id)}
            />
          </div>
        </>
      )}
    </Entry>
  );
}
