/** One invited guest: what it may use, until when, and its end. */
import type { ShownInvite } from "../state/access.ts";
import { useFormats, useShell, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";

export function InviteRow({ invite }: { invite: ShownInvite }) {
  const t = useT();
  const { panel, openDialog } = useShell();
  const { time, money } = useFormats();
  const { invite_id, tools, budget, created_by, created_at, expires_at, used_at } = invite;
  const isOver = expires_at <= panel.now();
  const used = used_at === null ? t("access.guest_unused") : t("access.guest_used", { time: time(used_at) });
  const limits = [
    budget.tokens === null ? "" : t("access.guest_tokens", { count: budget.tokens }),
    budget.cost_usd === null ? "" : money(budget.cost_usd),
  ].filter((limit) => limit !== "");
  return (
    <Entry
      id={invite_id}
      name={t("access.guest", { time: time(created_at) })}
      about={tools.length === 0 ? t("access.guest_no_tools") : tools.join(", ")}
      state={isOver ? t("access.expired") : used}
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
            <Fact name={t("access.guest_came")}>{used_at === null ? t("access.guest_unused") : time(used_at)}</Fact>
            <Fact name={t("access.id")}>
              <code>{invite_id}</code>
            </Fact>
          </dl>
          <div class="approval-answers">
            <button
              type="button"
              class="button danger"
              onClick={() =>
                openDialog({
                  kind: "confirm",
                  title: t("access.revoke_guest_title"),
                  text: t("access.revoke_guest_text"),
                  label: t("access.revoke"),
                  act: () => panel.access.revokeInvite(invite_id),
                })
              }
            >
              {t("access.revoke")}
            </button>
          </div>
        </>
      )}
    </Entry>
  );
}
