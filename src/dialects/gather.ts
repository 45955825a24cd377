/** A reply's parts put together, for answers that are not streamed. */
import type { Usage } from "../protocol/message.ts";
import { addUsage } from "../protocol/usage.ts";
import type { Block, Reply, ReplyPart } from "./dialect.ts";

export interface Gathered extends Reply {
  /** Who answered last. */
  readonly model: { readonly provider: string; readonly model: string } | undefined;
}

/** Throws what `parts` throws. `each` sees every part as it comes. */
export async function gather(
  parts: AsyncIterable<ReplyPart>,
  each: (part: ReplyPart) => void = () => undefined,
): Promise<Gathered> {
  let blocks: Block[] = [];
  let usage: Usage | undefined;
  let finish: Reply["finish"] = "stop";
  let model: Gathered["model"];
  /** Whether the last block is thinking that goes on. */
  let open = false;
  for await (const part of parts) {
    each(part);
    const last = blocks.at(-1);
    switch (part.type) {
      case "model":
        // Thinking of a reply that broke is of no use to the one that goes on.
        blocks = blocks.filter(({ type }) => type !== "thinking");
        model = { provider: part.provider, model: part.model };
        break;
      case "usage":
        usage = addUsage(usage, part.usage);
        break;
      case "finish":
        finish = part.reason;
        break;
      case "text":
        if (last?.type === "text") blocks[blocks.length - 1] = { type: "text", text: last.text + part.text };
        else blocks.push(part);
        break;
      case "thinking":
        if (last?.type === "thinking" && open) {
          blocks[blocks.length - 1] = { ...last, ...part, text: last.text + part.text };
        } else blocks.push(part);
        open = part.signature === undefined;
        break;
      case "tool_call":
        blocks.push(part);
        break;
    }
  }
  return { blocks, finish, usage, model };
}
