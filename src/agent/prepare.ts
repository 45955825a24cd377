/** What a run goes into its first step with: the prompt, the tools, the conversation. */
import { AlephError } from "../protocol/errors.ts";
import type { ThinkingLevel } from "../protocol/message.ts";
import type { Recalled } from "../sdk/memory.ts";
import type { ModelMessage } from "../sdk/provider.ts";
import type { SessionTools } from "../session/sessions.ts";
import { buildContext, questionOf } from "./context.ts";
import type { LoopDeps, LoopRun, Steered } from "./loop.ts";
import { namedAgents } from "./named-agents.ts";
import { toolsInRun } from "./narrowing.ts";
import { buildPrompt, type Prompt } from "./prompt.ts";
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
  const { models, config } = deps;
  const { agent } = session;
  const table = config().agents[agent];
  const refs = models.order(run.request.model ?? session.model ?? table?.model);
  const sessionTools = run.steps === 0 ? session.tools : toolsInRun(store.db, run.id, session.tools);
  const message = () => questionOf(store.db, run);
  const remembered = deps.recall?.(run, message, cancel);
  const forGuest = run.request.grant.role === "guest";
  const [{ prompt, specs: tools, named }, resolved, recalled] = await Promise.all([
    gather(deps, { agent, sessionKey: session.key, tools: sessionTools, forGuest, message }),
    models.resolve(refs[0]!, cancel).catch((error: unknown) => {
      // The chain goes on with the fallbacks and tells what became of this one.
      if (error instanceof AlephError) return undefined;
      throw error;
    }),
    remembered,
  ]);
  const thinking = run.request.thinking ?? session.thinking ?? table?.thinking ?? "off";
  const system = prompt.parts.map(({ text }) => text);
  const turn: Turn = {
    refs,
    system,
    untrusted: prompt.untrusted,
    tools,
    messages: [],
    thinking,
    skill: named,
    sessionTools,
    recalled,
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

export interface Gathered {
  readonly prompt: Prompt;
  readonly specs: readonly ToolDescription[];
  /** The skill that the message names by beginning with it. */
  readonly named: string | undefined;
}

/** What goes before the conversation: the prompt and the tools. */
export async function gather(
  deps: Pick<LoopDeps, "toolbox" | "config" | "now" | "timeZone" | "pluginPrompts" | "skills" | "isForeign" | "place">,
  {
    agent,
    sessionKey,
    tools,
    forGuest,
    message,
  }: {
    readonly agent: string;
    readonly sessionKey: string;
    readonly tools: SessionTools | null;
    readonly forGuest: boolean;
    readonly message: () => string;
  },
): Promise<Gathered> {
  const { toolbox, config, now, timeZone, pluginPrompts, skills } = deps;
  // Before anything is under way that nobody would wait for.
  const workspace = toolbox.workspace(agent);
  const specs = toolbox.specs(agent, tools, "brief");
  const about = specs.then((usable) => ({ agent, message, tools: new Set(usable.map(({ name }) => name)) }));
  const plugins = about.then(pluginPrompts);
  const known = about.then((run) => skills?.about(run));
  const prompt = buildPrompt({
    agent,
    table: config().agents[agent],
    workspace,
    forGuest,
    foreign: deps.isForeign?.(workspace) === true,
    added: Promise.all([plugins, known]).then(([plugins, own]) => ({
      plugins,
      skills: own?.prompts ?? [],
      agents: [namedAgents(config(), agent)],
    })),
    place: deps.place?.(sessionKey) ?? Promise.resolve(undefined),
    now: now(),
    timeZone: timeZone(),
  });
  const [built, usable, skill] = await Promise.all([prompt, specs, known]);
  return { prompt: built, specs: usable, named: skill?.named };
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
