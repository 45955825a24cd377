/** `aleph sessions create` and `set`: a session's title, model, thinking level and tools. */
import type { Params, Result } from "../../client/client.ts";
import { THINKING_LEVELS } from "../../protocol/message.ts";
import { defineCommand, type Invocation } from "../command.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { oneCall } from "../one-call.ts";

type Patch = Omit<Params<"session.patch">, "session_key">;

/** Goes back to what the agent has. */
const NONE = "default";

const settings = {
  title: { type: "string", valueHint: "text", description: "what it is called" },
  model: { type: "string", valueHint: "name", description: "which model answers", completion: "models" },
  thinking: { type: "enum", options: [...THINKING_LEVELS, NONE] as string[], description: "how much the model thinks" },
  allow: { type: "string", valueHint: "tool", description: "only these tools", repeatable: true, completion: "tools" },
  deny: { type: "string", valueHint: "tool", description: "not these tools", repeatable: true, completion: "tools" },
} as const;

export const create = defineCommand({
  summary: "Create a session; without a key a new conversation of the agent",
  args: {
    key: { type: "positional", required: false, description: "session key, such as agent:main:chat:garden" },
    agent: { type: "string", valueHint: "name", description: "whose it is", default: "main", completion: "agents" },
    ...settings,
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "session.create",
      params: {
        agent: args.agent,
        ...(args.key === undefined ? {} : { session_key: args.key }),
        ...patchOf(args, invocation),
      },
      tell: ({ session_key }, { out }) => out.write(`${session_key}\n`),
    }),
});

export const set = defineCommand({
  summary: "Set a session's title, model, thinking level or tools",
  details: `The value ${NONE} goes back to what the agent has; --allow and --deny take the place of those that were set.`,
  args: {
    key: { type: "positional", required: true, description: "session key", completion: "sessions" },
    ...settings,
    "all-tools": { type: "boolean", description: "the agent's own tools again" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph sessions set agent:main:main --model openai/gpt-5", "another model from the next message on"],
    [`aleph sessions set agent:main:main --model ${NONE}`, "the agent's own again"],
  ],
  run: (args, invocation) => {
    const patch: Patch = { ...patchOf(args, invocation), ...(args["all-tools"] ? { tools: null } : {}) };
    if (Object.keys(patch).length === 0) {
      throw usageError("Nothing to set", "Name --title, --model, --thinking, --allow, --deny or --all-tools");
    }
    return oneCall(args, invocation, {
      method: "session.patch",
      params: { session_key: args.key, ...patch },
      tell: (now, { err }) => err.write(`${now.session_key}: ${describe(now)}\n`),
    });
  },
});

function patchOf(
  args: {
    readonly title?: string | undefined;
    readonly model?: string | undefined;
    readonly thinking?: string | undefined;
  },
  { all }: Invocation,
): Patch {
  const { title, model } = args;
  const thinking = THINKING_LEVELS.find((level) => level === args.thinking);
  const [allow, deny] = [all("allow"), all("deny")];
  return {
    ...(title === undefined ? {} : { title: title === NONE ? null : title }),
    ...(model === undefined ? {} : { model: model === NONE ? null : model }),
    ...(args.thinking === undefined ? {} : { thinking: thinking ?? null }),
    ...(allow.length + deny.length === 0
      ? {}
      : {
          tools: {
            ...(allow.length === 0 ? {} : { allow: [...allow] }),
            ...(deny.length === 0 ? {} : { deny: [...deny] }),
          },
        }),
  };
}

function describe({ title, model, thinking, tools }: Result<"session.patch">): string {
  const own = [
    `title ${title === null ? "none" : JSON.stringify(title)}`,
    `model ${model ?? NONE}`,
    `thinking ${thinking ?? NONE}`,
    `tools ${tools === null ? NONE : [...(tools.allow ?? []), ...(tools.deny ?? []).map((tool) => `not ${tool}`)].join(", ")}`,
  ];
  return own.join(", ");
}
