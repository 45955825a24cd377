/** The center: knows its nodes, judges and calls on them, and says of each call how it ended. */
import { createId } from "../lib/id.ts";
import { describeError, type Log } from "../lib/log.ts";
import { LONGEST_TIMER_MS } from "../lib/longest-timer.ts";
import { AlephError } from "../protocol/errors.ts";
import {
  MAX_OUTPUT,
  type NodeAnswer,
  type NodeCallRecord,
  type NodeHello,
  type NodeInfo,
  type NodeVerdict,
  type NodeWelcome,
  nodeAnswer,
  nodeMemory,
  nodeVerdict,
} from "../protocol/node.ts";
import type { Bus } from "../sdk/bus.ts";
import type { Cluster, NodeCall, NodeEnd, NodeRequest } from "../sdk/cluster.ts";
import type { Connection } from "../sdk/connection.ts";
import type { Store } from "../sdk/store.ts";
import { type CallEnd, Calls } from "./calls.ts";
import { Cancellations } from "./cancellations.ts";
import { type Line, Lines } from "./lines.ts";
import { NodeRecords } from "./records.ts";

/** A device that was let in as a node. */
export interface NodeDevice {
  readonly device_id: string;
  readonly name: string;
  readonly role: string;
  readonly last_seen_at: number | null;
}

export interface CenterOptions {
  readonly store: Store;
  readonly bus: Pick<Bus, "publish">;
  readonly devices: { get(id: string): NodeDevice | undefined; list(): readonly NodeDevice[] };
  readonly config: () => { readonly cluster: { readonly heartbeat_ms: number; readonly max_calls: number } };
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What a node says of a call: its answer, or that it refuses or failed, which is final too. */
type Word = { readonly answer: NodeAnswer } | { readonly refusal: string };

interface Waiting {
  readonly isPart: boolean;
  readonly finish: (end: CallEnd<Word>) => void;
  readonly onOutput: (text: string) => void;
}

/** A question about a call has no effect, and whoever cannot answer it in this time does not work. */
const JUDGE_MS = 10_000;
/** Between the time that a node has for a call and that at which nobody waits for its answer any more. */
const MARGIN_MS = 5_000;

export class Center implements Cluster, Disposable {
  readonly #o: CenterOptions;
  readonly #records: NodeRecords;
  readonly #lines: Lines;
  readonly #calls: Calls<Word>;
  readonly #cancellations = new Cancellations();
  readonly #waiting = new Map<string, Waiting>();
  /** Of calls that an earlier process of the center has left. */
  readonly #left = new Map<string, Timer>();

