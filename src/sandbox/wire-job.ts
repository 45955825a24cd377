/** A job as the wire shows it. */
import type { WireJob } from "../protocol/job.ts";
import type { JobState } from "./jobs.ts";

export function toWireJob({ end, untrusted: _untrusted, ...state }: JobState): WireJob {
  if (!end) return { ...state, end: null };
  const { at, exitCode = null, signal = null, timedOut } = end;
  return { ...state, end: { at, exit_code: exitCode, signal, timed_out: timedOut } };
}
