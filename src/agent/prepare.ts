/** What a run goes into its first step with: the prompt, the tools, the conversation. */
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ThinkingLevel } from "../protocol/message.ts";
import type { Recalled } from "../sdk/memory.ts";
import type { ModelMessage } from "../sdk/provider.ts";
import type { SessionTools } from "../session/sessions.ts";
import { buildContext, questionOf } from "./context.ts";
import type { LoopDeps, LoopRun, Steered } from "./loop.ts";
import { toolsInRun } from "./narrowing.ts";
import { buildPrompt } from "./prompt.ts";
import { TokenScales } from "./tokens.ts";
import type { ToolDescription } from "./toolbox.ts";
import { roomOf } from "./window.ts";

export interface Turn {
  readonly refs: readonly string[];
  readonly system: readonly string[];
  /** Whether a stranger may have written something of it. */
  readonly untrusted: boolean;
  readonly messages: ModelMessage[];
  readonly thinking: ThinkingLevel;
  /** The skill that the message names by beginning with it. */
  readonly skill: string | undefined;
  tools: readonly ToolDescription[];
  /** Which tools the run may still use, of those that the agent has. */
  sessionTools: SessionTools | null;
  /** What the memory holds ready beside the message. */
  readonly recalled: Recalled | undefined;
  /** Came while a request was under way that was sent again: to be seen with the next. */
  readonly late: Steered[];
  /** Tokens that the conversation may have at the model that is wanted, as far as it is known. */
  roomFor(scales: TokenScales): number;
}

/** `steered` came by now and is not among the messages yet. */
export async function prepareTurn(
  deps: LoopDeps,
  loopRun: LoopRun,
): Promise<{ readonly turn: Turn; readonly steered: readonly Steered[] }> {
  const { run, session, store, cancel } = loopRun;
  const { models, toolbox, config, now, timeZone, pluginPrompts, skills } = deps;
  const { agent } = session;
  const table = config().agents[agent];
  const refs = models.order(run.request.model ?? session.model ?? table?.model);
  const sessionTools = run.steps === 0 ? session.tools : toolsInRun(store.db, run.id, session.tools);
  const specs = toolbox.specs(agent, sessionTools);
  const message = () => questionOf(store.db, run);
  const about = specs.then((usable) => ({ agent, message, tools: new Set(usable.map(({ name }) => name)) }));
  const added = about.then(pluginPrompts);
  const known = about.then((run) => skills?.about(run));
  const remembered = deps.recall?.(run, message, cancel);
  const workspace = toolbox.workspace(agent);
  const [prompt, tools, skill, resolved] = await Promise.all([
    buildPrompt({
      agent,
      table,
      workspace,
      forGuest: run.request.grant.role === "guest",
      foreign: deps.isForeign?.(workspace) === true,
      added: Promise.all([added, known]).then(([plugins, own]) => [
        ...plugins,
        ...(own?.prompts ?? []),
        ...namedAgents(config(), agent),
      ]),
      now: now(),
      timeZone: timeZone(),
    }),
    specs,
    known,
    models.resolve(refs[0]!, cancel).catch((error: unknown) => {
      // The chain goes on with the fallbacks and tells what became of this one.
      if (error instanceof AlephError) return undefined;
      throw error;
    }),
  ]);
  const thinking = run.request.thinking ?? session.thinking ?? table?.thinking ?? "off";
  const { parts: system, untrusted } = prompt;
  const turn: Turn = {
    refs,
    system,
    untrusted,
    tools,
    messages: [],
    thinking,
    skill: skill?.named,
    sessionTools,
    recalled: await remembered,
    late: [],
    roomFor(scales) {
      const info = resolved ? models.known(resolved.provider, resolved.model) : {};
      return roomOf(info, scales.fixed(turn), resolved ? scales.of(resolved.ref) : 1);
    },
  };
  const { messages, steered } = await readMessages(deps, loopRun, turn);
  turn.messages.push(...messages);
  return { turn, steered };
}

/** The conversation as it stands on disk, with what is recalled. */
export async function readMessages(
  { scales = new TokenScales() }: Pick<LoopDeps, "scales">,
  { session, store, media, waiting, takeSteered }: LoopRun,
  turn: Pick<Turn, "roomFor" | "recalled">,
): Promise<{ readonly messages: ModelMessage[]; readonly steered: readonly Steered[] }> {
  // At the moment of reading: what was steered in by now stands in the history too, and is to be seen once.
  const steered = takeSteered();
  const messages = await buildContext({
    db: store.db,
    session,
    waiting: waiting(),
    without: new Set(steered.map(({ messageId }) => String(messageId))),
    loadMedia: (id) => media.get(id),
    room: turn.roomFor(scales),
  });
  addRecalled(messages, turn.recalled);
  return { messages, steered };
}

/**
 * Beside the last message rather than in the system prompt: what comes before stays as it was in the last turn, so that caches of
 * providers hit.
 */
function addRecalled(messages: ModelMessage[], recalled: Recalled | undefined): void {
  const at = messages.findLastIndex(({ role }) => role === "user");
  const message = messages[at];
  if (recalled === undefined || message?.role !== "user") return;
  messages[at] = {
    ...message,
    content: [{ type: "text", text: recalled.text }, ...message.content],
    ...(recalled.untrusted ? { untrusted: true as const } : {}),
  };
}

/** Whom `agent_spawn` can name. */
function namedAgents({ agents }: Config, self: string): readonly string[] {
  const others = Object.entries(agents).filter(([name, { description }]) => name !== self && description !== undefined);
  if (others.length === 0) return [];
  const lines = others.map(
    ([name, { description }]) => `- ${name}: ${description!.replace(/\s+/g, " ").slice(0, 300)}`,
  );
  return [["Agents that subagents may be:", ...lines].join("\n")];
}
