/** The environment of the process: read once, here and nowhere else. */
import { join, resolve } from "node:path";

export interface Environment {
  readonly alephHome: string | undefined;
  readonly logLevel: string | undefined;
  /** The gateway token and address that the CLI uses instead of those of the home. */
  readonly token: string | undefined;
  readonly url: string | undefined;
  /** No colours wanted (no-color.org). */
  readonly noColor: boolean;
  readonly anthropicApiKey: string | undefined;
  readonly openaiApiKey: string | undefined;
  readonly openaiBaseUrl: string | undefined;
  readonly geminiApiKey: string | undefined;
  readonly googleApiKey: string | undefined;
  readonly ollamaHost: string | undefined;
  /** The person's home folder. */
  readonly userHome: string;
  readonly shell: string | undefined;
  readonly term: string | undefined;
  readonly timeZone: string | undefined;
  readonly lang: string | undefined;
  /** Everything, for `env:NAME` references. */
  readonly all: Readonly<Record<string, string | undefined>>;
}

/** A frozen copy: later changes of the process's environment do not show. An empty variable counts as absent. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const get = (name: string): string | undefined => source[name] || undefined;
  return Object.freeze({
    alephHome: get("ALEPH_HOME"),
    logLevel: get("ALEPH_LOG_LEVEL"),
    token: get("ALEPH_TOKEN"),
    url: get("ALEPH_URL"),
    noColor: get("NO_COLOR") !== undefined,
    anthropicApiKey: get("ANTHROPIC_API_KEY"),
    openaiApiKey: get("OPENAI_API_KEY"),
    openaiBaseUrl: get("OPENAI_BASE_URL"),
    geminiApiKey: get("GEMINI_API_KEY"),
    googleApiKey: get("GOOGLE_API_KEY"),
    ollamaHost: get("OLLAMA_HOST"),
    userHome: get("HOME") ?? get("USERPROFILE") ?? userHomeOfSystem(),
    shell: get("SHELL"),
    term: get("TERM"),
    timeZone: get("TZ"),
    lang: get("LANG"),
    // No prototype: `env:constructor` is not set either.
    all: Object.freeze(Object.assign(Object.create(null), source)),
  });
}

/** `ALEPH_HOME`, or `.aleph` in the person's home folder. */
export function defaultHomePath(env: Environment): string {
  return env.alephHome ? resolve(env.alephHome) : join(env.userHome, ".aleph");
}

/** For a service that is started without HOME; the module is loaded for it alone. */
function userHomeOfSystem(): string {
  try {
    return process.getBuiltinModule("node:os").homedir();
  } catch {
    // A user of whom the system knows the number alone, as in a container from scratch.
    return "/";
  }
}
