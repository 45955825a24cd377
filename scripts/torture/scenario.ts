/** What a scenario of the campaign is, and what it is given and tells. */
import type { Rig } from "./rig.ts";

/** What was measured, for the report. */
export type Facts = Readonly<Record<string, number | string | boolean>>;

/** How much of it; the tests take less than a person who has an evening. */
export interface Size {
  readonly kills: number;
  readonly connections: number;
  readonly soakMs: number;
  /** Waits for what takes minutes: idle connections that are closed in their own time. */
  readonly patient: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** Why it cannot be tried on this machine, if so. */
  readonly obstacle?: () => string | undefined;
  /** What must not have happened is told with `rig.problem`; what is thrown is a problem as well. */
  run(rig: Rig, size: Size): Promise<Facts>;
}

export interface Outcome {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly reason?: string;
  readonly problems?: readonly string[];
  readonly facts?: Facts;
  readonly seconds: number;
}

export function isRoot(): boolean {
  return process.platform === "linux" && process.geteuid?.() === 0;
}
