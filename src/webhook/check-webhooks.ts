/** What the schema of config.toml cannot know of webhooks and hooks: whether templates, addresses, rules and keys of sessions are some. */
import type { Problem } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import { isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import { parseNetworkRule } from "../sandbox/network-rules.ts";
import { templateFault } from "./template.ts";

export function checkWebhooks({ webhooks, hooks }: Pick<Config, "webhooks" | "hooks">): readonly Problem[] {
  const problems: Problem[] = [];
  const note = (path: Problem["path"], message: string | undefined) => {
    if (message !== undefined) problems.push({ path, message });
  };
  for (const [name, { message, session }] of Object.entries(webhooks.in)) {
    const at = ["webhooks", "in", name];
    if (message !== undefined) note([...at, "message"], templateFault(message));
    if (session !== undefined) note([...at, "session"], sessionFault(session));
  }
  for (const [name, { url }] of Object.entries(webhooks.out)) note(["webhooks", "out", name, "url"], urlFault(url));
  for (const [at, { network = [] }] of hooks.entries()) {
    for (const [index, rule] of network.entries()) note(["hooks", at, "network", index], ruleFault(rule));
  }
  return problems;
}

function sessionFault(text: string): string | undefined {
  const fault = faultOf(() => {
    const key = parseSessionKey(text);
    // Deliveries are told apart on disk, and a subagent belongs to who started it.
    if (isEphemeral(key) || key.form === "subagent")
      throw new AlephError("invalid_params", "must be a session that is kept");
  });
  return fault;
}

function urlFault(text: string): string | undefined {
  if (/^(?:env|file|keychain):/.test(text)) return undefined;
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return "must be an address such as https://example.com/hook";
  return url.username !== "" || url.password !== ""
    ? "must not carry a password; sign with a secret instead"
    : undefined;
}

function ruleFault(rule: string): string | undefined {
  return faultOf(() => parseNetworkRule(rule));
}

function faultOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (thrown) {
    return AlephError.from(thrown).message;
  }
}
