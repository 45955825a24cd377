/** What tools may see of the conversations. */
import type { Identity } from "../protocol/identity.ts";
import type { MessageRole } from "../protocol/message.ts";
import type { Prepared } from "./tool.ts";

export interface SaidMessage {
  readonly id: string;
  readonly role: MessageRole;
  /** Unix milliseconds. */
  readonly ts: number;
  readonly content: string;
}

/** `from` is the session of whoever asks: of an ephemeral one others see nothing, and it sees itself. */
export interface SessionReader {
  /** The owner may; a guest may not, whatever the session. */
  mayRead(identity: Identity, from: string): Pick<Prepared, "tier" | "reason">;
  list(
    from: string,
    options: { readonly filter: string; readonly limit: number },
  ): {
    readonly sessions: readonly { readonly key: string; readonly title: string | null; readonly updatedAt: number }[];
    /** Another than the owner wrote in one of them, and its title may be of that. */
    readonly untrusted: true | undefined;
  };
  /** What people and the model said, oldest first. Throws `not_found`, `invalid_params` for what is no session key. */
  history(
    from: string,
    key: string,
    options: { readonly limit: number; readonly before?: string | undefined },
  ): {
    readonly messages: readonly SaidMessage[];
    readonly next: string | undefined;
    /** Something that another than the owner wrote was in that conversation, and the model may repeat it. */
    readonly untrusted: true | undefined;
  };
  /** Best first; `content` is the part around what was found. What is ephemeral is not searched. */
  search(
    query: string,
    limit: number,
  ): Promise<{
    readonly found: readonly (SaidMessage & { readonly key: string })[];
    readonly untrusted: true | undefined;
    /** Messages that are not searched yet. */
    readonly left: number;
  }>;
}