  constructor(options: CenterOptions) {
    this.#o = options;
    this.#records = new NodeRecords(options.store);
    this.#calls = new Calls({
      ask: (callId) => void this.#askOutcome(callId),
      onEnd: (callId, end) => this.#onEnd(callId, end),
    });
    this.#lines = new Lines({
      log: options.log,
      now: options.now,
      heartbeatMs: () => options.config().cluster.heartbeat_ms,
      onJoined: (line) => this.#onJoined(line),
      onCut: (line, why) => this.#onCut(line, why),
    });
    this.#takeUp();
  }

  /** A node that has connected says what it is. Answers with what it needs to know. */
  attach(nodeId: string, said: NodeHello, connection: Connection): NodeWelcome {
    // Somebody let it in by a name: it must not take that of another.
    const hello = { ...said, name: this.#o.devices.get(nodeId)?.name || nodeId };
    this.#records.remember(nodeId, hello);
    this.#lines.join(nodeId, hello, connection);
    return { node_id: nodeId, heartbeat_ms: this.#o.config().cluster.heartbeat_ms };
  }

  /** Output of a call that runs; what is not of a call of this very node is passed over. */
  output(connection: Connection, callId: string, content: string): void {
    const line = this.#lines.of(connection);
    if (line && this.#calls.open(line.nodeId).includes(callId)) this.#waiting.get(callId)?.onOutput(content);
  }

  list(tags: readonly string[] = []): NodeInfo[] {
    return this.#o.devices
      .list()
      .filter(({ role }) => role === "node")
      .map((device) => this.#describe(device))
      .filter((node) => tags.every((tag) => node.tags.includes(tag)))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.node_id < b.node_id ? -1 : 1));
  }

  get(node: string): NodeInfo {
    const byId = this.#o.devices.get(node);
    if (byId?.role === "node") return this.#describe(byId);
    const [first, ...others] = this.list().filter(({ name }) => name === node);
    if (!first) {
      throw new AlephError("not_found", `No node "${node.slice(0, 80)}"`, { data: { hint: "node.list shows them" } });
    }
    if (others.length > 0) {
      throw new AlephError("conflict", `${others.length + 1} nodes are called "${node}"`, {
        data: { hint: "Name one by its id, which node.list shows" },
      });
    }
    return first;
  }

  /** Newest first. */
  recent(nodeId: string): NodeCallRecord[] {
    return this.#records.recent(nodeId, 20);
  }

  async judge(nodeId: string, { command, args, sessionKey }: NodeRequest, signal: AbortSignal): Promise<NodeVerdict> {
    const line = this.#line(nodeId);
    this.#assertCommand(line, command);
    const late = AbortSignal.timeout(JUDGE_MS);
    const both = AbortSignal.any([signal, late]);
    const params = { command, args, session_key: sessionKey };
    let said: unknown;
    try {
      said = await line.connection.request("node.judge", params, both);
    } catch (thrown) {
      if (late.aborted && !signal.aborted) {
        throw new AlephError("timeout", `Node "${line.hello.name}" does not answer`, { cause: thrown });
      }
      if (line.connection.ended.aborted) throw notConnected(line.hello.name);
      throw thrown;
    }
    const verdict = nodeVerdict.safeParse(said);
    if (!verdict.success) throw malformed(line.hello.name);
    return verdict.data;
  }

  async call(nodeId: string, call: NodeCall): Promise<NodeEnd> {
    call.signal.throwIfAborted();
    const line = this.#line(nodeId);
    this.#assertCommand(line, call.command);
    const { max_calls } = this.#o.config().cluster;
    if (this.#calls.open(nodeId).length >= max_calls) {
      throw new AlephError("overloaded", `${max_calls} calls of node "${line.hello.name}" are under way`);
    }
    const callId = createId("ncall");
    const { command, sessionKey, timeoutMs, isPart } = call;
    const about = { call_id: callId, node_id: nodeId, node: line.hello.name, command, session_key: sessionKey };
    const ended = Promise.withResolvers<CallEnd<Word>>();
    const startedAt = this.#o.now();
    if (!isPart) {
      this.#records.begin({
        id: callId,
        node_id: nodeId,
        boot_id: line.hello.boot_id,
        command,
        session_key: sessionKey,
        started_at: startedAt,
        deadline_at: startedAt + timeoutMs + MARGIN_MS,
      });
      this.#o.bus.publish("node.call_started", { ...about, run_id: call.runId }, { sessionKey });
    }
    let left = MAX_OUTPUT;
    this.#waiting.set(callId, {
      isPart: isPart === true,
      finish: ended.resolve,
      onOutput: (said) => {
        // A node keeps to it by itself, as long as it is its owner's.
        const content = said.slice(0, left);
        left -= content.length;
        if (content === "") return;
        call.onOutput?.(content);
        if (!isPart) this.#o.bus.publish("node.output", { ...about, run_id: call.runId, content }, { sessionKey });
      },
    });
    this.#calls.begin(callId, nodeId, line.hello.boot_id, lineName(line));
    const deadline = setTimeout(
      () => this.#giveUp(callId, nodeId, `Node "${line.hello.name}" did not answer in time`),
      Math.min(timeoutMs + MARGIN_MS, LONGEST_TIMER_MS),
    );
    const cancel = () => this.#cancel(callId, nodeId);
    call.signal.addEventListener("abort", cancel, { once: true });
    void this.#send(line, callId, call);
    if (call.signal.aborted) cancel();
    const end = await ended.promise;
    clearTimeout(deadline);
    call.signal.removeEventListener("abort", cancel);
    return endOf(end, line.hello.name);
  }

  waitFor(nodeId: string, ms: number, signal: AbortSignal): Promise<boolean> {
    return this.#lines.waitFor(nodeId, ms, signal);
  }

  /** The node was let in no more. */
  forget(nodeId: string): void {
    this.#lines.end(nodeId, "It was revoked");
    this.#calls.gone(nodeId, "The node was revoked while the call ran");
    this.#cancellations.gone(nodeId);
    if (!this.#records.hello(nodeId)) return;
    this.#records.forget(nodeId);
    this.#o.bus.publish("node.revoked", { node_id: nodeId });
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
    for (const timer of this.#left.values()) clearTimeout(timer);
    // They stay open in the records: the next process asks what became of them.
    for (const { finish } of this.#waiting.values())
      finish({ kind: "unknown", why: "The center stopped while it ran" });
    this.#waiting.clear();
  }

  async #send(line: Line, callId: string, { command, args, digest, approved, timeoutMs, sessionKey }: NodeCall) {
    const params = { call_id: callId, command, args, digest, approved, timeout_ms: timeoutMs, session_key: sessionKey };
    try {
      this.#take(callId, line, await line.connection.request("node.call", params));
    } catch (thrown) {
      this.#refused(callId, line, thrown);
    }
  }

  /** The only thing that is said about a call over a second line. */
  async #askOutcome(callId: string): Promise<void> {
    const line = this.#lineOf(callId);
    if (!line) return;
    let said: unknown;
    try {
      said = await line.connection.request("node.outcome", { call_id: callId });
    } catch (thrown) {
      if (!line.connection.ended.aborted) this.#calls.unknown(callId, wordsOf(thrown));
      return;
    }
    const memory = nodeMemory.safeParse(said);
    if (!memory.success) this.#calls.unknown(callId, malformed(line.hello.name).message);
    else if (memory.data.state === "ended") this.#calls.answered(callId, { answer: memory.data.answer });
    else if (memory.data.state === "never") this.#calls.never(callId);
    else this.#calls.unknown(callId, "The node does not remember the call any more");
  }

  #take(callId: string, line: Line, said: unknown): void {
    const answer = nodeAnswer.safeParse(said);
    // It ran, but what came of it cannot be read.
    if (!answer.success) this.#calls.unknown(callId, malformed(line.hello.name).message);
    else this.#calls.answered(callId, { answer: answer.data });
  }

  #refused(callId: string, line: Line, thrown: unknown): void {
    // A cut says nothing: the node is asked when it is back.
    if (line.connection.ended.aborted) return;
    this.#calls.answered(callId, { refusal: wordsOf(thrown) });
  }

  #cancel(callId: string, nodeId: string): void {
    const line = this.#lines.get(nodeId);
    this.#cancellations.add(callId, nodeId, line);
    if (!line) this.#calls.unknown(callId, "It was cancelled while the node was not connected");
  }

  #giveUp(callId: string, nodeId: string, why: string): void {
    this.#calls.unknown(callId, why);
    this.#cancel(callId, nodeId);
  }

  #onEnd(callId: string, end: CallEnd<Word>): void {
    const { outcome, text } = endOf(end, "It");
    const waiting = this.#waiting.get(callId);
    this.#waiting.delete(callId);
    clearTimeout(this.#left.get(callId));
    this.#left.delete(callId);
    try {
      const reason = outcome === "done" ? null : text.slice(0, 500);
      if (!waiting?.isPart) {
        this.#records.end(callId, outcome, reason, this.#o.now());
        this.#o.bus.publish("node.call_ended", { call_id: callId, outcome, reason });
      }
    } catch (thrown) {
      this.#o.log.error("the end of a call cannot be written down", { call_id: callId, ...describeError(thrown) });
    }
    waiting?.finish(end);
  }

  #onJoined(line: Line): void {
    const { name, tags } = line.hello;
    this.#o.log.info("node connected", { node: name, node_id: line.nodeId });
    this.#o.bus.publish("node.connected", { node_id: line.nodeId, name, tags });
    this.#cancellations.joined(line);
    this.#calls.joined(line.nodeId, line.hello.boot_id, lineName(line));
  }

  #onCut(line: Line, why: string): void {
    const { name } = line.hello;
    this.#calls.cut(lineName(line));
    this.#o.log.info("node disconnected", { node: name, node_id: line.nodeId, why });
    this.#o.bus.publish("node.disconnected", { node_id: line.nodeId, name, reason: why });
    if (!this.#o.devices.get(line.nodeId)) this.forget(line.nodeId);
  }

  /** What an earlier process has left open is asked about when its node comes. */
  #takeUp(): void {
    for (const { id, node_id, boot_id, deadline_at } of this.#records.open()) {
      this.#calls.begin(id, node_id, boot_id, undefined);
      const left = Math.max(0, deadline_at - this.#o.now());
      const timer = setTimeout(
        () => this.#calls.unknown(id, "The center stopped while the call ran, and the node did not come back in time"),
        Math.min(left, LONGEST_TIMER_MS),
      );
      timer.unref();
      this.#left.set(id, timer);
    }
  }

  #describe({ device_id, name, last_seen_at }: NodeDevice): NodeInfo {
    const line = this.#lines.get(device_id);
    const hello = line?.hello ?? this.#records.hello(device_id);
    return {
      node_id: device_id,
      name,
      tags: [...(hello?.tags ?? [])],
      status: line ? "online" : "offline",
      platform: hello?.platform ?? null,
      arch: hello?.arch ?? null,
      version: hello?.version ?? null,
      commands: [...(hello?.commands ?? [])],
      connected_at: line?.since ?? null,
      last_seen_at: line ? this.#o.now() : last_seen_at,
      running: this.#calls.open(device_id).length,
    };
  }

  #line(nodeId: string): Line {
    const line = this.#lines.get(nodeId);
    if (line) return line;
    throw notConnected(this.#records.hello(nodeId)?.name ?? nodeId);
  }

  #lineOf(callId: string): Line | undefined {
    const nodeId = this.#calls.nodeOf(callId);
    return nodeId === undefined ? undefined : this.#lines.get(nodeId);
  }

  #assertCommand({ hello }: Line, command: string): void {
    if (hello.commands.includes(command)) return;
    throw new AlephError("not_found", `Node "${hello.name}" has no command "${command}"`, {
      data: { hint: `It has: ${hello.commands.join(", ")}` },
    });
  }
}

function lineName({ connection }: Line): string {
  return connection.id;
}

function endOf(end: CallEnd<Word>, node: string): NodeEnd {
  if (end.kind === "unknown") return { outcome: "unknown", text: `${end.why}; it may or may not have had its effect` };
  if (end.kind === "never") {
    return { outcome: "failed", isNotBegun: true, text: "The call did not reach the node, so it did not run" };
  }
  const { answer: word } = end;
  if ("refusal" in word) return { outcome: "failed", text: `${node} refused or failed: ${word.refusal}` };
  return { outcome: word.answer.ok ? "done" : "failed", answer: word.answer, text: word.answer.text };
}

function wordsOf(thrown: unknown): string {
  const error = AlephError.from(thrown);
  const hint = typeof error.data.hint === "string" ? `. ${error.data.hint}` : "";
  return `${error.message}${hint}`;
}

function notConnected(name: string): AlephError {
  return new AlephError("conflict", `Node "${name}" is not connected`, {
    data: { hint: "node.list shows those that are" },
  });
}

function malformed(name: string): AlephError {
  return new AlephError("invalid_request", `Node "${name}" gave an answer that cannot be understood`);
}
