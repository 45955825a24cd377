/** What the model thought, folded to one line with how long it took. */
import type { ThinkingBlock } from "../state/answer.ts";
import { useFormats, useT } from "./context.ts";
import { Icon } from "./icon.tsx";

export function Thinking({ block, live }: { block: ThinkingBlock; live: boolean }) {
  const t = useT();
  const { duration } = useFormats();
  const label =
    block.durationMs !== null
      ? t("answer.thought", { time: duration(block.durationMs) })
      : t(live ? "answer.thinking" : "answer.thought_some");
  return (
    <details class="fold thinking">
      <summary>
        <Icon name="chevron" />
        <span>{label}</span>
      </summary>
      <div class="fold-body thought">{block.text}</div>
    </details>
  );
}
