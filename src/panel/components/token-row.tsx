/** One token beside the owner's, without what it is: what it may do, until when, when it was used last, and its end. */
import type { ShownToken } from "../state/access.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";
import { exactText } from "./tool-words.ts";

export function TokenRow({ token }: { token: ShownToken }) {
  const t = useT();
  const panel = usePanel();
  const { time } = useFormats();
  const { token_id, scopes, created_by, created_at, expires_at, last_used_at } = token;
  const name = exactText(token.name);
  const link = panel.connection.link.value;
  const isOwn = link.kind === "connected" && link.hello.identity.id === token_id;
  const isOver = expires_at !== null && expires_at <= panel.now();
  const used = last_used_at === null ? t("access.never_used") : t("access.used", { time: time(last_used_at) });
  return (
    <Entry
      id={token_id}
      name={name}
      about={scopes.join(", ")}
      state={isOver ? t("access.expired") : used}
      tone={isOver ? "danger" : undefined}
    >
      {() => (
        <>
          {isOwn && <p>{t("access.own_token")}</p>}
          <dl class="fact-list">
            <Fact name={t("access.scopes")}>{scopes.join(", ")}</Fact>
            <Fact name={t("access.made")}>{t("approvals.since", { who: created_by, time: time(created_at) })}</Fact>
            <Fact name={t("access.expires")}>{expires_at === null ? t("access.expires_never") : time(expires_at)}</Fact>
            <Fact name={t("access.last_used")}>
              {last_used_at === null ? t("access.never_used") : time(last_used_at)}
            </Fact>
            <Fact name={t("access.id")}>
              <code>{token_id}</code>
            </Fact>
          </dl>
          <div class="approval-answers">
            <ConfirmButton
              title={t("access.revoke_token_title", { name })}
              text={t(isOwn ? "access.revoke_own_token_text" : "access.revoke_token_text")}
              label={t("access.revoke")}
              act={() => panel.access.revokeToken(token_id)}
            />
          </div>
        </>
      )}
    </Entry>
  );
}
