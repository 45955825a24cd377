/** What a person sees of a run: text as it arrives, one line for each tool call, nothing that could move the cursor. */
import { isTopic } from "../../client/client.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import type { EventData, EventFrame } from "../../protocol/events.ts";
import { formatElapsed } from "../format.ts";
import { cut } from "../table.ts";
import type { Output, Terminal } from "../terminal.ts";

export interface ViewOptions {
  readonly thinking: boolean;
}

/** Text of the model goes to `out`, all else to `err`; on one terminal the two keep clear of each other. */
export class RunView {
  readonly #out: Output;
  readonly #err: Output;
  readonly #options: ViewOptions;
  readonly #calls = new Map<string, string>();
  /** Whether both streams end on one screen. */
  readonly #shared: boolean;
  #text = new TextFeed();
  #thinking = new TextFeed();
  /** What the cursor stands behind on the screen. */
  #at: "start" | "text" | "note" | "thinking" = "start";
  #outAtLineStart = true;
  #wroteText = false;
  #notesSinceText = false;
  #transient = false;

  constructor({ out, err }: Terminal, options: ViewOptions) {
    this.#out = out;
    this.#err = err;
    this.#options = options;
    this.#shared = out.isTerminal && err.isTerminal;
  }

  event(event: EventFrame): void {
    if (isTopic(event, "stream.chunk")) this.#writeText(event.data.content);
    else if (isTopic(event, "stream.thinking")) this.#writeThinking(event.data.content);
    else if (isTopic(event, "stream.tool_start")) this.#startCall(event.data);
    else if (isTopic(event, "stream.tool_end")) this.#endCall(event.data);
    else if (isTopic(event, "agent.queued")) this.#showTransient("waiting: the session has another run");
    else if (isTopic(event, "agent.started")) this.#showTransient("thinking");
    else if (isTopic(event, "stream.agent_trace")) this.#trace(event.data);
  }

  /** A line of our own beside the conversation. */
  note(text: string): void {
    this.#closeLine("note");
    this.#err.write(`${this.#err.style.dim(cut(printableLine(text), this.#err.width ?? Number.POSITIVE_INFINITY))}\n`);
    this.#at = "start";
    this.#notesSinceText = true;
  }

  /** Makes room for something that others write to `err`. */
  pause(): void {
    this.#closeLine("note");
  }

  /** After `pause`: shows again what is under way. */
  resume(): void {
    this.#showTransient([...this.#calls.values()].at(-1) ?? "thinking");
  }

  /** The run is over: the last line is closed. */
  end(): void {
    this.#clearTransient();
    if (!this.#outAtLineStart) this.#out.write("\n");
    else if (this.#at === "thinking") this.#err.write("\n");
    this.#outAtLineStart = true;
    this.#at = "start";
  }

  #writeText(content: string): void {
    const text = this.#text.take(content);
    if (text === "") return;
    this.#clearTransient();
    this.#closeLine("text");
    // Text of a later step does not run on from that of an earlier one.
    if (this.#notesSinceText && !this.#outAtLineStart) this.#out.write("\n");
    if (this.#notesSinceText && (this.#wroteText || this.#shared)) this.#out.write("\n");
    this.#notesSinceText = false;
    this.#out.write(text);
    this.#outAtLineStart = text.endsWith("\n");
    this.#at = this.#outAtLineStart ? "start" : "text";
    this.#wroteText = true;
  }

  #writeThinking(content: string): void {
    if (!this.#options.thinking) return;
    const text = this.#thinking.take(content);
    if (text === "") return;
    this.#clearTransient();
    this.#closeLine("thinking");
    this.#err.write(this.#err.style.dim(text));
    this.#at = text.endsWith("\n") ? "start" : "thinking";
    this.#notesSinceText = true;
  }

  #startCall({ call_id, tool, args }: EventData<"stream.tool_start">): void {
    const label = callLabel(tool, args);
    this.#calls.set(call_id, label);
    this.#showTransient(label);
  }

  #endCall({ call_id, tool, status, error, duration_ms }: EventData<"stream.tool_end">): void {
    const { dim, red, yellow } = this.#err.style;
    const label = this.#calls.get(call_id) ?? printableLine(tool);
    this.#calls.delete(call_id);
    const failed = status === "ok" ? "" : ` · ${status}${error ? `: ${printableLine(error)}` : ""}`;
    const tail = ` · ${formatElapsed(duration_ms)}`;
    const room = (this.#err.width ?? 200) - Bun.stringWidth(tail);
    const shown = cut(label, failed === "" ? room : Math.max(20, Math.floor(room / 2)));
    const reason = cut(failed, Math.max(12, room - Bun.stringWidth(shown)));
    this.#clearTransient();
    this.#closeLine("note");
    if (this.#shared && this.#wroteText && !this.#notesSinceText) this.#err.write("\n");
    this.#err.write(`${dim(shown)}${(status === "denied" ? yellow : red)(reason)}${dim(tail)}\n`);
    this.#notesSinceText = true;
    this.resume();
  }

  #trace({ kind, detail }: EventData<"stream.agent_trace">): void {
    const word = (name: string) => (detail[name] === undefined ? "" : String(detail[name]));
    const who = `${word("provider")}/${word("model")}: ${word("failure")}`;
    if (kind === "retry") this.note(`${who}; trying again`);
    else if (kind === "failover") this.note(`${who}; going on with ${word("to_provider")}/${word("to_model")}`);
    else if (kind === "resume") this.note("the server was restarted; the run goes on");
    else if (kind === "compaction" && detail.summarised !== undefined)
      this.note("the conversation became long: its older part is told by notes from here on");
    else if (kind === "limit")
      this.note(word("limit") ? `limit reached: ${word("limit")}` : `the model stopped: ${word("finish")}`);
  }

  /** Ends a line that something else than `next` has begun. */
  #closeLine(next: "text" | "note" | "thinking"): void {
    this.#clearTransient();
    if (this.#at === "start" || this.#at === next) return;
    if (this.#at === "text") {
      if (!this.#shared) return;
      this.#out.write("\n");
      this.#outAtLineStart = true;
    } else this.#err.write("\n");
    this.#at = "start";
  }

  /** On a terminal, something that shows that work goes on; gone with the next output. */
  #showTransient(text: string): void {
    if (!this.#shared || this.#at !== "start") return;
    this.#clearTransient();
    const { dim } = this.#err.style;
    this.#err.write(dim(cut(`… ${printableLine(text)}`, (this.#err.width ?? 80) - 1)));
    this.#transient = true;
  }

  #clearTransient(): void {
    if (!this.#transient) return;
    this.#err.write("\r\x1b[K");
    this.#transient = false;
  }
}

/** Joins pieces so that a CRLF or a character of two code units that came apart is seen as one. */
class TextFeed {
  #held = "";

  take(content: string): string {
    const text = this.#held + content;
    this.#held = /[\r\ud800-\udbff]$/.exec(text)?.[0] ?? "";
    return printable(text.slice(0, text.length - this.#held.length));
  }
}

/** `$ command` for what runs a command, otherwise the tool with the first word of what it was given. */
export function callLabel(tool: string, args: unknown): string {
  const table = typeof args === "object" && args !== null ? (args as Record<string, unknown>) : {};
  if (typeof table.command === "string") return `$ ${printableLine(table.command)}`;
  const first = Object.values(table).find((value) => typeof value === "string");
  return printableLine(first === undefined ? tool : `${tool} ${first}`);
}
