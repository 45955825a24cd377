/** Output of calls on its way to the center: in pieces of some size, no more than somebody could read. */
import { MAX_OUTPUT } from "../protocol/node.ts";

/** Between two pieces of one call. */
const EVERY_MS = 100;
const PIECE = 16 * 1024;

interface Pending {
  text: string;
  sent: number;
  timer: Timer | undefined;
}

export class OutputStream implements Disposable {
  readonly #send: (callId: string, content: string) => void;
  readonly #calls = new Map<string, Pending>();

  constructor(send: (callId: string, content: string) => void) {
    this.#send = send;
  }

  add(callId: string, text: string): void {
    let pending = this.#calls.get(callId);
    if (!pending) {
      pending = { text: "", sent: 0, timer: undefined };
      this.#calls.set(callId, pending);
    }
    if (pending.sent + pending.text.length >= MAX_OUTPUT) return;
    pending.text += text;
    if (pending.text.length >= PIECE) this.#flush(callId, pending);
    else pending.timer ??= setTimeout(() => this.#flush(callId, pending), EVERY_MS);
  }

  /** The call has ended. */
  end(callId: string): void {
    const pending = this.#calls.get(callId);
    if (!pending) return;
    this.#flush(callId, pending);
    this.#calls.delete(callId);
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#calls.values()) clearTimeout(timer);
    this.#calls.clear();
  }

  #flush(callId: string, pending: Pending): void {
    clearTimeout(pending.timer);
    pending.timer = undefined;
    if (pending.text === "") return;
    const content = pending.text.slice(0, MAX_OUTPUT - pending.sent);
    pending.sent += content.length;
    pending.text = "";
    // A program that says much at once is read in one go, and the center takes no larger pieces.
    for (let at = 0; at < content.length; at += PIECE) this.#send(callId, content.slice(at, at + PIECE));
  }
}
