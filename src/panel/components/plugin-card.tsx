/** A plugin that waits for its owner: all that it asks for, in plain words, and the two answers. */
import { useId } from "preact/hooks";
import type { PluginAct, ShownPlugin } from "../state/plugins.ts";
import { usePanel, useT } from "./context.ts";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function PluginCard({ plugin }: { plugin: ShownPlugin }) {
  const t = useT();
  const id = useId();
  const { plugins } = usePanel();
  const { busy, trouble, run } = useAct();
  const act = (wanted: PluginAct) => run(() => plugins.act(plugin, wanted));
  const { name, version, awaits, serving } = plugin;
  return (
    <section class="approval" aria-labelledby={id} data-entry={plugin.id}>
      <header class="approval-head">
        <span class="dot waiting" />
        <span>{t("plugins.pending")}</span>
        {plugin.sandbox === "none" && <span class="meta failed">{t("plugins.sandbox_none")}</span>}
      </header>
      <h2 id={id}>
        {t(`plugins.awaits_${awaits ?? "approval"}`, { name: name ?? plugin.id, version: version ?? "" })}
      </h2>
      <p class="approval-why">{plugin.description}</p>
      <ul class="permissions">
        {plugin.permissions_summary.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <div class="approval-answers">
        <button type="button" class="button primary" disabled={busy} onClick={() => act("approve")}>
          {t("plugins.approve")}
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={() => act("disable")}>
          {t("plugins.refuse")}
        </button>
      </div>
      <Trouble text={trouble} />
      <p class="meta">{serving ? t("plugins.still_serving", { version: serving.version }) : t("plugins.exactly")}</p>
      <p class="meta">
        <code>{plugin.path}</code>
      </p>
    </section>
  );
}
