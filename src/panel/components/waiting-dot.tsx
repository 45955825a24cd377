/** Says that something waits for the person; nothing where nothing does. */
import { useT } from "./context.ts";

export function WaitingDot({ count }: { count: number }) {
  const t = useT();
  return count > 0 ? <span class="dot waiting" role="img" aria-label={t("plugins.waiting", { count })} /> : null;
}
