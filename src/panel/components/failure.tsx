/** Something could not be had: what, what to do next, and a way to try again. */
import type { Trouble } from "../state/phase.ts";
import { useT } from "./context.ts";
import { useAct } from "./use-act.ts";

export function Failure({ trouble, onRetry }: { trouble: Trouble; onRetry: () => Promise<void> }) {
  const t = useT();
  const { busy, run } = useAct();
  return (
    <div class="ending failed" role="alert">
      <p>{trouble.message}.</p>
      <p class="aside">{trouble.hint ? `${trouble.hint}.` : t("error.next_again")}</p>
      <div class="ending-acts">
        {/* Not disabled meanwhile: the focus would be lost. */}
        <button type="button" class="button" aria-busy={busy} onClick={() => run(onRetry)}>
          {t(busy ? "link.retrying" : "act.retry")}
        </button>
        <code class="meta">{trouble.reason}</code>
      </div>
    </div>
  );
}
