/** One block of an answer: text, thinking, a tool, what the person added, what the loop noted. */
import { Component, type VNode } from "preact";
import type { Block } from "../state/answer.ts";
import { useT } from "./context.ts";
import { TextBlock } from "./text-block.tsx";
import { Thinking } from "./thinking.tsx";
import { ToolCall } from "./tool-call.tsx";
import { asText } from "./tool-words.ts";

function blockOf({ block, live, waits, said }: BlockViewProps): VNode {
  switch (block.kind) {
    case "text":
      return <TextBlock text={block.text} growing={live} />;
    case "thinking":
      return <Thinking block={block} live={live} />;
    case "tool":
      return <ToolCall block={block} waits={waits} />;
    case "said":
      return <Added text={said} read />;
    case "note":
      return <Note note={block.note} detail={block.detail} />;
  }
}

export interface BlockViewProps {
  readonly block: Block;
  /** It may still grow. */
  readonly live: boolean;
  /** It waits for the person. */
  readonly waits: boolean;
  /** The words of a block that only names its messages. */
  readonly said: string;
}

/** Set anew only when its block is another one, so that of a streaming answer only the end is worked on. */
export class BlockView extends Component<BlockViewProps> {
  override shouldComponentUpdate({ block, live, waits, said }: BlockViewProps): boolean {
    const { props } = this;
    return !sameBlock(block, props.block) || live !== props.live || waits !== props.waits || said !== props.said;
  }

  render(props: BlockViewProps) {
    return blockOf(props);
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

/** What the person added to a running answer; the model reads it at its next step. */
export function Added({ text, read }: { text: string; read: boolean }) {
  const t = useT();
  return (
    <div class="added">
      <span class="meta">{t(read ? "answer.said" : "answer.said_unread")}</span>
      <div class="said-text">{text}</div>
    </div>
  );
}

function Note({
  note,
  detail,
}: {
  note: "retry" | "failover" | "resume" | "limit" | "compaction";
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
