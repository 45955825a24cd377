/** What an editor can set of a session, and what of the config matters to it. */
import type { SessionConfigOption } from "@agentclientprotocol/sdk";
import type { Client } from "../client/client.ts";
import { AlephError } from "../protocol/errors.ts";
import { THINKING_LEVELS, type ThinkingLevel } from "../protocol/message.ts";

export interface Settings {
  readonly model: string | undefined;
  readonly thinking: ThinkingLevel | undefined;
}

/** The value that leaves it to the agent. */
export const DEFAULT = "default";

/** What of a session can be set in the editor, and how it is set. */
export async function settingsOf(
  client: Pick<Client, "call">,
  { model, thinking }: Settings,
): Promise<SessionConfigOption[]> {
  const { models } = await client.call("models.list", {});
  const known = models.map(({ ref, name }) => ({ value: ref, name: name ?? ref, description: ref }));
  const listed = model === undefined || known.some(({ value }) => value === model);
  return [
    {
      type: "select",
      id: "model",
      name: "Model",
      category: "model",
      currentValue: model ?? DEFAULT,
      options: [
        { value: DEFAULT, name: "The agent's own" },
        ...(listed ? [] : [{ value: model, name: model }]),
        ...known,
      ],
    },
    {
      type: "select",
      id: "thinking",
      name: "Thinking",
      category: "thought_level",
      currentValue: thinking ?? DEFAULT,
      options: [
        { value: DEFAULT, name: "The agent's own" },
        ...THINKING_LEVELS.map((value) => ({ value, name: value })),
      ],
    },
  ];
}

/** The agents that there are, as far as this token may see them. */
export async function agentsOf(
  client: Pick<Client, "call">,
): Promise<Readonly<Record<string, { readonly workspace: string }>>> {
  try {
    const { agents } = await client.call("agent.list", {});
    return Object.fromEntries(agents.map(({ agent, workspace }) => [agent, { workspace }]));
  } catch (thrown) {
    if (thrown instanceof AlephError && thrown.reason === "forbidden") return {};
    throw thrown;
  }
}
