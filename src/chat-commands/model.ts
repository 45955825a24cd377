/** `/model`: which model answers in the conversation. */
import { nearest } from "../lib/nearest.ts";
import type { Models } from "../providers/models.ts";
import { defineChatCommand } from "../sdk/command.ts";
import type { Sessions } from "../session/sessions.ts";

export interface ModelNeeds {
  readonly sessions: Pick<Sessions, "get" | "patch">;
  readonly models: Pick<Models, "list" | "resolve">;
}

const LISTED = 30;

export const modelCommand = defineChatCommand<ModelNeeds>({
  word: "model",
  argument: "[NAME|default]",
  summary: "Show the models, or let another one answer in this conversation",
  scope: "chat",
  forGuests: false,
  async run({ sessions, models }, { text }, { sessionKey }, signal) {
    if (text === "default") {
      await sessions.patch(sessionKey, { model: null });
      return "The agent's own model answers from here on.";
    }
    if (text !== "") {
      const { ref, provider } = await models.resolve(text, signal);
      // As it was typed: an alias stays one.
      await sessions.patch(sessionKey, { model: text });
      return [`\`${ref}\` answers from here on.`, ...(await doubts(ref, provider, models, signal))].join(" ");
    }
    const { model } = sessions.get(sessionKey);
    const { models: known } = await models.list(signal);
    const more = known.length > LISTED ? [`… and ${known.length - LISTED} more`] : [];
    return [
      model === null ? "The agent's own model answers here." : `\`${model}\` answers here.`,
      [...known.slice(0, LISTED).map(({ ref }) => `- \`${ref}\``), ...more].join("\n"),
      "`/model NAME` takes another one, `/model default` the agent's own.",
    ].join("\n\n");
  },
});

/** Providers answer with models that they do not list, such as dated ones: it is taken, and said. */
async function doubts(
  ref: string,
  provider: string,
  models: ModelNeeds["models"],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { models: known, errors } = await models.list(signal);
  const refs = known.flatMap((one) => (one.provider === provider ? [one.ref] : []));
  if (refs.length === 0 || refs.includes(ref) || errors.some((error) => error.provider === provider)) return [];
  const near = nearest(ref, refs);
  const meant = near === undefined ? "`/model` shows those that it lists." : `Did you mean \`${near}\`?`;
  return [`"${provider}" does not list it. ${meant}`];
}
