/** `/status`: which model answers in the conversation, what runs there, and how full the model's context is. */
import { type ContextNeeds, reportContext } from "../agent/context-report.ts";
import { defineChatCommand } from "../sdk/command.ts";
import type { Runs } from "../session/runs.ts";
import type { Sessions } from "../session/sessions.ts";

export interface StatusNeeds extends ContextNeeds {
  readonly sessions: Pick<Sessions, "get">;
  readonly runs: Pick<Runs, "get">;
  readonly now: () => number;
}

export const statusCommand = defineChatCommand<StatusNeeds>({
  word: "status",
  summary: "Show the model, what runs and waits here, and how full the context is",
  scope: "chat",
  forGuests: false,
  async run(needs, _typed, { sessionKey }, signal) {
    const { sessions, runner, runs, config, now } = needs;
    const session = sessions.get(sessionKey);
    const table = config().agents[session.agent];
    const { model, problem, window, tokens } = await reportContext(needs, session, signal);
    const { active, queued } = runner.of(sessionKey);
    const startedAt = active === null ? null : runs.get(active).startedAt;
    const seconds = startedAt === null ? 0 : Math.max(0, Math.round((now() - startedAt) / 1000));
    const waiting = queued.length === 0 ? "" : `, ${queued.length} waiting`;
    return [
      `**Model:** \`${model}\`${problem === undefined ? "" : ` (${problem})`}`,
      `**Thinking:** ${session.thinking ?? table?.thinking ?? "off"}`,
      `**Run:** ${active === null ? "none" : `under way for ${seconds} s`}${waiting}`,
      `**Context:** ${contextText(tokens, window)}`,
      `**Session:** \`${session.key}\``,
    ].join("\n");
  },
});

function contextText(tokens: number, window: number | undefined): string {
  const said = `about ${tokens.toLocaleString("en-US")} tokens`;
  if (window === undefined) return said;
  return `${said} of ${window.toLocaleString("en-US")} (${Math.round((tokens / window) * 100)} %)`;
}
