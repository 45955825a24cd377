/** Something could not be had: what, what to do next, and a way to try again. */
import type { Trouble } from "../state/phase.ts";
import { useT } from "./context.ts";

export function Failure({ trouble, onRetry }: { trouble: Trouble; onRetry: () => void }) {
  const t = useT();
  return (
    <div class="ending failed" role="alert">
      <p>{trouble.message}.</p>
      <p class="aside">{trouble.hint ? `${trouble.hint}.` : t("error.next_again")}</p>
      <div class="ending-acts">
        <button type="button" class="button" onClick={onRetry}>
          {t("act.retry")}
        </button>
        <code class="meta">{trouble.reason}</code>
      </div>
    </div>
  );
}
