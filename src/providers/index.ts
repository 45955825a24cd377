/** The kinds of providers, loaded when a table in the config or the environment asks for one. */
import type { AnyProviderType } from "../sdk/provider.ts";

export const providers = {
  anthropic: () => import("./anthropic/anthropic.ts").then((module): AnyProviderType => module.anthropic),
  openai: () => import("./openai/openai.ts").then((module): AnyProviderType => module.openai),
  gemini: () => import("./gemini/gemini.ts").then((module): AnyProviderType => module.gemini),
  ollama: () => import("./ollama/ollama.ts").then((module): AnyProviderType => module.ollama),
  "openai-compatible": () =>
    import("./openai-compatible/openai-compatible.ts").then((module): AnyProviderType => module.openaiCompatible),
  demo: () => import("./demo/demo.ts").then((module): AnyProviderType => module.demo),
} satisfies Record<string, () => Promise<AnyProviderType>>;
