/** What a run needs of the others: models, tools, and what they add to its prompt. */
import type { KnownSecrets } from "../config/known-secrets.ts";
import type { Config } from "../config/schema.ts";
import type { ChainOptions } from "../providers/chain.ts";
import type { Models } from "../providers/models.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { Commands } from "../sdk/command.ts";
import type { Hooks } from "../sdk/hook.ts";
import type { Recalled } from "../sdk/memory.ts";
import type { StoredRun } from "../session/runs.ts";
import type { Ledger } from "../usage/ledger.ts";
import type { ModelMediaFitter } from "./model-media.ts";
import type { Place } from "./place.ts";
import type { TokenScales } from "./tokens.ts";
import type { Toolbox } from "./toolbox.ts";

export interface LoopDeps {
  readonly models: Pick<Models, "order" | "resolve" | "open" | "known" | "breaker" | "forget">;
  readonly toolbox: Pick<Toolbox, "workspace" | "specs" | "call">;
  readonly bus: Publisher;
  readonly usage: Pick<Ledger, "record" | "check">;
  readonly config: () => Config;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly timeZone: () => string;
  /** What plugins add to the system prompt of a run that answers `message` and may use `tools`. */
  readonly pluginPrompts: (run: {
    readonly message: () => string;
    readonly tools: ReadonlySet<string>;
  }) => Promise<readonly string[]>;
  /** What the model is told of skills, and the one that the message begins with. */
  readonly skills?: {
    about(run: {
      readonly agent: string;
      readonly message: () => string;
      readonly tools: ReadonlySet<string>;
    }): Promise<{ readonly prompts: readonly string[]; readonly named: string | undefined }>;
  };
  /** Where the person reads the answer, if that is a chat. */
  readonly place?: (sessionKey: string) => Promise<Place | undefined>;
  /** What of the memory the model is shown beside the message. Never rejects. */
  readonly recall?: (run: StoredRun, question: () => string, signal: AbortSignal) => Promise<Recalled | undefined>;
  /** Whether a stranger may have filled the workspace; without it, no. */
  readonly isForeign?: (workspace: string) => boolean;
  readonly hooks: Hooks;
  readonly commands: Pick<Commands, "run">;
  /** Without it what messages carry stays as it is. */
  readonly modelMedia?: Pick<ModelMediaFitter, "fit">;
  /** What must not be in what the model says either: somebody may have shown it to it. */
  readonly secrets?: Pick<KnownSecrets, "all" | "stream" | "mask">;
  /** What is known of how models count; of this run alone without it. */
  readonly scales?: TokenScales;
  /** Waits before a provider is asked again. */
  readonly sleep?: ChainOptions["sleep"];
}
