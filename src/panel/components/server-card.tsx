/** An MCP server that is held: it says something else of its tools than what was allowed. What changed, and the answer. */
import { useId } from "preact/hooks";
import type { ShownServer } from "../state/mcp.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { DefinitionDiff } from "./definition-diff.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function ServerCard({ server }: { server: ShownServer }) {
  const t = useT();
  const id = useId();
  const { mcp } = usePanel();
  const { time } = useFormats();
  const { busy, trouble, run } = useAct();
  const { name, pending } = server;
  if (!pending) return null;
  return (
    <section class="approval" aria-labelledby={id} data-entry={name}>
      <header class="approval-head">
        <span class="dot waiting" />
        <span>{t("mcp.held")}</span>
        <span class="meta">{t("mcp.seen", { time: time(pending.seen_at) })}</span>
      </header>
      <h2 id={id}>{t("mcp.changed", { name })}</h2>
      <p class="approval-why">{t("mcp.held_why")}</p>
      {pending.changes.map((change) => (
        <DefinitionDiff key={change.tool} server={name} change={change} />
      ))}
      <div class="approval-answers">
        <button
          type="button"
          class="button primary"
          disabled={busy}
          onClick={() => run(() => mcp.act(server, "approve"))}
        >
          {t("mcp.approve")}
        </button>
      </div>
      <Trouble text={trouble} />
      <p class="meta">{t("mcp.exactly")}</p>
    </section>
  );
}
