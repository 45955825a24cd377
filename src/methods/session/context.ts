import * as z from "zod";
import { type ContextNeeds, reportContext } from "../../agent/context-report.ts";
import type { Approvals } from "../../policy/approvals.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Sessions } from "../../session/sessions.ts";

interface Needs extends Omit<ContextNeeds, "config"> {
  readonly sessions: Pick<Sessions, "get">;
  readonly approvals: Pick<Approvals, "grants">;
  readonly configWithAgents: ContextNeeds["config"];
}

export const sessionContext = defineMethod({
  name: "session.context",
  summary: "Tell which model answers in a session, how full its context is, and what it may do without asking",
  scope: "read",
  params: z.strictObject({ session_key: z.string() }),
  result: z.object({
    model: z.string(),
    problem: z.string().nullable().describe("why that model cannot be asked now"),
    tokens: z.number().describe("of the conversation as the model is shown it, estimated"),
    window: z.number().nullable().describe("tokens that the model can take; null where that is not known"),
    confined: z.boolean().describe("whether commands run in a sandbox; where not, each asks"),
    standing: z.number().describe("permissions for longer than once that hold here"),
  }),
  async handle({ sessions, approvals, configWithAgents: config, ...needs }: Needs, { session_key }, call) {
    const session = sessions.get(session_key);
    const report = await reportContext({ ...needs, config }, session, call.signal);
    const standing = approvals.grants().filter((grant) => [null, session.key].includes(grant.session_key)).length;
    return {
      model: report.model,
      problem: report.problem ?? null,
      tokens: report.tokens,
      window: report.window ?? null,
      confined: config().exec.sandbox.enabled,
      standing,
    };
  },
});
