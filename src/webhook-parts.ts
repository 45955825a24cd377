/** The part of the composition root for webhooks and hooks: nothing of it is loaded before the config has one. */

import type { ChatParts } from "./chat-parts.ts";
import type { ConfigStore } from "./config/config.ts";
import { describeError, type Log } from "./lib/log.ts";
import { once } from "./lib/once.ts";
import { pause } from "./lib/pause.ts";
import { createSerial } from "./lib/serial.ts";
import type { WebhookOverview } from "./protocol/webhook.ts";
import { openDoor } from "./sandbox/open-door.ts";
import type { Bus } from "./sdk/bus.ts";
import type { Store } from "./sdk/store.ts";
import type { Runs } from "./session/runs.ts";
import type { Answers } from "./webhook/answers.ts";
import type { Incoming, IncomingOptions } from "./webhook/incoming.ts";
import type { Attempt, Outgoing } from "./webhook/outgoing.ts";
import type { ShellHooks, ShellHooksOptions } from "./webhook/shell-hooks.ts";

export interface WebhookPartsOptions {
  readonly config: Pick<ConfigStore, "current" | "resolve">;
  readonly store: Store;
  readonly bus: Bus;
  readonly runner: () => IncomingOptions["runner"];
  readonly runs: Pick<Runs, "get">;
  readonly poster: ChatParts["poster"];
  readonly toolNeeds: ShellHooksOptions["needs"];
  readonly workspace: (agent: string) => string;
  readonly log: Log;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly monotonic: () => number;
}

export class WebhookParts implements AsyncDisposable {
  readonly #o: WebhookPartsOptions;
  readonly #serial = createSerial();
  #attached: Disposable | undefined;
  #answers: Answers | undefined;
  #incoming: Incoming | undefined;
  #outgoing: Outgoing | undefined;
  #shell: ShellHooks | undefined;
  #closed = false;

  /** What answers at /hooks; loaded with the first request. */
  readonly incoming: () => Promise<Incoming> = once(async () => {
    const { config, runner } = this.#o;
    const { Incoming } = await import("./webhook/incoming.ts");
    const answers = await this.#loadAnswers();
    this.#incoming = new Incoming({
      ...this.#o,
      hooks: () => config.current.webhooks.in,
      resolveSecret: (value) => config.resolve(value),
      runner: runner(),
      onAnswer: (runId) => answers.follow(runId),
    });
    return this.#incoming;
  });

  readonly #loadAnswers = once(async () => {
    const { Answers } = await import("./webhook/answers.ts");
    this.#answers = new Answers(this.#o);
    return this.#answers;
  });

  constructor(options: WebhookPartsOptions) {
    this.#o = options;
  }

  /** From now on events are told, and what an earlier process left is taken up. */
  async start(): Promise<void> {
    const { bus, log, store } = this.#o;
    this.#attached = bus.attach({
      deliver: ({ event: { topic } }) => {
        if (topic !== "config.changed") return;
        this.#apply().catch((thrown: unknown) => log.error("webhooks could not be loaded", describeError(thrown)));
      },
    });
    const waits = store.db.query("SELECT 1 FROM webhook_answer LIMIT 1").get() !== null;
    if (waits) (await this.#loadAnswers()).resume();
    await this.#apply();
  }

  async overview(): Promise<WebhookOverview> {
    const { overview } = await import("./webhook/overview.ts");
    return overview({ ...this.#o, incoming: this.#incoming, shell: this.#shell });
  }

  async test(name: string): Promise<Attempt> {
    return (await this.#loadOutgoing()).test(name);
  }

  async preview(name: string, payload: unknown, headers: Headers) {
    return (await this.incoming()).preview(name, payload, headers);
  }

  async retry(name: string): Promise<number> {
    return (await this.#loadOutgoing()).retry(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#attached?.[Symbol.dispose]();
    await this.#serial(async () => {
      await this.#shell?.[Symbol.asyncDispose]();
      await this.#outgoing?.[Symbol.asyncDispose]();
      await this.#answers?.[Symbol.asyncDispose]();
    });
  }

  #apply(): Promise<void> {
    return this.#serial(async () => {
      const { webhooks, hooks } = this.#o.config.current;
      if (this.#closed) return;
      if (Object.keys(webhooks.out).length > 0) (await this.#loadOutgoing()).resume();
      if (hooks.length > 0) await this.#loadShell();
    });
  }

  readonly #loadOutgoing = once(async () => {
    const { config } = this.#o;
    const { Outgoing } = await import("./webhook/outgoing.ts");
    this.#outgoing = new Outgoing({
      ...this.#o,
      hooks: () => config.current.webhooks.out,
      resolveSecret: (value) => config.resolve(value),
      door: (rules) => this.#door(rules),
      wait: pause,
    });
    return this.#outgoing;
  });

  readonly #loadShell = once(async () => {
    const { config, toolNeeds, workspace, bus, log } = this.#o;
    const { ShellHooks } = await import("./webhook/shell-hooks.ts");
    this.#shell = new ShellHooks({
      hooks: () => config.current.hooks,
      needs: toolNeeds,
      workspace,
      isUnconfined: () => !config.current.exec.sandbox.enabled,
      bus,
      log,
    });
  });

  #door(rules: readonly string[]) {
    const { log, fetch } = this.#o;
    return openDoor({ rules, fetch, log, denied: "a webhook leads to where it may not" });
  }
}
