/** Webhooks: who asked to be told of a task is, once for each state, also after a restart, and only at addresses that the owner allows. */
import { type TaskPushNotificationConfig, TaskState } from "@a2a-js/sdk";
import { V03PushNotificationSerializer } from "@a2a-js/sdk/compat/v0_3/server";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import { V1PushNotificationSerializer } from "@a2a-js/sdk/server";
import { createId } from "../lib/id.ts";
import { describeError, type Log } from "../lib/log.ts";
import { retryAfter } from "../lib/retry-after.ts";
import { createSerial, type Serial } from "../lib/serial.ts";
import { AlephError } from "../protocol/errors.ts";
import { type NetworkRules, parseNetworkRules } from "../sandbox/network-rules.ts";
import { mayPost, post } from "../sandbox/post.ts";
import type { Bus } from "../sdk/bus.ts";
import type { NetworkDoor } from "../sdk/runtime.ts";
import type { Store } from "../sdk/store.ts";
import { endsRun } from "./follow.ts";
import type { TaskRow, Tasks } from "./tasks.ts";
import { isEnded, type TaskView } from "./view.ts";

export interface WebhookOptions {
  readonly store: Store;
  readonly bus: Pick<Bus, "attach">;
  readonly tasks: Tasks;
  readonly view: TaskView;
  /** `[a2a].webhooks`. */
  readonly rules: () => readonly string[];
  readonly door: (rules: readonly string[]) => Promise<NetworkDoor>;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

const MAX_PER_TASK = 10;
const MAX_TEXT = 4096;
const TRIES = 6;
const RETRIES = { firstMs: 1000, factor: 4, longestMs: 300_000 };
/** Where a state begins that whoever waits should hear of. */
const TOLD = /^(?:agent\.started|question\.asked|question\.closed)$/;

interface PushRow {
  readonly run_id: string;
  readonly id: string;
  readonly url: string;
  readonly token: string;
  readonly scheme: string;
  readonly credentials: string;
  readonly version: string;
  readonly told: number;
}

export class Webhooks implements AsyncDisposable {
  readonly #o: WebhookOptions;
  readonly #stopped = new AbortController();
  readonly #attached: Disposable;
  readonly #working = new Map<string, { readonly serial: Serial; count: number }>();
  readonly #all = new Set<Promise<void>>();
  readonly #v1 = new V1PushNotificationSerializer();
  readonly #v03 = new V03PushNotificationSerializer();

