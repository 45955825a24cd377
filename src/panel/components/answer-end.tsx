/** How an answer ended when it did not end well: what happened, why, and what to do next. */
import type { StringKey } from "../i18n/languages.ts";
import type { Answer } from "../state/answer.ts";
import { useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";

export interface AnswerEndProps {
  readonly answer: Answer;
  /** What was asked; undefined where it cannot be asked again as it was. */
  readonly question: string | undefined;
  /** Undefined when the conversation has gone on since. */
  readonly onSay: ((text: string) => void) | undefined;
}

export function AnswerEnd({ answer, question, onSay }: AnswerEndProps) {
  const t = useT();
  const { status, error, blocks, runId } = answer;
  const again = blocks.length === 0 ? question : undefined;
  const goOn = onSay && (
    <button type="button" class="button" onClick={() => onSay(again ?? t("answer.continue_text"))}>
      {t(again === undefined ? "answer.continue" : "answer.again")}
    </button>
  );
  if (status === "completed") {
    return blocks.some(({ kind }) => kind === "text" || kind === "tool") ? null : (
      <p class="note meta">{t("answer.empty")}</p>
    );
  }
  if (status === "cancelled") {
    return (
      <div class="ending">
        <p>{t("answer.cancelled")}</p>
        {goOn && <div class="ending-acts">{goOn}</div>}
      </div>
    );
  }
  if (status === "interrupted") {
    return (
      <div class="ending">
        <p>
          <strong>{t("answer.interrupted")}</strong> {t("answer.interrupted_why")}
        </p>
        {goOn && <div class="ending-acts">{goOn}</div>}
      </div>
    );
  }
  return (
    <div class="ending failed" role="alert">
      <p>
        <strong>{t("answer.failed")}</strong> {error ? `${error.message}.` : ""}
      </p>
      <p class="aside">{error?.hint === undefined ? t(nextStep(error?.reason)) : `${error.hint}.`}</p>
      <div class="ending-acts">
        {goOn}
        {runId !== null && (
          <span class="meta copyable">
            {t("answer.run_id", { id: runId })}
            <CopyButton text={() => runId} label={t("act.copy")} />
          </span>
        )}
      </div>
    </div>
  );
}

function nextStep(reason: string | undefined): StringKey {
  switch (reason) {
    case "provider_error":
      return "error.next_provider";
    case "no_provider":
      return "error.next_no_provider";
    case "internal":
    case "storage_failed":
      return "error.next_log";
    case "limit_reached":
      return "error.next_send";
    default:
      return "error.next_again";
  }
}
