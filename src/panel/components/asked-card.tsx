/** What the model asks the person: the question, answers to choose from, and that any message is an answer. */
import { useState } from "preact/hooks";
import type { Block } from "../state/answer.ts";
import { useT } from "./context.ts";

export interface Asked {
  readonly question: string;
  readonly options: readonly string[];
}

/** Nothing unless the block is a question that waits. */
export function askedIn(block: Block): Asked | undefined {
  if (block.kind !== "tool" || block.tool !== "ask_user" || block.status !== "running") return undefined;
  const { question, options } = (block.args ?? {}) as { readonly question?: unknown; readonly options?: unknown };
  if (typeof question !== "string") return undefined;
  const texts = Array.isArray(options) ? options.filter((option) => typeof option === "string") : [];
  return { question, options: texts };
}

export function AskedCard({ asked: { question, options }, onSay }: { asked: Asked; onSay: (text: string) => void }) {
  const t = useT();
  const [said, setSaid] = useState(false);
  const say = (option: string) => {
    setSaid(true);
    onSay(option);
  };
  return (
    <section class="approval" aria-label={t("asked.title")}>
      <header class="approval-head">
        <span class="dot waiting" />
        <span>{t("asked.title")}</span>
      </header>
      <h2>{question}</h2>
      {options.length > 0 && (
        <div class="approval-answers">
          {options.map((option) => (
            <button key={option} type="button" class="button" disabled={said} onClick={() => say(option)}>
              {option}
            </button>
          ))}
        </div>
      )}
      <p class="meta">{t("asked.how")}</p>
    </section>
  );
}
