/** Where iMessages come from and go to: the Messages app of this Mac, or a BlueBubbles server. */
import type { IncomingMessage, OutgoingFile } from "../../sdk/channel.ts";

export interface PlaceMessage {
  /** Grows with each message; what comes after it is asked for by it. */
  readonly mark: number;
  readonly message: Omit<IncomingMessage, "group">;
  /** Where several take part. */
  readonly group: { readonly id: string; readonly name?: string } | undefined;
}

export interface Place extends AsyncDisposable {
  /** The mark of the last message that there is: the first opening hears what comes after it. */
  last(): Promise<number>;
  /** At most some of those that came after it, oldest first. */
  after(mark: number): Promise<readonly PlaceMessage[]>;
  /** Resolves with its id. */
  sendText(chat: string, text: string, replyTo: string | undefined): Promise<string>;
  sendFile(chat: string, file: OutgoingFile): Promise<string>;
  typing?(chat: string): Promise<void>;
}
