/**
 * Somebody who has many small things written down - facts, one-time jobs, webhook deliveries, settings, calls of a plugin's
 * tool - and keeps a list of what was acknowledged, to compare it with what the disk holds.
 */
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeCodePlugin } from "../../test/support/approved-plugin.ts";
import type { Server } from "../../test/support/executable.ts";
import { openRawSocket, type RawSocket, RpcError } from "../../test/support/raw-socket.ts";
import { sendHook } from "../../test/support/webhooks.ts";
import type { Breaks } from "./breaks.ts";
import { HOOK_SECRET } from "./rig.ts";

export const LEDGER_CONFIG = `
[cron]
max_jobs = 10000
[webhooks.in.github]
secret = "env:CANARY_HOOK_SECRET"
message = "{{text}}"
`;

const MANIFEST = `
[permissions]
filesystem = ["write:./output"]

[[tools]]
name = "ledger_note"
description = "Writes a line"
handler = "note"

[[services]]
name = "watch"
description = "Watches"
start_handler = "start"
stop_handler = "stop"
auto_start = true
`;

const CODE = `
import { createServer } from "@aleph/plugin-sdk";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
createServer({
  name: "ledger",
  tools: {
    note: ({ text }) => {
      const file = openSync("output/notes.txt", "a");
      writeSync(file, text + "\\n");
      fsyncSync(file);
      closeSync(file);
      return text;
    },
  },
  services: { start: () => {}, stop: () => {} },
}).start();
`;

export const KINDS = ["fact", "job", "hook", "setting", "note", "reload"] as const;
export type Kind = (typeof KINDS)[number];

/** Of these the same is sent again when no answer came, and must count once all the same. */
const REPEATED: readonly Kind[] = ["hook"];
const HOOK_SESSION = "agent:main:webhook:github";
const FIRST_SETTING = 100_000;
/** Late enough that a machine which stands still for a moment does not ask for a time that is past. */
const SOONEST_JOB_MS = 3000;
const SPREAD_JOB_MS = 2500;

type Address = Pick<Server, "url" | "token">;

export class Ledger {
  readonly #random: () => number;
  readonly #kinds: readonly Kind[];
  readonly #acknowledged = new Map<string, Kind>();
  /** Sent, and no answer came: they may have happened once. */
  readonly #uncertain = new Map<string, Kind>();
  #sent = 0;
  /** What must not have happened, as it was seen. */
  readonly problems: string[] = [];

  constructor(random: () => number, kinds: readonly Kind[] = KINDS) {
    this.#random = random;
    this.#kinds = kinds;
  }

