/** One answer with everything in it: thinking, text, tools, questions, how it ended, what it cost. */
import { Component, Fragment, type VNode } from "preact";
import { type Answer, type Block, isOver, recordedAnswer, textOf } from "../state/answer.ts";
import type { Outcome, Question } from "../state/approvals.ts";
import type { Conversation } from "../state/conversation.ts";
import type { AnswerEntry } from "../state/timeline.ts";
import { AnswerEnd } from "./answer-end.tsx";
import { AnswerFacts } from "./answer-facts.tsx";
import { ApprovalCard } from "./approval-card.tsx";
import { usePanel, useT } from "./context.ts";
import { TextBlock } from "./text-block.tsx";
import { Thinking } from "./thinking.tsx";
import { ToolCall } from "./tool-call.tsx";
import { asText } from "./tool-words.ts";

export interface AnswerViewProps {
  readonly entry: AnswerEntry;
  readonly conversation: Conversation;
  readonly onSay: (text: string) => void;
}

export function AnswerView({ entry, conversation, onSay }: AnswerViewProps) {
  const t = useT();
  const { approvals } = usePanel();
  const { runId, messages } = entry;
  const live = runId === null ? undefined : conversation.live(runId)?.value;
  const run = runId === null ? undefined : conversation.runs.value.get(runId);
  const answer = live ?? recordedAnswer(runId, messages, run);
  const over = isOver(answer);
  const waiting = approvals.waiting.value;
  const questions = runId === null ? [] : waiting.filter((question) => question.run_id === runId);
  const outcomes =
    runId === null ? [] : [...approvals.outcomes.value.values()].filter(({ question }) => question.run_id === runId);
  const last = answer.blocks.length - 1;
  const want = () => runId !== null && conversation.want(runId);
  return (
    <article class="answer" aria-busy={!over} onPointerEnter={want} onFocusCapture={want}>
      {answer.blocks.map((block, index) => (
        <Still
          key={index}
          block={block}
          live={!over && index === last}
          waits={isAsked(block, questions)}
          render={renderBlock}
        />
      ))}
      {!over && outcomes.map((ended) => <Settled key={ended.question.approval_id} {...ended} />)}
      {questions.map((question) => (
        <ApprovalCard key={question.approval_id} question={question} first={question === waiting[0]} />
      ))}
      {!over && questions.length === 0 && <Working answer={answer} label={t("answer.working")} />}
      {over && (
        <AnswerEnd answer={answer} question={runId === null ? undefined : conversation.question(runId)} onSay={onSay} />
      )}
      {over && <AnswerFacts answer={answer} text={() => textOf(answer)} />}
    </article>
  );
}

function renderBlock(block: Block, live: boolean, waits: boolean): VNode {
  switch (block.kind) {
    case "text":
      return <TextBlock text={block.text} growing={live} />;
    case "thinking":
      return <Thinking block={block} live={live} />;
    case "tool":
      return <ToolCall block={block} waits={waits} />;
    case "said":
      return <Added text={block.text} />;
    case "note":
      return <Note note={block.note} detail={block.detail} />;
  }
}

interface StillProps {
  readonly block: Block;
  readonly live: boolean;
  readonly waits: boolean;
  readonly render: (block: Block, live: boolean, waits: boolean) => VNode;
}

/** Set anew only when its block is another one, so that of a streaming answer only the end is worked on. */
class Still extends Component<StillProps> {
  override shouldComponentUpdate({ block, live, waits }: StillProps): boolean {
    return !sameBlock(block, this.props.block) || live !== this.props.live || waits !== this.props.waits;
  }

  render({ block, live, waits, render }: StillProps) {
    return <Fragment>{render(block, live, waits)}</Fragment>;
  }
}

/** A recorded answer is made anew at each look; equal text is the same text. */
function sameBlock(a: Block, b: Block): boolean {
  if (a === b) return true;
  if (a.kind === "text" && b.kind === "text") return a.text === b.text;
  if (a.kind === "thinking" && b.kind === "thinking") return a.text === b.text && a.durationMs === b.durationMs;
  if (a.kind !== "tool" || b.kind !== "tool" || a.callId !== b.callId) return false;
  return a.status === b.status && a.result === b.result && a.durationMs === b.durationMs && a.output === b.output;
}

/** The question belongs to the newest call of that tool that has not ended. */
function isAsked(block: Block, questions: readonly Question[]): boolean {
  return block.kind === "tool" && block.status === "running" && questions.some(({ tool }) => tool === block.tool);
}

function Working({ answer, label }: { answer: Answer; label: string }) {
  const last = answer.blocks.at(-1);
  if (last?.kind === "text" || (last?.kind === "tool" && last.status === "running")) {
    return <p class="working" aria-hidden="true" />;
  }
  return (
    <p class="working">
      <span class="dot running" />
      <span class="meta">{label}</span>
    </p>
  );
}

function Added({ text }: { text: string }) {
  const t = useT();
  return (
    <div class="added">
      <span class="meta">{t("answer.said")}</span>
      <div class="said-text">{text}</div>
    </div>
  );
}

function Note({
  note,
  detail,
}: {
  note: "retry" | "failover" | "resume" | "limit";
  detail: Readonly<Record<string, unknown>>;
}) {
  const t = useT();
  const told = ["limit", "finish", "provider", "model", "failure"].flatMap((name) =>
    typeof detail[name] === "string" ? [asText(detail[name])] : [],
  );
  return (
    <p class="note meta">
      {t(`note.${note}`)}
      {told.length > 0 && ` · ${told.join(" · ")}`}
    </p>
  );
}

function Settled({ question, outcome }: { question: Question; outcome: Outcome }) {
  const t = useT();
  return (
    <p class={`note meta settled ${outcome.decision}`}>
      {question.tool} · {t(`approval.was_${outcome.decision}`)}
    </p>
  );
}
