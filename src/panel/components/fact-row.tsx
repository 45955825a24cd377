/** One fact: what it says, where it came from, and the way to forget it. */
import type { ShownFact } from "../state/facts.ts";
import { hashOf } from "../state/router.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";
import { exactText } from "./tool-words.ts";

export function FactRow({ fact }: { fact: ShownFact }) {
  const t = useT();
  const panel = usePanel();
  const { time } = useFormats();
  const { fact_id, content, subject, source, trusted, session_key, updated_at, expires_at } = fact;
  return (
    <Entry
      id={fact_id}
      name={exactText(content)}
      about={subject}
      state={trusted ? time(updated_at) : t("memory.outside")}
      tone={trusted ? undefined : "warn"}
    >
      {() => (
        <>
          <p>{exactText(content)}</p>
          {!trusted && <p class="aside">{t("memory.outside_about")}</p>}
          <dl class="fact-list">
            <Fact name={t("memory.source")}>{t(`memory.source_${source}`)}</Fact>
            {subject !== null && <Fact name={t("memory.about_what")}>{exactText(subject)}</Fact>}
            <Fact name={t("memory.since")}>{time(updated_at)}</Fact>
            {expires_at !== null && <Fact name={t("memory.until")}>{time(expires_at)}</Fact>}
            {session_key !== null && (
              <Fact name={t("memory.where")}>
                <a href={hashOf({ page: "session", key: session_key })}>{session_key}</a>
              </Fact>
            )}
          </dl>
          <div class="approval-answers">
            <ConfirmButton
              title={t("memory.forget_title")}
              text={t("memory.forget_text", { content: exactText(content) })}
              label={t("memory.forget")}
              act={() => panel.facts.forget(fact)}
            />
          </div>
        </>
      )}
    </Entry>
  );
}
