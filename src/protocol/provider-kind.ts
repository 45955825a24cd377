/** The kinds of providers that a setup offers, in the CLI and in the panel, with what it has to ask for each. */

export interface Kind {
  /** What `type` in the provider's table says. */
  readonly type: string;
  readonly label: string;
  readonly key: "needed" | "optional" | "none";
  /** Where the key may stand already, the usual name first. */
  readonly variables: readonly string[];
  /** Where a person gets a key. */
  readonly keyPage?: string;
  readonly asksAddress: boolean;
  readonly address?: string;
}

export const KINDS: readonly Kind[] = [
  {
    type: "anthropic",
    label: "Anthropic",
    key: "needed",
    variables: ["ANTHROPIC_API_KEY"],
    keyPage: "https://console.anthropic.com/settings/keys",
    asksAddress: false,
  },
  {
    type: "openai",
    label: "OpenAI",
    key: "needed",
    variables: ["OPENAI_API_KEY"],
    keyPage: "https://platform.openai.com/api-keys",
    asksAddress: false,
  },
  {
    type: "gemini",
    label: "Google Gemini",
    key: "needed",
    variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    keyPage: "https://aistudio.google.com/apikey",
    asksAddress: false,
  },
  {
    type: "ollama",
    label: "Ollama",
    key: "none",
    variables: [],
    asksAddress: true,
    address: "http://127.0.0.1:11434",
  },
  {
    type: "openai-compatible",
    label: "Another service with OpenAI's API",
    key: "optional",
    variables: [],
    asksAddress: true,
  },
  { type: "demo", label: "The scripted demo", key: "none", variables: [], asksAddress: false },
];

/** The name, with a number behind it where others have it. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count++) {
    const free = count === 1 ? name : `${name}-${count}`;
    if (!taken.has(free)) return free;
  }
}

/** A name for a provider at an address: `openrouter` for `https://openrouter.ai/api/v1`. */
export function nameFor(address: string): string {
  const host = URL.parse(address)?.hostname ?? "";
  if (/^[\d.]+$|^\[|^localhost$/.test(host) || host === "") return "local";
  const labels = host.split(".").filter((label) => !["api", "www", "inference"].includes(label));
  return labels.at(-2) ?? labels[0] ?? "custom";
}
