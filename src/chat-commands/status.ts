/** `/status`: which model answers in the conversation, what runs there, and how full the model's context is. */
import { buildContext } from "../agent/context.ts";
import type { Runner } from "../agent/runner.ts";
import { messagesTokens } from "../agent/tokens.ts";
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Models } from "../providers/models.ts";
import { defineChatCommand } from "../sdk/command.ts";
import type { Runs } from "../session/runs.ts";
import type { Session, Sessions } from "../session/sessions.ts";
import type { Stores } from "../session/stores.ts";

export interface StatusNeeds {
  readonly sessions: Pick<Sessions, "get">;
  readonly stores: Pick<Stores, "of">;
  readonly runner: Pick<Runner, "of">;
  readonly runs: Pick<Runs, "get">;
  readonly models: Pick<Models, "order" | "resolve" | "known">;
  readonly config: () => Config;
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
    const model = await modelOf(needs, session, signal);
    const { active, queued } = runner.of(sessionKey);
    const startedAt = active === null ? null : runs.get(active).startedAt;
    const seconds = startedAt === null ? 0 : Math.max(0, Math.round((now() - startedAt) / 1000));
    const waiting = queued.length === 0 ? "" : `, ${queued.length} waiting`;
    return [
      `**Model:** ${model.text}`,
      `**Thinking:** ${session.thinking ?? table?.thinking ?? "off"}`,
      `**Run:** ${active === null ? "none" : `under way for ${seconds} s`}${waiting}`,
      `**Context:** ${contextText(await tokensOf(needs, session, queued), model.window)}`,
      `**Session:** \`${session.key}\``,
    ].join("\n");
  },
});

async function modelOf(
  { models, config }: StatusNeeds,
  { model, agent }: Session,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly window: number | undefined }> {
  const [wanted = "default"] = models.order(model ?? config().agents[agent]?.model);
  try {
    const found = await models.resolve(wanted, signal);
    const { contextWindow } = models.known(found.provider, found.model);
    return { text: `\`${found.ref}\``, window: contextWindow };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return { text: `\`${wanted}\` (${AlephError.from(thrown).message})`, window: undefined };
  }
}

/** What the model would be shown, with media as an average. */
async function tokensOf({ stores }: StatusNeeds, session: Session, waiting: readonly string[]): Promise<number> {
  const messages = await buildContext({
    db: stores.of(session.key).db,
    session,
    waiting: new Set(waiting),
    without: new Set(),
    loadMedia: async () => ({ bytes: new Uint8Array(), mime: "application/octet-stream" }),
    room: Number.POSITIVE_INFINITY,
  });
  return Math.round(messagesTokens(messages));
}

function contextText(tokens: number, window: number | undefined): string {
  const said = `about ${tokens.toLocaleString("en-US")} tokens`;
  if (window === undefined) return said;
  return `${said} of ${window.toLocaleString("en-US")} (${Math.round((tokens / window) * 100)} %)`;
}
