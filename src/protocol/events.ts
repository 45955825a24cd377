/** Events: each topic with the shape of its data. Publishing is checked by the compiler, the shapes by tests. */
import * as z from "zod";
import { approval, approvalEnd } from "./approval.ts";
import { configIssue } from "./config-issue.ts";
import { MCP_STATUSES } from "./mcp-state.ts";
import { mediaPart, message, toolResultPart, usage } from "./message.ts";
import { PLUGIN_STATES } from "./plugin-state.ts";
import { runFailure } from "./run.ts";

/** `parent_run_id`: of a subagent, the run that started it. */
const run = { run_id: z.string(), session_key: z.string(), parent_run_id: z.string().optional() };
const call = { ...run, call_id: z.string(), tool: z.string() };
const failure = z.object({ reason: z.string(), message: z.string() });
const job = { job_id: z.string(), session_key: z.string().nullable() };

const nodeCall = {
  call_id: z.string(),
  node_id: z.string(),
  node: z.string(),
  command: z.string(),
  session_key: z.string(),
};

export const eventSchemas = {
  /** Text for the person, in order: `index` counts the chunks of the run; merged chunks keep the first one's. */
  "stream.chunk": z.object({ ...run, content: z.string(), index: z.number() }),
  "stream.thinking": z.object({ ...run, content: z.string(), index: z.number() }),
  "stream.tool_start": z.object({ ...call, args: z.unknown() }),
  /** Output of a tool that is still running. */
  "stream.tool_output": z.object({ ...call, content: z.string() }),
  "stream.tool_end": z.object({
    ...call,
    ok: z.boolean(),
    status: toolResultPart.shape.status,
    /** What the tool really got, where a plugin changed what was asked. */
    args: z.record(z.string(), z.unknown()).optional(),
    result: z.string().optional(),
    error: z.string().optional(),
    duration_ms: z.number(),
  }),
  /** What the loop did: model calls, retries, failovers, limits. `detail` depends on `kind`. */
  "stream.agent_trace": z.object({
    ...run,
    step: z.number(),
    kind: z.enum(["step", "model", "retry", "failover", "resume", "steer", "limit", "compaction"]),
    detail: z.record(z.string(), z.unknown()),
  }),
  "agent.queued": z.object({ ...run, message_id: z.string() }),
  "agent.started": z.object({ ...run, model: z.string().nullable(), message_id: z.string() }),
  "agent.completed": z.object({ ...run, text: z.string(), usage, steps: z.number(), duration_ms: z.number() }),
  "agent.error": z.object({ ...run, error: runFailure }),
  "agent.cancelled": z.object({ ...run }),
  "agent.interrupted": z.object({ ...run, text: z.string() }),
  "session.created": z.object({ session_key: z.string(), kind: z.string() }),
  "session.updated": z.object({ session_key: z.string(), title: z.string().nullable(), updated_at: z.number() }),
  /** A message that came outside of a run, as session.history shows it. */
  "session.message": z.object({ session_key: z.string(), message }),
  "session.cleared": z.object({ session_key: z.string() }),
  /** What is old in it is told to the model by notes, or its long results are left out; every message is kept. */
  "session.compacted": z.object({
    session_key: z.string(),
    reason: z.enum(["asked", "threshold", "too_long"]),
    summarised: z.number(),
    dropped_results: z.number(),
    tokens_before: z.number(),
    tokens_after: z.number(),
  }),
  /** The last of it was undone. */
  "session.uncompacted": z.object({ session_key: z.string() }),
  /** It ends before a message again; what came behind is in the session `branch_key`. */
  "session.rewound": z.object({ session_key: z.string(), branch_key: z.string().nullable() }),
  "session.deleted": z.object({ session_key: z.string() }),
  "approval.requested": approval.omit({ status: true, decision: true, created_at: true }),
  "approval.resolved": z.object({
    approval_id: z.string(),
    decision: approvalEnd,
    by: z.string().nullable(),
    run_id: z.string().nullable(),
    session_key: z.string().nullable(),
  }),
  /** What was allowed for longer than once is so no more. */
  "approval.revoked": z.object({ approval_id: z.string(), by: z.string(), session_key: z.string().nullable() }),
  /** A device waits to be let in; its code is in auth.pairing.list. */
  "auth.pairing_requested": z.object({
    pairing_id: z.string(),
    device_id: z.string(),
    name: z.string(),
    role: z.string(),
    scopes: z.array(z.string()),
    expires_at: z.number(),
  }),
  "auth.pairing_resolved": z.object({
    pairing_id: z.string(),
    device_id: z.string(),
    approved: z.boolean(),
    by: z.string(),
  }),
  /** A command runs in the background; it belongs to the session. */
  "job.started": z.object({ job_id: z.string(), session_key: z.string(), command: z.string(), pty: z.boolean() }),
  "job.ended": z.object({
    job_id: z.string(),
    session_key: z.string(),
    command: z.string(),
    exit_code: z.number().nullable(),
    signal: z.string().nullable(),
  }),
  /** The model asks the person; the next message in the session is the answer. `options` are answers to choose from. */
  "question.asked": z.object({
    ...run,
    question_id: z.string(),
    call_id: z.string(),
    question: z.string(),
    options: z.array(z.string()),
    expires_at: z.number(),
  }),
  "question.closed": z.object({
    ...run,
    question_id: z.string(),
    status: z.enum(["answered", "expired", "cancelled"]),
    answer: z.string().optional(),
  }),
  /** Media is being made; `progress` is from 0 to 1, null when the provider does not tell. */
  "generation.progress": z.object({ ...job, progress: z.number().nullable() }),
  /** `generation.status` has links to the media. */
  "generation.done": z.object({ ...job, media: z.array(mediaPart) }),
  "generation.failed": z.object({ ...job, error: failure }),
  /** Sections of config.toml that changed, for example `["models", "providers"]`. */
  "config.changed": z.object({ sections: z.array(z.string()) }),
  "config.invalid": z.object({
    issues: z.array(configIssue),
  }),
  /** It, or one of its keys (`key` is its place in the table, from 1), is left alone for `retry_in_ms`. */
  "provider.failed": z.object({ provider: z.string(), key: z.number().nullable(), retry_in_ms: z.number() }),
  "provider.recovered": z.object({ provider: z.string(), key: z.number().nullable() }),
  /** A request of `/v1` was sent once more, or to somebody else; of a run `stream.agent_trace` tells it. */
  "provider.retried": z.object({
    kind: z.enum(["retry", "failover"]),
    /** Who failed, how, and how long is waited or who is asked now. */
    detail: z.record(z.string(), z.unknown()),
  }),
  /** An adapter of `protocols/` is in force, or its last good version stays. */
  "protocol.loaded": z.object({ protocol: z.string() }),
  "protocol.invalid": z.object({
    protocol: z.string(),
    issues: z.array(configIssue),
  }),
  "interface.started": z.object({ interface: z.string() }),
  "interface.stopped": z.object({ interface: z.string() }),
  /** It could not be started; it is tried again after `retry_in_ms`. */
  "interface.error": z.object({ interface: z.string(), error: failure, retry_in_ms: z.number() }),
  "plugin.loaded": z.object({ plugin_id: z.string(), version: z.string() }),
  "plugin.error": z.object({ plugin_id: z.string(), error: failure }),
  /** What plugins.list shows of it is another than before: its state, or what it waits for. */
  "mcp.status": z.object({ name: z.string(), status: z.enum(MCP_STATUSES) }),
  "plugin.status": z.object({ plugin_id: z.string(), status: z.enum(PLUGIN_STATES) }),
  "plugin.unloaded": z.object({ plugin_id: z.string() }),
  /** It tried what it may not. At most a few a second. */
  "plugin.denied": z.object({
    plugin_id: z.string(),
    kind: z.enum(["network", "filesystem", "env", "process"]),
    target: z.string(),
  }),
  "service.started": z.object({ plugin_id: z.string(), service: z.string() }),
  "service.stopped": z.object({ plugin_id: z.string(), service: z.string() }),
  /** It could not be started or it ended; it is started again after `retry_in_ms`, unless that is null. */
  "service.failed": z.object({
    plugin_id: z.string(),
    service: z.string(),
    error: failure,
    retry_in_ms: z.number().nullable(),
  }),
  "node.connected": z.object({ node_id: z.string(), name: z.string(), tags: z.array(z.string()) }),
  "node.disconnected": z.object({ node_id: z.string(), name: z.string(), reason: z.string() }),
  "node.revoked": z.object({ node_id: z.string() }),
  "node.call_started": z.object({ ...nodeCall, run_id: z.string().nullable() }),
  /** Output of a call that is still running. */
  "node.output": z.object({ ...nodeCall, run_id: z.string().nullable(), content: z.string() }),
  /** Also of one that an earlier process of the center had begun. */
  "node.call_ended": z.object({
    call_id: z.string(),
    outcome: z.enum(["done", "failed", "unknown"]),
    reason: z.string().nullable(),
  }),
  "cron.added": z.object({ cron_id: z.string(), next_run_at: z.number().nullable() }),
  "cron.updated": z.object({ cron_id: z.string(), enabled: z.boolean(), next_run_at: z.number().nullable() }),
  "cron.removed": z.object({ cron_id: z.string() }),
  "cron.started": z.object({ cron_id: z.string(), due_at: z.number(), run_id: z.string(), session_key: z.string() }),
  /** `cron_id` is `heartbeat:` and an agent where that looked whether something matters. */
  "cron.ended": z.object({
    cron_id: z.string(),
    due_at: z.number(),
    run_id: z.string().nullable(),
    status: z.enum(["completed", "failed", "cancelled", "interrupted"]),
  }),
  /** `times` that passed while nobody could run them, or one while its last run still went. */
  "cron.skipped": z.object({
    cron_id: z.string(),
    due_at: z.number(),
    reason: z.enum(["missed", "overlap"]),
    times: z.number(),
  }),
  "system.tick": z.object({
    uptime_ms: z.number(),
    connections: z.number(),
    runs: z.number(),
    /** The newest event number: a client that has it is up to date. */
    state_version: z.number(),
  }),
  "system.shutdown": z.object({ reason: z.string() }),
} as const satisfies Record<string, z.ZodType>;

export type Topic = keyof typeof eventSchemas;
export type EventData<T extends Topic = Topic> = z.output<(typeof eventSchemas)[T]>;

/** `params` of the `event` notification. `seq` grows for ever, also over restarts; `ts` is Unix milliseconds. */
export interface EventFrame<T extends Topic = Topic> {
  readonly topic: T;
  readonly seq: number;
  readonly ts: number;
  readonly data: EventData<T>;
}
