/** Search over all that was said; what is found opens its conversation at that message. */
import { useEffect } from "preact/hooks";
import { useFormats, usePanel, useT } from "../components/context.ts";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { Marked } from "../components/marked.tsx";
import { PageHead } from "../components/page-head.tsx";
import { SearchForm } from "../components/search-form.tsx";
import { hashOf } from "../state/router.ts";

export function SearchPage({ query }: { query: string }) {
  const t = useT();
  const { search, router } = usePanel();
  const { time } = useFormats();
  const phase = search.phase.value;
  const found = search.found.value;
  const asked = search.query.value;
  useEffect(() => void search.ask(query), [search, query]);
  return (
    <>
      <PageHead title={t("search.title")} />
      <div class="settings entries">
        <SearchForm
          label={t("search.words")}
          submit={t("search.submit")}
          value={query}
          onSearch={(words) => router.go({ page: "search", query: words.trim() })}
        />
        {asked === "" && <p class="aside">{t("search.first")}</p>}
        {phase.kind === "loading" && <Late>{t("search.busy")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => search.ask(query)} />}
        {phase.kind === "ready" && asked !== "" && (
          <p class="meta" role="status">
            {found.length === 0
              ? t("search.nothing")
              : t(search.isCut.value ? "search.found_most" : "search.found", { count: found.length })}{" "}
            {search.notSearched.value > 0 && t("search.later", { count: search.notSearched.value })}
          </p>
        )}
        {found.length > 0 && (
          <ol class="found-list">
            {found.map(({ session_key, title, message_id, role, ts, snippet }) => (
              <li key={message_id}>
                <a href={hashOf({ page: "session", key: session_key, message: message_id })}>
                  <span class="found-head">
                    <strong>{title ?? session_key}</strong>
                    <span class="meta">
                      {t(`search.role_${role}`)} · {time(ts)}
                    </span>
                  </span>
                  <span class="found-text">
                    <Marked text={snippet} words={asked} />
                  </span>
                </a>
              </li>
            ))}
          </ol>
        )}
      </div>
    </>
  );
}
