/** What a center and its nodes say to each other, and what clients see of nodes. */
import * as z from "zod";

/** How a call ended: it did what it should; it did not, for sure; nobody can say. */
export const OUTCOMES = ["done", "failed", "unknown"] as const;
export type NodeOutcome = (typeof OUTCOMES)[number];

/** Characters of output that one call may show while it runs; the answer has what counts. */
export const MAX_OUTPUT = 1024 * 1024;

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be letters, digits, . _ or -");

/** What a node says of itself when it has connected. */
export const nodeHello = z.strictObject({
  name,
  tags: z.array(name).max(32),
  commands: z.array(z.string().regex(/^[a-z]+(?:\.[a-z_]+)?$/)).max(100),
  platform: z.string().max(64),
  arch: z.string().max(64),
  version: z.string().max(64),
  /** Another one each time that its process starts: with the process goes what it knows of its calls. */
  boot_id: z.string().min(8).max(64),
});
export type NodeHello = z.output<typeof nodeHello>;

export const nodeWelcome = z.object({
  node_id: z.string(),
  /** So often the center asks whether it is there. A node that hears nothing for three times as long connects anew. */
  heartbeat_ms: z.number(),
});
export type NodeWelcome = z.output<typeof nodeWelcome>;

/** Asks what a call would do; it has no effect. */
export const nodeJudgeParams = z.object({
  command: z.string().max(100),
  args: z.unknown(),
  session_key: z.string().max(1024),
});
export type NodeJudgeParams = z.output<typeof nodeJudgeParams>;

export const nodeCallParams = nodeJudgeParams.extend({
  call_id: z.string().min(1).max(100),
  /** Of the verdict that the center went by. */
  digest: z.string(),
  /** A person's word, or a grant of theirs, stands behind it. */
  approved: z.boolean(),
  timeout_ms: z.number().min(0).max(3_600_000),
});
export type NodeCallParams = z.output<typeof nodeCallParams>;

export const nodeCallName = z.object({ call_id: z.string().min(1).max(100) });

/** What a node answers when it is asked what a call would do: `Prepared` on the wire. */
export const nodeVerdict = z.object({
  tier: z.enum(["allow", "ask", "deny"]),
  reason: z.string().max(4000),
  rule: z.string().max(100).optional(),
  plan: z.record(z.string(), z.unknown()),
  pattern: z.record(z.string(), z.unknown()).nullable().optional(),
  outward: z.literal(true).optional(),
  /** SHA-256 over all that the node will do; the call names it, and the node refuses when it is another by then. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type NodeVerdict = z.output<typeof nodeVerdict>;

/** What a command gave. */
export const nodeAnswer = z.object({
  ok: z.boolean(),
  text: z.string(),
  media: z
    .array(z.object({ mime: z.string().max(200), name: z.string().max(200).optional(), data: z.base64() }))
    .max(8)
    .optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
export type NodeAnswer = z.output<typeof nodeAnswer>;

/** What a node knows of a call that it is asked about after a cut. `never`: it has not begun it and never will. */
export const nodeMemory = z.discriminatedUnion("state", [
  z.object({ state: z.literal("ended"), answer: nodeAnswer }),
  z.object({ state: z.literal("never") }),
  z.object({ state: z.literal("forgotten") }),
]);
export type NodeMemory = z.output<typeof nodeMemory>;

/** A node as clients see it. */
export const nodeInfo = z.object({
  node_id: z.string(),
  name: z.string(),
  tags: z.array(z.string()),
  status: z.enum(["online", "offline"]),
  platform: z.string().nullable(),
  arch: z.string().nullable(),
  version: z.string().nullable(),
  /** What it lets be called. */
  commands: z.array(z.string()),
  connected_at: z.number().nullable(),
  last_seen_at: z.number().nullable(),
  /** Calls that have not ended. */
  running: z.number(),
});
export type NodeInfo = z.output<typeof nodeInfo>;

/** A call as it is remembered; `outcome` is null while it runs. */
export const nodeCallRecord = z.object({
  call_id: z.string(),
  command: z.string(),
  session_key: z.string().nullable(),
  started_at: z.number(),
  ended_at: z.number().nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  /** Why it failed or nobody can say. */
  reason: z.string().nullable(),
});
export type NodeCallRecord = z.output<typeof nodeCallRecord>;
