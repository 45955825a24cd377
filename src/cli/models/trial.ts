/** What came of a real call to a provider, as people read it. */
import type { Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { nextStepOf } from "../../protocol/provider-hint.ts";
import { writeHint } from "../failure.ts";
import { formatElapsed } from "../format.ts";
import type { Terminal } from "../terminal.ts";

export function writeTrial(trial: Result<"models.test">, { out, err }: Terminal): void {
  if (trial.ok) {
    const who = printableLine(trial.model ?? trial.provider);
    out.write(`${out.style.green("ok")}  ${who} answered in ${formatElapsed(trial.latency_ms)}\n`);
    return;
  }
  err.write(`${err.style.red("Error:")} ${printableLine(trial.error?.message ?? "It did not answer")}\n`);
  writeHint(err, nextStepOf(trial.error));
}
