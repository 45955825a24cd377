/** `/status`: which model answers in the conversation, what runs there, and how full the model's context is. */
import type { Runner } from "../agent/runner.ts";
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Models } from "../providers/models.ts";
import { defineChatCommand } from "../sdk/command.ts";
import { readHistory } from "../session/messages.ts";
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

const PAGE = 200;
/** What lies further back is not counted. */
const PAGES = 20;
/** A cautious average over languages and code. */
const CHARACTERS_PER_TOKEN = 3.5;

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
      `**Context:** ${contextText(tokensOf(needs, session), model.window)}`,
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

/** What was said since the conversation began anew. */
function tokensOf({ stores }: StatusNeeds, { id, key, clearedAt }: Session): number {
  const { db } = stores.of(key);
  let characters = 0;
  let before: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const { messages, next } = readHistory(db, id, { limit: PAGE, before });
    for (const { position, content } of messages) if (position > clearedAt) characters += content.length;
    if (next === undefined || (messages[0]?.position ?? 0) <= clearedAt) break;
    before = next;
  }
  return Math.round(characters / CHARACTERS_PER_TOKEN);
}

function contextText(tokens: number, window: number | undefined): string {
  const said = `about ${tokens.toLocaleString("en-US")} tokens`;
  if (window === undefined) return said;
  return `${said} of ${window.toLocaleString("en-US")} (${Math.round((tokens / window) * 100)} %)`;
}
