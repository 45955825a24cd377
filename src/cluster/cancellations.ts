/** Calls that are not wanted any more, until their node has heard of it: over the next line, where the one before was cut. */
import type { Line } from "./lines.ts";

export class Cancellations {
  /** By the id of the call, the node's. */
  readonly #unheard = new Map<string, string>();

  /** `line` is the node's, if it has one now. */
  add(callId: string, nodeId: string, line: Line | undefined): void {
    this.#unheard.set(callId, nodeId);
    if (line) void this.#tell(callId, line);
  }

  /** To be told before anything is asked about its calls. */
  joined(line: Line): void {
    for (const [callId, nodeId] of this.#unheard) if (nodeId === line.nodeId) void this.#tell(callId, line);
  }

  /** The node will not come back. */
  gone(nodeId: string): void {
    for (const [callId, of] of this.#unheard) if (of === nodeId) this.#unheard.delete(callId);
  }

  async #tell(callId: string, { connection }: Line): Promise<void> {
    try {
      await connection.request("node.cancel", { call_id: callId });
    } catch {
      // A cut says nothing. Any other error is an answer: the call itself ends in one way or another.
      if (connection.ended.aborted) return;
    }
    this.#unheard.delete(callId);
  }
}
