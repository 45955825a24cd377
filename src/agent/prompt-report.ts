/** What a model is told before the conversation, and what of it takes how much room. */
import type { Config } from "../config/schema.ts";
import { agentOf, buildSessionKey, parseSessionKey } from "../protocol/session-key.ts";
import type { Sessions } from "../session/sessions.ts";
import type { LoopDeps } from "./loop-deps.ts";
import { gather } from "./prepare.ts";
import { PROMPT_PARTS, type PromptPart } from "./prompt.ts";
import { textTokens, toolTokens } from "./tokens.ts";
import { assertAgent } from "./toolbox.ts";

export interface PromptReport {
  readonly agent: string;
  readonly sessionKey: string;
  readonly parts: readonly (PromptPart & { readonly tokens: number; readonly limit: number })[];
  readonly tools: readonly { readonly name: string; readonly tokens: number }[];
}

export interface PromptReportsOptions
  extends Pick<LoopDeps, "toolbox" | "now" | "timeZone" | "pluginPrompts" | "skills" | "isForeign" | "place"> {
  readonly config: () => Config;
  readonly sessions: Pick<Sessions, "find">;
}

export class PromptReports {
  readonly #o: PromptReportsOptions;

  constructor(options: PromptReportsOptions) {
    this.#o = options;
  }

  /** Of an agent's main session unless another is named. Throws `not_found` for an agent that there is not. */
  async of({ agent: wanted = "main", sessionKey }: { agent?: string | undefined; sessionKey?: string | undefined }) {
    const key = sessionKey ?? buildSessionKey({ form: "main", agent: wanted, name: "main" });
    const session = this.#o.sessions.find(key);
    const agent = session?.agent ?? agentOf(parseSessionKey(key));
    assertAgent(this.#o.config(), agent);
    const forGuest = session?.kind === "guest";
    const about = { agent, sessionKey: key, tools: session?.tools ?? null, forGuest, message: () => "" };
    const { prompt, specs } = await gather(this.#o, about);
    const report: PromptReport = {
      agent,
      sessionKey: key,
      parts: prompt.parts.map((part) => ({ ...part, tokens: textTokens(part.text), limit: PROMPT_PARTS[part.name] })),
      tools: specs.map((tool) => ({ name: tool.name, tokens: toolTokens(tool) })),
    };
    return report;
  }
}
