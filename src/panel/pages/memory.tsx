/** What is remembered: looked through, searched, added to and forgotten. */
import { useEffect, useRef, useState } from "preact/hooks";
import { usePanel, useT } from "../components/context.ts";
import { FactRow } from "../components/fact-row.tsx";
import { Failure } from "../components/failure.tsx";
import { FoldForm } from "../components/fold-form.tsx";
import { Late } from "../components/late.tsx";
import { PageHead } from "../components/page-head.tsx";
import { SearchForm } from "../components/search-form.tsx";
import { useAct } from "../components/use-act.ts";

export function MemoryPage() {
  const t = useT();
  const { facts } = usePanel();
  const phase = facts.phase.value;
  const list = facts.list.value;
  const query = facts.query.value;
  const stats = facts.stats.value;
  useEffect(() => void facts.load(), [facts]);
  const heading =
    query === ""
      ? t("memory.count", { count: stats?.facts ?? 0 })
      : t(facts.isCut.value ? "memory.found_most" : "memory.found", { count: list?.length ?? 0, query });
  const asked = facts.asked.value;
  return (
    <>
      <PageHead title={t("memory.title")} />
      <div class="settings entries">
        <p class="aside">{t("memory.about")}</p>
        <SearchForm
          label={t("memory.search")}
          submit={t("memory.find")}
          value={query}
          onSearch={(words) => void facts.search(words)}
        />
        <AddFact />
        {phase.kind === "loading" && !list && <Late>{t("memory.loading")}</Late>}
        {phase.kind !== "failed" && list && asked !== query && (
          <Late>{t(asked === "" ? "memory.loading" : "search.busy")}</Late>
        )}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => facts.load()} />}
        {list && (
          <section aria-live="polite">
            <header class="section-head">
              <h2>{heading}</h2>
              {query !== "" && (
                <button type="button" class="button" onClick={() => void facts.search("")}>
                  {t("memory.all")}
                </button>
              )}
            </header>
            {list.length === 0 && (
              <p class="aside">{query === "" ? t("memory.none") : t("memory.nothing", { query })}</p>
            )}
            {list.map((fact) => (
              <FactRow key={fact.fact_id} fact={fact} />
            ))}
            {query === "" && facts.isCut.value && <p class="meta">{t("memory.most", { count: list.length })}</p>}
            {facts.hasMore.value && (
              <button type="button" class="link rail-more" onClick={() => void facts.more()}>
                {t("memory.more")}
              </button>
            )}
          </section>
        )}
      </div>
    </>
  );
}

function AddFact() {
  const t = useT();
  const { facts } = usePanel();
  const { busy, trouble, run } = useAct();
  const [said, setSaid] = useState("");
  const content = useRef<HTMLTextAreaElement>(null);
  const subject = useRef<HTMLInputElement>(null);
  const submit = () => {
    const words = content.current?.value.trim() ?? "";
    if (words === "") return content.current?.focus();
    setSaid("");
    run(
      () => facts.add(words, subject.current?.value.trim() ?? ""),
      ({ duplicate, retired }) => {
        const [old] = retired;
        setSaid(old ? t("memory.replaced", { content: old.content }) : t(duplicate ? "memory.known" : "memory.saved"));
        for (const field of [content.current, subject.current]) if (field) field.value = "";
      },
    );
  };
  return (
    <FoldForm
      label={t("memory.add")}
      submit={t("memory.save")}
      busy={busy}
      trouble={trouble}
      said={said}
      onSubmit={submit}
    >
      <label class="install-source">
        <span class="meta">{t("memory.content")}</span>
        <textarea class="field" ref={content} required maxLength={4000} rows={2} />
      </label>
      <label class="install-path">
        <span class="meta">{t("memory.subject")}</span>
        <input class="field" ref={subject} maxLength={200} />
      </label>
    </FoldForm>
  );
}
