/** Jobs by the clock for the agent's own tools: made with the rights of the run that asks. */
import { parseSessionKey } from "../protocol/session-key.ts";
import type { CronShelf } from "../sdk/cron.ts";
import type { Store } from "../sdk/store.ts";
import type { Runs } from "../session/runs.ts";
import type { Cron } from "./cron.ts";
import { toWireJob } from "./wire.ts";

export interface CronShelfOptions {
  readonly cron: () => Promise<Cron>;
  readonly store: Store;
  readonly runs: Pick<Runs, "get">;
}

export function createCronShelf({ cron, store, runs }: CronShelfOptions): CronShelf {
  const place: CronShelf["place"] = ({ sessionKey }) => {
    const key = parseSessionKey(sessionKey);
    if (key.form === "main" || key.form === "chat") return chatOf(store, sessionKey) ?? { session_key: sessionKey };
    return key.form === "direct" || key.form === "group" ? chatOf(store, sessionKey) : null;
  };
  return {
    place,
    async add({ deliver, ...job }, context) {
      const { grant, credential } = runs.get(context.runId ?? "").request;
      const to = deliver === "here" ? place(context) : null;
      const { agent, tainted: untrusted } = context;
      // A signed webhook is nothing that a conversation answers in.
      const wish = { ...job, deliver: to && "webhook" in to ? null : to, agent, untrusted };
      return toWireJob(await (await cron()).add(wish, grant, credential), undefined);
    },
    async list() {
      const jobs = await cron();
      return jobs.list().map((job) => toWireJob(job, jobs.history(job.id, 1)[0]));
    },
    remove: async (id) => (await cron()).remove(id),
  };
}

/** Where the last message of this session came from, when it came over a channel. */
function chatOf({ db }: Store, sessionKey: string) {
  const row = db
    .query<{ channel: string; conversation: string }, [string]>(
      `SELECT channel, conversation FROM channel_inbox WHERE session_key = ?1 AND run_id IS
         (SELECT id FROM run WHERE session_id = (SELECT id FROM session WHERE key = ?1) ORDER BY created_at DESC, id DESC LIMIT 1)
       ORDER BY id DESC LIMIT 1`,
    )
    .get(sessionKey);
  return row ? { interface: row.channel, target: row.conversation } : null;
}
