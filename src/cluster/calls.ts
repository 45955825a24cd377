/**
 * What has become of each call, as the center knows it. A call is sent once. When its line is cut the node is asked for the
 * outcome over the next line; it is never sent again. Pure bookkeeping: whoever uses it sends and listens.
 *
 *   sent --answer--> answered
 *   sent --cut--> adrift --joined, same process--> asked --answer--> answered
 *                                                     \--never--> never: it did not begin and will not
 *   adrift --joined, another process--> unknown; and so from anywhere when it is late, forgotten or the node is gone
 */

/** How a call ended. */
export type CallEnd<R> =
  | { readonly kind: "answered"; readonly answer: R }
  | { readonly kind: "never" }
  | { readonly kind: "unknown"; readonly why: string };

export interface CallsOptions<R> {
  /** Ask the node at the other end of `line` what became of a call. */
  readonly ask: (callId: string, line: string) => void;
  /** Called once for each call. */
  readonly onEnd: (callId: string, end: CallEnd<R>) => void;
}

interface Tracked {
  readonly nodeId: string;
  /** The process of the node that it was sent to. */
  readonly bootId: string;
  /** Over which an answer may come; undefined while there is none. */
  line: string | undefined;
}

export class Calls<R> {
  readonly #o: CallsOptions<R>;
  readonly #calls = new Map<string, Tracked>();

  constructor(options: CallsOptions<R>) {
    this.#o = options;
  }

  /** Those of a node that have not ended. */
  open(nodeId: string): readonly string[] {
    return [...this.#calls].flatMap(([id, call]) => (call.nodeId === nodeId ? [id] : []));
  }

  nodeOf(callId: string): string | undefined {
    return this.#calls.get(callId)?.nodeId;
  }

  /** Without a line it is one of an earlier process of the center. */
  begin(callId: string, nodeId: string, bootId: string, line: string | undefined): void {
    this.#calls.set(callId, { nodeId, bootId, line });
  }

  /** Whether this ended it: the first word counts, over whatever line it came. */
  answered(callId: string, answer: R): boolean {
    return this.#end(callId, { kind: "answered", answer });
  }

  never(callId: string): boolean {
    return this.#end(callId, { kind: "never" });
  }

  unknown(callId: string, why: string): boolean {
    return this.#end(callId, { kind: "unknown", why });
  }

  cut(line: string): void {
    for (const call of this.#calls.values()) if (call.line === line) call.line = undefined;
  }

  /** A node has a new line; the one before is cut. */
  joined(nodeId: string, bootId: string, line: string): void {
    for (const [id, call] of [...this.#calls]) {
      if (call.nodeId !== nodeId || call.line !== undefined) continue;
      if (call.bootId !== bootId) {
        this.unknown(id, "The node was started anew while the call ran");
      } else {
        call.line = line;
        this.#o.ask(id, line);
      }
    }
  }

  /** The node will not come back. */
  gone(nodeId: string, why: string): void {
    for (const id of this.open(nodeId)) this.unknown(id, why);
  }

  #end(callId: string, end: CallEnd<R>): boolean {
    if (!this.#calls.delete(callId)) return false;
    this.#o.onEnd(callId, end);
    return true;
  }
}
