/** All webhooks and hooks as people see them: what the config has, and how it fares. Nothing of it is a secret. */
import type { ConfigStore } from "../config/config.ts";
import { redact } from "../config/redact.ts";
import type { Config } from "../config/schema.ts";
import type { WebhookOverview } from "../protocol/webhook.ts";
import type { Store } from "../sdk/store.ts";
import { lastDelivery } from "./delivery-rows.ts";
import type { Incoming } from "./incoming.ts";
import { countEvents, deadEvents } from "./outbox-rows.ts";
import type { ShellHooks } from "./shell-hooks.ts";

export interface OverviewOptions {
  readonly config: Pick<ConfigStore, "current">;
  readonly store: Store;
  readonly incoming: Pick<Incoming, "refused"> | undefined;
  readonly shell: Pick<ShellHooks, "counts"> | undefined;
}

/** Dead events that are shown of each. */
const MOST_DEAD = 20;
const NO_RUNS = { runs: 0, failed: 0, dropped: 0, error: null };

export function overview({ config, store: { db }, incoming, shell }: OverviewOptions): WebhookOverview {
  const { webhooks, hooks } = config.current;
  return {
    in: Object.entries(webhooks.in).map(([name, hook]) => ({
      name,
      path: `/hooks/${name}`,
      enabled: hook.enabled !== false,
      proof: [
        ...(hook.secret === undefined ? [] : [hook.scheme ?? "github"]),
        ...(hook.token === undefined ? [] : ["token"]),
      ].join(" and "),
      session_key: hook.session ?? `agent:${hook.agent ?? "main"}:webhook:${name}`,
      last_at: lastDelivery(db, name),
      refused: incoming?.refused(name) ?? 0,
    })),
    out: Object.entries(webhooks.out).map(([name, hook]) => ({
      name,
      enabled: hook.enabled !== false,
      url: placeOf(hook.url),
      events: [...hook.events],
      signed: hook.secret !== undefined,
      ...countEvents(db, name),
      dead_events: deadEvents(db, name, MOST_DEAD).map(({ delivery, topic, attempts, failure, created_at }) => ({
        delivery,
        topic,
        attempts,
        error: failure,
        created_at,
      })),
    })),
    hooks: hooks.map((hook) => ({
      event: hook.event,
      enabled: hook.enabled !== false,
      command: shownCommand(hook),
      ...(shell?.counts(hook) ?? NO_RUNS),
    })),
  };
}

/** Without its path: that of many services is a secret. */
function placeOf(url: string): string {
  return URL.parse(url)?.origin.replace(/^null$/, "") || url.split(":", 1)[0]!.concat(":…");
}

function shownCommand(hook: Config["hooks"][number]): string {
  return String(redact({ command: hook.command }).command);
}
