/** The keys of `[interfaces.slack]`. */

export interface Settings {
  readonly botToken: string;
  readonly appToken: string;
  /** With a slash at its end. */
  readonly apiRoot: string;
  /** Whether a message in a channel must name the bot, outside of threads that it takes part in. */
  readonly requireMention: boolean;
}

const KEYS = ["bot_token", "app_token", "api_root", "require_mention"];
const API_ROOT = "https://slack.com/api/";

/** Throws what is wrong with them. */
export function readSettings(config: Readonly<Record<string, unknown>>): Settings {
  const unknown = Object.keys(config).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new Error(`"${unknown}" is not a key of interfaces.slack: ${KEYS.join(", ")} are`);
  const { api_root = API_ROOT, require_mention = true } = config;
  if (typeof require_mention !== "boolean") throw new Error("interfaces.slack.require_mention must be true or false");
  if (typeof api_root !== "string" || !/^https?:$/.test(URL.parse(api_root)?.protocol ?? "")) {
    throw new Error("interfaces.slack.api_root must be an http or https URL");
  }
  return {
    botToken: tokenOf(config, "bot_token", "xoxb-"),
    appToken: tokenOf(config, "app_token", "xapp-"),
    apiRoot: api_root.endsWith("/") ? api_root : `${api_root}/`,
    requireMention: require_mention,
  };
}

function tokenOf(config: Readonly<Record<string, unknown>>, key: string, prefix: string): string {
  const token = config[key];
  if (typeof token === "string" && token.startsWith(prefix)) return token;
  // Taken for each other they would fail in ways that nobody understands.
  throw new Error(`interfaces.slack.${key} must be a token that begins with ${prefix}`);
}
