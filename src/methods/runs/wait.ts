import * as z from "zod";
import type { Runner } from "../../agent/runner.ts";
import { run } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";
import { type Runs, toWireRun } from "../../session/runs.ts";

export const runsWait = defineMethod({
  name: "runs.wait",
  summary: "Wait until a run has ended, or at most `timeout_ms`, and tell how it stands",
  scope: "read",
  guest: { own: "run_id" },
  params: z.strictObject({ run_id: z.string(), timeout_ms: z.int().min(0).max(3_600_000).default(60_000) }),
  result: run,
  async handle(
    { runner, runs }: { runner: Pick<Runner, "wait">; runs: Pick<Runs, "get"> },
    { run_id, timeout_ms },
    call,
  ) {
    // Not `AbortSignal.timeout`: it would be there for the whole time, however soon the run has ended.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeout_ms);
    try {
      await runner.wait(run_id, AbortSignal.any([call.signal, late.signal]));
    } catch (error) {
      if (!late.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
    return toWireRun(runs.get(run_id), call.grant);
  },
});
