/** What waits for the owner, and what they allowed for longer than once, each with the way to take it back. */
import { useEffect } from "preact/hooks";
import type { ApprovalGrant } from "../../protocol/approval.ts";
import { ApprovalCard } from "../components/approval-card.tsx";
import { useFormats, usePanel, useT } from "../components/context.ts";
import { Exactly } from "../components/exactly.tsx";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { NotifyButton } from "../components/notify-button.tsx";
import { PageHead } from "../components/page-head.tsx";
import { Trouble } from "../components/trouble.tsx";
import { useAct } from "../components/use-act.ts";
import { hashOf } from "../state/router.ts";

export function ApprovalsPage() {
  const t = useT();
  const { approvals, grants } = usePanel();
  const phase = grants.phase.value;
  const list = grants.list.value;
  const waiting = approvals.waiting.value;
  useEffect(() => void grants.load(), [grants]);
  return (
    <>
      <PageHead title={t("approvals.title")} />
      <div class="settings entries">
        {waiting.map((question) => (
          <ApprovalCard key={question.approval_id} question={question} first={question === waiting[0]} />
        ))}
        {waiting.length === 0 && <p class="aside">{t("approvals.none_waiting")}</p>}
        <p>
          <NotifyButton />
        </p>
        {phase.kind === "loading" && !list && <Late>{t("approvals.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => grants.load()} />}
        {list && (
          <section>
            <h2>{t("approvals.granted")}</h2>
            {list.length === 0 && <p class="aside">{t("approvals.none_granted")}</p>}
            {list.map((grant) => (
              <GrantRow key={grant.approval_id} grant={grant} />
            ))}
          </section>
        )}
      </div>
    </>
  );
}

function GrantRow({ grant }: { grant: ApprovalGrant }) {
  const t = useT();
  const { grants } = usePanel();
  const { time } = useFormats();
  const { busy, trouble, run } = useAct();
  const { approval_id, tool, session_key, allows, granted_by, created_at } = grant;
  return (
    <section class="setting" data-grant={approval_id}>
      <div class="plan">
        <p>
          <span class="tool-name">{tool}</span>{" "}
          <span class="meta">
            {t("approvals.since", { who: granted_by ?? "", time: time(created_at) })}{" "}
            {session_key === null ? (
              t("approvals.everywhere")
            ) : (
              <a href={hashOf({ page: "session", key: session_key })}>{t("approvals.one_session")}</a>
            )}
          </span>
        </p>
        <Exactly value={allows} label={t("approvals.allows")} />
      </div>
      <Trouble text={trouble} />
      <button type="button" class="button danger" disabled={busy} onClick={() => run(() => grants.revoke(approval_id))}>
        {t("approvals.revoke")}
      </button>
    </section>
  );
}
