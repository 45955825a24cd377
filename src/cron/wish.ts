/** What somebody asks for when he makes or changes a job. */
import type { CronDeliver, CronRetry, CronSchedule } from "../protocol/cron.ts";

interface Settings {
  readonly schedule: CronSchedule;
  readonly message: string;
  readonly deliver?: CronDeliver | null | undefined;
  readonly agent?: string | undefined;
  readonly model?: string | null | undefined;
  readonly missed?: "skip" | "once" | "all" | undefined;
  readonly jitter_ms?: number | undefined;
  readonly retry?: CronRetry | undefined;
  readonly enabled?: boolean | undefined;
}

export interface NewJob extends Settings {
  readonly id?: string | undefined;
  /** A model asks for it that has seen content from outside. */
  readonly untrusted?: boolean;
}

export type JobChange = { readonly [Key in keyof Settings]?: Settings[Key] | undefined };
