/** Schedules on the wire: what is done when, where its answer goes, and what became of it. */
import * as z from "zod";

export const MISSED = ["skip", "once", "all"] as const;

export const cronId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be letters, digits, . _ or -");

const tz = z.string().min(1).max(64).describe('such as "Europe/Berlin"; the server\'s own when left out');

export const cronSchedule = z.union([
  z.strictObject({
    cron: z.string().min(1).max(200).describe('minute hour day month weekday, such as "30 9 * * MON-FRI"; or @daily'),
    tz: tz.optional(),
  }),
  z.strictObject({
    every_ms: z
      .int()
      .min(1000)
      .max(366 * 86_400_000),
  }),
  z.strictObject({
    at: z
      .union([z.int().positive(), z.string().min(1).max(40)])
      .describe("once: Unix milliseconds, or ISO 8601 such as 2026-05-01T09:00; without an offset it is meant in tz"),
    tz: tz.optional(),
  }),
]);
export type CronSchedule = z.output<typeof cronSchedule>;

export const cronDeliver = z.union([
  z.strictObject({
    interface: z.string().min(1).max(64).describe("telegram, discord, …"),
    target: z.string().min(1).max(512).describe("the conversation there"),
  }),
  z.strictObject({ session_key: z.string().max(512).describe("a conversation of the owner's own") }),
  z.strictObject({
    webhook: z.url({ protocol: /^https?$/ }).max(2000),
    secret: z.string().min(1).max(500).optional().describe("signs what is sent; best a reference such as env:NAME"),
  }),
]);
export type CronDeliver = z.output<typeof cronDeliver>;

export const cronRetry = z.strictObject({
  times: z.int().min(0).max(10).describe("after a failure; a run that has called a tool is not repeated"),
  backoff_ms: z.int().min(1000).max(86_400_000).describe("before the first one, doubled each time").default(60_000),
});
export type CronRetry = z.output<typeof cronRetry>;

/** What a person says of a job, at its making or at a change. */
export const cronSettings = {
  schedule: cronSchedule,
  message: z.string().min(1).max(20_000).describe("what the agent is told to do"),
  deliver: cronDeliver.nullable().describe("where its answer goes; null is nowhere"),
  agent: z.string().min(1).max(64),
  model: z.string().min(1).max(200).nullable(),
  missed: z.enum(MISSED).describe("what becomes of times that passed while the server did not run"),
  jitter_ms: z.int().min(0).max(86_400_000).describe("each run begins up to so much later"),
  retry: cronRetry,
  enabled: z.boolean(),
} as const;

export const CRON_RUN_STATUSES = [
  "waiting",
  "running",
  "completed",
  "failed",
  "cancelled",
  "interrupted",
  "skipped",
] as const;
export type CronRunStatus = (typeof CRON_RUN_STATUSES)[number];

export const cronRun = z.object({
  cron_id: z.string(),
  /** The time that the schedule names. */
  due_at: z.number(),
  cause: z.enum(["schedule", "manual"]),
  status: z.enum(CRON_RUN_STATUSES),
  attempt: z.number(),
  run_id: z.string().nullable(),
  started_at: z.number().nullable(),
  ended_at: z.number().nullable(),
  /** The beginning of what it said, or why it failed or was skipped. */
  note: z.string().nullable(),
  /** Whether what it said is where it goes; null when it goes nowhere. */
  delivery: z.enum(["pending", "done", "failed"]).nullable(),
  delivery_error: z.string().nullable(),
});
export type WireCronRun = z.output<typeof cronRun>;

export const cronJob = z.object({
  cron_id: z.string(),
  session_key: z.string(),
  schedule: z.union([
    z.object({ cron: z.string(), tz: z.string() }),
    z.object({ every_ms: z.number() }),
    z.object({ at: z.number() }),
  ]),
  message: z.string(),
  /** A webhook's secret is not shown. */
  deliver: z
    .union([
      z.object({ interface: z.string(), target: z.string() }),
      z.object({ session_key: z.string() }),
      z.object({ webhook: z.string(), signed: z.boolean() }),
    ])
    .nullable(),
  agent: z.string(),
  model: z.string().nullable(),
  missed: z.enum(MISSED),
  jitter_ms: z.number(),
  retry: z.object({ times: z.number(), backoff_ms: z.number() }),
  enabled: z.boolean(),
  /** Null: it is paused, or its only time has passed. */
  next_run_at: z.number().nullable(),
  /** The agent made it while content from outside was in its run. */
  untrusted: z.boolean(),
  created_by: z.string(),
  created_at: z.number(),
  last: cronRun.nullable(),
});
export type WireCronJob = z.output<typeof cronJob>;
