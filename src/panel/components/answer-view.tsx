/** One answer with everything in it: thinking, text, tools, questions, how it ended, what it cost. */
import type { Message } from "../../protocol/message.ts";
import { type Answer, type Block, isOver, recordedAnswer } from "../state/answer.ts";
import type { Outcome, Question } from "../state/approvals.ts";
import type { Conversation } from "../state/conversation.ts";
import type { AnswerEntry } from "../state/timeline.ts";
import { AnswerEnd } from "./answer-end.tsx";
import { AnswerFacts } from "./answer-facts.tsx";
import { ApprovalCard } from "./approval-card.tsx";
import { AskedCard, askedIn } from "./asked-card.tsx";
import { Added, BlockView } from "./block-view.tsx";
import { usePanel, useT } from "./context.ts";

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
  const asked = over ? undefined : answer.blocks.map(askedIn).find((each) => each !== undefined);
  const read = new Set(answer.blocks.flatMap((block) => (block.kind === "said" ? block.messageIds : [])));
  const unread = over ? [] : messages.filter(({ id, role }) => role === "user" && !read.has(id));
  const isLast = conversation.entries.value.at(-1)?.key === entry.key;
  const want = () => runId !== null && conversation.want(runId);
  return (
    <article class="answer" aria-busy={!over} onPointerEnter={want} onFocusCapture={want}>
      {answer.blocks.map((block, index) => (
        <BlockView
          key={index}
          block={block}
          live={!over && index === last}
          waits={isAsked(block, questions)}
          said={block.kind === "said" ? saidIn(messages, block.messageIds) : ""}
        />
      ))}
      {unread.map(({ id, content }) => (
        <Added key={id} text={content} read={false} />
      ))}
      {!over && outcomes.map((ended) => <Settled key={ended.question.approval_id} {...ended} />)}
      {questions.map((question) => (
        <ApprovalCard key={question.approval_id} question={question} first={question === waiting[0]} />
      ))}
      {asked && <AskedCard asked={asked} onSay={onSay} />}
      {!over && !asked && questions.length === 0 && <Working answer={answer} label={t("answer.working")} />}
      {over && (
        <AnswerEnd
          answer={answer}
          question={runId === null ? undefined : conversation.question(runId)}
          onSay={isLast ? onSay : undefined}
        />
      )}
      {over && <AnswerFacts answer={answer} entry={entry} conversation={conversation} />}
    </article>
  );
}

function saidIn(messages: readonly Message[], ids: readonly string[]): string {
  return messages.flatMap(({ id, content }) => (ids.includes(id) ? [content] : [])).join("\n\n");
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

function Settled({ question, outcome }: { question: Question; outcome: Outcome }) {
  const t = useT();
  return (
    <p class={`note meta settled ${outcome.decision}`}>
      {question.tool} · {t(`approval.was_${outcome.decision}`)}
    </p>
  );
}
