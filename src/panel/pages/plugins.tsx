/** The plugins: what waits for the owner first, then each with what it may do, what it tried, and what it wrote. */
import { useEffect, useState } from "preact/hooks";
import { usePanel, useT } from "../components/context.ts";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { PageHead } from "../components/page-head.tsx";
import { PluginCard } from "../components/plugin-card.tsx";
import { PluginRow } from "../components/plugin-row.tsx";
import { troubleOf } from "../state/phase.ts";

export function PluginsPage() {
  const t = useT();
  const { plugins } = usePanel();
  const phase = plugins.phase.value;
  const list = plugins.list.value;
  useEffect(() => void plugins.load(), [plugins]);
  const pending = list?.filter(({ status }) => status === "pending") ?? [];
  return (
    <>
      <PageHead title={t("plugins.title")} />
      <div class="settings plugins">
        {plugins.untrusted.value.map((folder) => (
          <Untrusted key={folder} folder={folder} />
        ))}
        {pending.map((plugin) => (
          <PluginCard key={`${plugin.path} ${plugin.sha256}`} plugin={plugin} />
        ))}
        {phase.kind === "loading" && !list && <Late>{t("plugins.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => void plugins.load()} />}
        {list && list.length === 0 && (
          <p class="aside">
            {t("plugins.none")} <code>aleph plugins install</code>
          </p>
        )}
        {list && list.length > 0 && (
          <section>
            <h2>{t("plugins.all", { count: list.length })}</h2>
            {list.map((plugin) => (
              <PluginRow key={plugin.path} plugin={plugin} />
            ))}
          </section>
        )}
      </div>
    </>
  );
}

function Untrusted({ folder }: { folder: string }) {
  const t = useT();
  const { plugins } = usePanel();
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  return (
    <section class="setting">
      <span>
        {t("plugins.untrusted")} <code>{folder}</code>
        {trouble !== undefined && <p class="meta failed">{trouble}</p>}
      </span>
      <button
        type="button"
        class="button"
        onClick={() => plugins.trust(folder).catch((error: unknown) => setTrouble(troubleOf(error).message))}
      >
        {t("plugins.trust")}
      </button>
    </section>
  );
}
