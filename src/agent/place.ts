/** What the model is told of the place where the person reads it, and what that place can show. */
import type { ChannelCapabilities, ChannelLimits } from "../sdk/channel.ts";

export interface Place {
  /** As config.toml names the interface. */
  readonly interface: string;
  readonly capabilities: ChannelCapabilities;
  readonly limits: ChannelLimits;
}

/** Changes with nothing but the place: the prompt of a conversation there stays the same. */
export function placePrompt({ interface: id, capabilities, limits }: Place): string {
  const { files, threads } = capabilities;
  return [
    `The person reads your answer in a chat (${id}), often on a phone: be brief, use Markdown sparingly and no wide tables.`,
    `A message holds ${limits.message} characters; a longer answer comes in several.`,
    files ? "Files that you make can be sent there." : "Files cannot be sent there: say what is in them.",
    ...(threads ? ["What is said in a thread is answered there."] : []),
  ].join(" ");
}
