/** The machines that work for this one, as tools see them. */
import type {
  NodeAnswer,
  NodeCallRecord,
  NodeHello,
  NodeInfo,
  NodeOutcome,
  NodeVerdict,
  NodeWelcome,
} from "../protocol/node.ts";
import type { Connection } from "./connection.ts";

export interface NodeRequest {
  /** `exec`, `file.read` … */
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly sessionKey: string;
}

export interface NodeCall extends NodeRequest {
  /** Of the verdict that the call was judged by. */
  readonly digest: string;
  /** Whether a person's word stands behind it, be it one that was given for always. */
  readonly approved: boolean;
  readonly runId: string | null;
  /** After that long the node ends it, and shortly after it nobody waits any more. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Output as it comes. */
  onOutput?(text: string): void;
  /** One of many that make up something larger, which can be made twice: it is not remembered, and no event tells of it. */
  readonly isPart?: true;
}

export interface NodeEnd {
  readonly outcome: NodeOutcome;
  /** Only where the node answered. */
  readonly answer?: NodeAnswer;
  /** It did not reach the node, and will not any more. */
  readonly isNotBegun?: true;
  /** What it said, or why there is no answer. */
  readonly text: string;
}

export interface Cluster {
  /** By name; with `tags` those that have all of them. */
  list(tags?: readonly string[]): NodeInfo[];
  /** By id or name. Throws `not_found`, and `conflict` when several have the name. */
  get(node: string): NodeInfo;
  /**
   * Asks a node what a call would do, which has no effect. Rejects with what the node says is wrong with it, with `not_found`
   * when it has no such command, with `timeout` when it does not answer, and with `conflict` when it is not connected.
   */
  judge(nodeId: string, request: NodeRequest, signal: AbortSignal): Promise<NodeVerdict>;
  /** Resolves however it ended, and never begins it twice. */
  call(nodeId: string, call: NodeCall): Promise<NodeEnd>;
  /** Newest first. */
  recent(nodeId: string): NodeCallRecord[];
  /** A node that has connected says what it is. */
  attach(nodeId: string, hello: NodeHello, connection: Connection): NodeWelcome;
  /** Output of a call that runs; what is not of a call of this very node is passed over. */
  output(connection: Connection, callId: string, content: string): void;
  /** Whether the node is connected, or is so again before `ms` are over. */
  waitFor(nodeId: string, ms: number, signal: AbortSignal): Promise<boolean>;
}