  constructor(options: WebhookOptions) {
    this.#o = options;
    this.#attached = options.bus.attach({
      deliver: ({ event: { topic, data } }) => {
        const runId = "run_id" in data ? data.run_id : undefined;
        if (typeof runId === "string" && (TOLD.test(topic) || endsRun(topic))) this.#later(runId);
      },
    });
  }

  /** Takes up what an earlier process did not get told. */
  resume(): void {
    const open = this.#o.store.db
      .query<{ run_id: string }, []>("SELECT DISTINCT run_id FROM a2a_push WHERE done = 0")
      .all();
    for (const { run_id } of open) this.#later(run_id);
  }

  /** Throws `RequestMalformedError` for what we would not call. */
  check({ url, token, authentication }: TaskPushNotificationConfig): void {
    const target = URL.parse(url);
    if (!target || !/^https?:$/.test(target.protocol))
      throw new RequestMalformedError("The url of a webhook is needed");
    if (target.username !== "" || target.password !== "") {
      throw new RequestMalformedError("The url of a webhook carries no password");
    }
    if (!mayPost(target, this.#rules())) {
      throw new RequestMalformedError(`The owner of this agent allows no webhook at "${target.origin}"`);
    }
    const secrets = [token, authentication?.scheme ?? "", authentication?.credentials ?? "", url];
    if (secrets.some((text) => text.length > MAX_TEXT || /[^\x20-\x7e]/.test(text))) {
      throw new RequestMalformedError("The url, token and credentials must be plain and short");
    }
  }

  /** What is wrong with a rule is the owner's to know, not the other agent's. */
  #rules(): NetworkRules {
    try {
      return parseNetworkRules(this.#o.rules());
    } catch (cause) {
      throw new AlephError("internal", "A rule of a2a.webhooks cannot be read", { cause });
    }
  }

  async add(row: TaskRow, config: TaskPushNotificationConfig, version: string): Promise<TaskPushNotificationConfig> {
    this.check(config);
    const { url, token, authentication } = config;
    const id = config.id === "" ? createId("push") : config.id;
    if (id.length > MAX_TEXT) throw new RequestMalformedError("The id of a push notification config is too long");
    await this.#o.store.write((db) => {
      const others = db
        .query<{ count: number }, [string, string]>(
          "SELECT count(*) AS count FROM a2a_push WHERE run_id = ? AND id <> ?",
        )
        .get(row.runId, id)!.count;
      if (others >= MAX_PER_TASK) throw new RequestMalformedError(`A task may have ${MAX_PER_TASK} webhooks`);
      db.query(
        `INSERT INTO a2a_push (run_id, id, url, token, scheme, credentials, version) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (run_id, id) DO UPDATE SET url = excluded.url, token = excluded.token, scheme = excluded.scheme,
           credentials = excluded.credentials, version = excluded.version`,
      ).run(row.runId, id, url, token, authentication?.scheme ?? "", authentication?.credentials ?? "", version);
    });
    // It may have ended before.
    this.#later(row.runId);
    return this.list(row).find((each) => each.id === id)!;
  }

  list(row: TaskRow): readonly TaskPushNotificationConfig[] {
    return this.#rows(row.runId).map(({ id, url, token, scheme, credentials }) => ({
      tenant: "",
      id,
      taskId: row.runId,
      url,
      token,
      authentication: scheme === "" ? undefined : { scheme, credentials },
    }));
  }

  /** Nothing happens when there is none. */
  async remove(row: TaskRow, id: string): Promise<void> {
    await this.#o.store.write((db) => db.query("DELETE FROM a2a_push WHERE run_id = ? AND id = ?").run(row.runId, id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#attached[Symbol.dispose]();
    this.#stopped.abort();
    await Promise.all(this.#all);
  }

  #rows(runId: string): readonly PushRow[] {
    return this.#o.store.db.query<PushRow, [string]>("SELECT * FROM a2a_push WHERE run_id = ? ORDER BY id").all(runId);
  }

  /** One after the other for each webhook, so that the last word is the last state. */
  #later(runId: string): void {
    if (this.#stopped.signal.aborted) return;
    for (const { id } of this.#rows(runId)) {
      const key = `${runId} ${id}`;
      const lane = this.#working.get(key) ?? { serial: createSerial(), count: 0 };
      this.#working.set(key, lane);
      lane.count++;
      const work = lane
        .serial(() => this.#deliver(runId, id))
        .catch((thrown: unknown) => {
          if (!this.#stopped.signal.aborted)
            this.#o.log.error("webhook failed", { run_id: runId, ...describeError(thrown) });
        })
        .finally(() => {
          this.#all.delete(work);
          if (--lane.count === 0) this.#working.delete(key);
        });
      this.#all.add(work);
    }
  }

  async #deliver(runId: string, id: string): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const config = this.#rows(runId).find((each) => each.id === id);
      const task = this.#o.tasks.any(runId);
      if (!config || !task) return;
      const state = this.#o.view.state(task);
      if (state === config.told || state === TaskState.TASK_STATE_SUBMITTED) return;
      const outcome = await this.#post(config, task);
      if (outcome === "gone") return;
      if (outcome === "told" || outcome === "refused" || attempt === TRIES) {
        await this.#note(config, state);
        return;
      }
      await this.#o.wait(retryAfter(attempt - 1, RETRIES), signal);
    }
  }

  async #post(config: PushRow, task: TaskRow): Promise<"told" | "again" | "refused" | "gone"> {
    const { log, view, rules, door } = this.#o;
    const { signal } = this.#stopped;
    const about = { run_id: task.runId, host: URL.parse(config.url)?.host ?? "" };
    const shown = await view.task(task);
    const serializer = config.version.startsWith("0.") ? this.#v03 : this.#v1;
    const { body, contentType } = serializer.serialize({ payload: { $case: "task", value: shown } }, shown);
    try {
      const way = await door(rules());
      const headers = headersOf(config, contentType);
      const { ok, status, isFinal } = await post(way, { url: config.url, headers, body }, signal);
      if (ok) return "told";
      log.warn("a webhook answers with an error", { ...about, status });
      return isFinal ? "refused" : "again";
    } catch (thrown) {
      if (signal.aborted) return "gone";
      log.warn("a webhook could not be reached", { ...about, ...describeError(thrown) });
      return "again";
    }
  }

  async #note({ run_id, id }: PushRow, state: TaskState): Promise<void> {
    await this.#o.store.write((db) =>
      db
        .query("UPDATE a2a_push SET told = ?, done = ? WHERE run_id = ? AND id = ?")
        .run(state, isEnded(state) ? 1 : 0, run_id, id),
    );
  }
}

function headersOf({ token, scheme, credentials }: PushRow, contentType: string): [string, string][] {
  return [
    ["content-type", contentType],
    ...(token === "" ? [] : [["x-a2a-notification-token", token] as [string, string]]),
    ...(scheme === "" ? [] : [["authorization", `${scheme} ${credentials}`.trim()] as [string, string]]),
  ];
}