  get counts() {
    const kinds = Map.groupBy(this.#acknowledged.values(), (kind) => kind);
    const of = (kind: Kind) => kinds.get(kind)?.length ?? 0;
    return { facts: of("fact"), jobs: of("job"), hooks: of("hook"), settings: of("setting"), notes: of("note") };
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Its plugin is installed and approved. */
  async prepare(server: Address, home: string): Promise<void> {
    const path = await writeCodePlugin(join(home, "plugins"), "ledger", { manifest: MANIFEST, code: CODE });
    mkdirSync(join(path, "output"), { recursive: true });
    using socket = await openRawSocket(server.url, server.token);
    await socket.call("plugins.approve", { id: "ledger" });
  }

  /** Has things written down until the connection is lost, `pauseMs` apart at most, and not while `breaks` holds it up. */
  async work(server: Address, pauseMs: number, until?: AbortSignal, breaks?: Breaks): Promise<void> {
    try {
      using socket = await openRawSocket(server.url, server.token);
      for (const [text, kind] of this.#uncertain) {
        if (REPEATED.includes(kind)) await this.#send(socket, server, kind, text);
      }
      while (!until?.aborted) {
        await breaks?.over;
        await this.one(socket, server, this.#kinds[Math.floor(this.#random() * this.#kinds.length)]!);
        await Promise.race([Bun.sleep(this.#random() * pauseMs), socket.closed]);
      }
    } catch (error) {
      // That the line is lost is what is being done to it.
      if (error instanceof RpcError && !isStopping(error)) this.problems.push(`ledger: ${error.message}`);
    }
  }

  /** One thing of a kind; rejects with what the server says. */
  async one(socket: RawSocket, server: Address, kind: Kind): Promise<void> {
    await this.#send(socket, server, kind, `${kind}-${++this.#sent}`);
  }

  async #send(socket: RawSocket, server: Address, kind: Kind, text: string): Promise<void> {
    this.#uncertain.set(text, kind);
    const isTaken = await this.#ask(socket, server, kind, text);
    if (!isTaken) return;
    this.#uncertain.delete(text);
    this.#acknowledged.set(text, kind);
  }

  async #ask(socket: RawSocket, { url }: Address, kind: Kind, text: string): Promise<boolean> {
    switch (kind) {
      case "fact":
        await socket.call("memory.store", { content: `The word is ${text}` });
        return true;
      case "job": {
        const at = Date.now() + SOONEST_JOB_MS + Math.floor(this.#random() * SPREAD_JOB_MS);
        await socket.call("cron.add", { id: text, schedule: { at }, message: text });
        return true;
      }
      case "hook": {
        const { status, body } = await sendHook(url, { text }, { secret: HOOK_SECRET });
        if (status === 200 || status === 202) return true;
        if (status !== 429 && status !== 503) this.problems.push(`${text}: ${status} ${JSON.stringify(body)}`);
        return false;
      }
      case "setting":
        await socket.call("config.patch", { patch: { limits: { rate: { http: settingOf(text) } } } });
        return true;
      case "note": {
        const { ok, result } = await socket.call<{ ok: boolean; result: unknown }>("tool.call", {
          tool: "ledger_note",
          args: { text },
        });
        if (!ok && !/not|stop|end/i.test(String(result))) this.problems.push(`${text}: ${String(result)}`);
        return ok;
      }
      case "reload":
        await socket.call("config.reload");
        return true;
    }
  }

  /** Compares with what is on disk now. `isOver`: jobs had the time to run. */
  compare(home: string, { isOver = false } = {}): void {
    using db = new Database(join(home, "aleph.db"), { readonly: true });
    const count = (sql: string): Map<string, number> =>
      new Map(
        db
          .query<{ text: string; n: number }, []>(sql)
          .all()
          .map(({ text, n }) => [text, n]),
      );
    this.#once("fact", count("SELECT substr(content, 13) AS text, count(*) AS n FROM fact GROUP BY content"));
    // A job that has ended is forgotten after a while; its conversation stays.
    const run = count(`SELECT content AS text, count(*) AS n FROM message WHERE role = 'user' AND session_id IN
      (SELECT id FROM session WHERE key LIKE 'agent:main:cron:job-%') GROUP BY content`);
    const jobs = count("SELECT id AS text, count(*) AS n FROM cron_job GROUP BY id");
    this.#once("job", new Map([...run, ...jobs]));
    this.#once("job", run, isOver ? "run" : "claimed");
    this.#once(
      "hook",
      count(`SELECT content AS text, count(*) AS n FROM message WHERE role = 'user'
        AND session_id = (SELECT id FROM session WHERE key = '${HOOK_SESSION}') GROUP BY content`),
    );
    const notes = join(home, "plugins/ledger/output/notes.txt");
    const lines = existsSync(notes) ? readFileSync(notes, "utf8").split("\n") : [];
    this.#once("note", new Map([...Map.groupBy(lines, (line) => line)].map(([line, all]) => [line, all.length])));
    const set = [...this.#acknowledged].filter(([, kind]) => kind === "setting").map(([text]) => settingOf(text));
    const config = Bun.TOML.parse(readFileSync(join(home, "config.toml"), "utf8")) as {
      limits?: { rate?: { http?: number } };
    };
    const kept = config.limits?.rate?.http ?? 0;
    if (kept < Math.max(0, ...set)) this.problems.push(`the setting is ${kept}, and ${Math.max(...set)} was taken`);
  }

  /** What was acknowledged is there once, what got no answer at most once; a job is claimed when its time has come. */
  #once(kind: Kind, found: ReadonlyMap<string, number>, what: "kept" | "claimed" | "run" = "kept"): void {
    for (const [text, of] of this.#acknowledged) {
      const times = found.get(text) ?? 0;
      if (of === kind && times !== 1 && (what !== "claimed" || times > 1)) {
        this.problems.push(`${text} was acknowledged and is ${what} ${times} times`);
      }
    }
    for (const [text, of] of this.#uncertain) {
      const times = found.get(text) ?? 0;
      if (of === kind && times > 1) this.problems.push(`${text} got no answer and is ${what} ${times} times`);
    }
  }
}

function settingOf(text: string): number {
  return FIRST_SETTING + Number(text.split("-")[1]);
}

function isStopping({ failure }: RpcError): boolean {
  return ["overloaded", "cancelled"].includes(String(failure.data?.reason));
}
