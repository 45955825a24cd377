/** One reply of the model while it comes in: shown chunk by chunk, saved as it grows. */
import type { MaskStream } from "../lib/mask-stream.ts";
import type { MessagePart, MessageStatus } from "../protocol/message.ts";
import type { ChainPart } from "../providers/chain.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { ModelToolCall } from "../sdk/provider.ts";
import type { Store } from "../sdk/store.ts";
import { appendMessage, deleteMessage, updateMessage } from "../session/messages.ts";

/** The longest time that shown text is not on disk. */
const SAVE_EVERY_MS = 500;

export interface ReplyOptions {
  readonly runId: string;
  readonly sessionId: number;
  readonly sessionKey: string;
  readonly store: Store;
  readonly bus: Publisher;
  readonly now: () => number;
  /** The number of the run's next chunk; counts up. */
  readonly nextIndex: () => number;
  /** Whether nothing may be seen, on the screen or on disk, before `release`. */
  readonly held: boolean;
  /** Without it what the model says is shown as it is. */
  readonly mask?: MaskStream | undefined;
}

export class Reply {
  readonly #options: ReplyOptions;
  readonly #parts: MessagePart[] = [];
  readonly #calls: ModelToolCall[] = [];
  #model: string | null = null;
  #messageId: number | undefined;
  #saveTimer: Timer | undefined;
  #thinkingSince = 0;
  #held: boolean;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#held = options.held;
  }

  get model(): string | null {
    return this.#model;
  }

  get calls(): readonly ModelToolCall[] {
    return this.#calls;
  }

  get parts(): readonly MessagePart[] {
    return this.#parts;
  }

  get text(): string {
    return this.#parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  }

  /** Takes a part in. Whatever is shown is first on its way to disk. */
  take(part: Exclude<ChainPart, { type: "usage" } | { type: "finish" }>): void {
    switch (part.type) {
      case "model":
        this.#model = `${part.provider}/${part.model}`;
        this.#dropThinking();
        return;
      case "tool_call":
        this.settle();
        this.#call({ ...part, call_id: this.#freeId(part.call_id) });
        return;
      case "text":
        this.#say(this.#options.mask ? this.#options.mask.push(part.text) : part.text);
        return;
      case "thinking":
        this.settle();
        this.#think(part.text);
        if (part.signature) Object.assign(this.#parts.at(-1)!, { signature: part.signature });
        if (part.text !== "") this.#show("stream.thinking", part.text);
        return;
    }
  }

  /** Nothing follows what might have been the beginning of a secret. */
  settle(): void {
    this.#say(this.#options.mask?.end() ?? "");
  }

  /** Shows what was held, with `text` in the place of what the model said. */
  release(text: string): void {
    if (!this.#held) return;
    this.#held = false;
    this.#endThinking();
    const { mask } = this.#options;
    const masked = mask ? mask.push(text) + mask.end() : text;
    if (masked !== this.text) this.#replaceText(masked);
    for (const part of this.#parts) {
      if (part.type === "thinking" && part.text !== "") this.#show("stream.thinking", part.text);
      if (part.type === "text" && part.text !== "") this.#show("stream.chunk", part.text);
    }
  }

  /** Forgets what was not released: nobody has seen it, and nobody may. */
  dropHeld(): void {
    if (this.#held) this.#parts.length = 0;
  }

  /** The row as it ends, for use inside the caller's transaction. An empty reply leaves no row. */
  finish(db: Store["db"], status: MessageStatus): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    this.#endThinking();
    if (this.#parts.length === 0) {
      if (this.#messageId !== undefined) deleteMessage(db, this.#messageId);
      return;
    }
    this.#messageId ??= this.#insert(db, status);
    updateMessage(db, this.#messageId, { parts: this.#parts, status, model: this.#model });
  }

  #show(topic: "stream.chunk" | "stream.thinking", content: string): void {
    if (this.#held) return;
    const { store, bus, runId, sessionKey, nextIndex } = this.#options;
    // The row is there before the first chunk is seen: after a crash the run is known to have spoken.
    this.#messageId ??= store.writeRelaxed((db) => this.#insert(db, "streaming"));
    this.#saveTimer ??= setTimeout(() => this.#save(), SAVE_EVERY_MS);
    bus.publish(topic, { run_id: runId, session_key: sessionKey, content, index: nextIndex() }, { sessionKey });
  }

  #save(): void {
    this.#saveTimer = undefined;
    const id = this.#messageId!;
    // A full disk shows itself at the next durable write, which the run cannot do without.
    if (!this.#options.store.failure) {
      this.#options.store.writeRelaxed((db) =>
        updateMessage(db, id, { parts: this.#parts, status: "streaming", model: this.#model }),
      );
    }
  }

  #insert(db: Store["db"], status: MessageStatus): number {
    const { sessionId, runId, now } = this.#options;
    return appendMessage(db, {
      sessionId,
      runId,
      role: "assistant",
      parts: this.#parts,
      status,
      model: this.#model,
      ts: now(),
    });
  }

  #call(call: ModelToolCall): void {
    this.#calls.push(call);
    this.#parts.push({ type: "tool_call", call_id: call.call_id, tool: call.tool, args: call.args });
  }

  /** Two calls of one id have results that nobody can tell apart, and APIs refuse them. */
  #freeId(id: string): string {
    const isTaken = (wanted: string) => this.#calls.some(({ call_id }) => call_id === wanted);
    let free = id;
    for (let number = 2; isTaken(free); number++) free = `${id}_${number}`;
    return free;
  }

  #think(text: string): void {
    const last = this.#parts.at(-1);
    // A sealed block is complete: what follows is another one.
    const goesOn = last?.type === "thinking" && last.signature === undefined;
    if (goesOn) {
      last.text += text;
      return;
    }
    this.#endThinking();
    this.#thinkingSince = this.#options.now();
    this.#parts.push({ type: "thinking", text });
  }

  #say(text: string): void {
    if (text === "") return;
    this.#endThinking();
    this.#grow(text);
    this.#show("stream.chunk", text);
  }

  #grow(text: string): void {
    const last = this.#parts.at(-1);
    if (last?.type === "text") last.text += text;
    else this.#parts.push({ type: "text", text });
  }

  /** All of it, where its first part stood. */
  #replaceText(text: string): void {
    const first = this.#parts.findIndex(({ type }) => type === "text");
    const others = this.#parts.filter(({ type }, index) => type !== "text" || index === first);
    if (text === "") others.splice(first, 1);
    else others[first] = { type: "text", text };
    this.#parts.splice(0, this.#parts.length, ...others);
  }

  #endThinking(): void {
    const last = this.#parts.at(-1);
    if (last?.type === "thinking" && last.duration_ms === undefined)
      last.duration_ms = this.#options.now() - this.#thinkingSince;
  }

  /** A new attempt begins: what the one before thought is not the thinking of this answer. */
  #dropThinking(): void {
    const kept = this.#parts.filter(({ type }) => type !== "thinking");
    this.#parts.splice(0, this.#parts.length, ...kept);
  }
}
