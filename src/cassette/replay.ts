/** Runs a recorded run once more, offline and beside everything: nothing is asked, called or kept. */
import { type LoopDeps, type LoopEnd, runLoop } from "../agent/loop.ts";
import type { Log } from "../lib/log.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventData, Topic } from "../protocol/event-frame.ts";
import type { Store } from "../sdk/store.ts";
import { insertRun, type StoredRun } from "../session/runs.ts";
import type { Session } from "../session/sessions.ts";
import type { OpenStore } from "../store/store.ts";
import type { Line } from "./cassette.ts";
import type { Masking } from "./masking.ts";
import { type Deviation, Player } from "./player.ts";

export interface ReplayOptions {
  readonly run: StoredRun;
  readonly lines: readonly Line[];
  readonly masking: Masking;
  /** Where the history is that the run began with. */
  readonly store: Store;
  /** An empty database in memory. */
  readonly openMemory: () => OpenStore;
  readonly media: Pick<Media, "get">;
  readonly deps: Pick<LoopDeps, "toolbox" | "config" | "pluginPrompts" | "monotonic">;
  readonly log: Log;
}

export interface ReplayedEvent {
  readonly topic: Topic;
  readonly data: EventData;
}

export interface Replayed {
  readonly status: string;
  readonly text: string;
  readonly events: readonly ReplayedEvent[];
  /** What was asked otherwise than it was recorded. */
  readonly deviations: readonly Deviation[];
}

export async function replayRun(options: ReplayOptions): Promise<Replayed> {
  const { run, lines, masking, deps, log, media } = options;
  const [first] = lines;
  if (first?.type !== "run") throw new AlephError("conflict", "The recording has no beginning");
  await using memory = options.openMemory();
  copyHistory(options.store, memory, run, first.session);
  const cancel = new AbortController();
  const stopped = run.status === "cancelled" || run.status === "interrupted";
  const player = new Player({
    lines,
    masking,
    models: { config: deps.config, log },
    onEnd() {
      if (stopped) cancel.abort(new AlephError("cancelled", "Run was stopped"));
    },
  });
  const events: ReplayedEvent[] = [];
  const end: LoopEnd = await runLoop(
    {
      ...deps,
      models: player.models,
      toolbox: player.toolbox(deps.toolbox),
      hooks: player.hooks,
      recall: player.recall,
      commands: { run: () => Promise.reject(new AlephError("conflict", "A command cannot be played again")) },
      bus: { publish: (topic, data) => events.push({ topic, data }) },
      usage: { check: () => undefined, record: () => undefined },
      now: () => first.now,
      timeZone: () => first.time_zone,
      sleep: () => Promise.resolve(),
    },
    {
      run: { ...run, status: "queued", model: null, text: null, usage: null, error: null, steps: 0, startedAt: null },
      session: first.session,
      store: memory,
      media,
      committed: Promise.resolve(),
      cancel: cancel.signal,
      abort: new AbortController().signal,
      waiting: () => new Set(),
      takeSteered: () => player.takeSteered(),
      close: () => undefined,
      isInterrupted: () => run.status === "interrupted",
      isSuspended: () => false,
    },
  );
  const rest = player.left === 0 ? [] : [{ where: "end", path: "", a: `${player.left} more lines`, b: undefined }];
  const { status, text } = end === "suspended" ? { status: end, text: "" } : end;
  return { status, text, events, deviations: [...player.deviations, ...rest] };
}

type Row = Readonly<Record<string, string | number | null>>;

/** The session as it was when the run began: what it had cleared then, and the messages up to the question. */
function copyHistory(from: Store, to: Store, run: StoredRun, session: Session): void {
  const question = from.db
    .query<{ position: number }, [number]>("SELECT position FROM message WHERE id = ?")
    .get(run.request.messageId);
  if (!question) throw new AlephError("not_found", "The message that the run answers is gone");
  const messages = from.db
    .query<Row, [number, number]>(
      `SELECT message.* FROM message LEFT JOIN run ON run.id = message.run_id
       WHERE message.session_id = ? AND message.position <= ? AND coalesce(run.status, '') <> 'queued'`,
    )
    .all(session.id, question.position);
  to.writeRelaxed((db) => {
    db.query(
      "INSERT INTO session (id, key, kind, agent, created_at, updated_at, cleared_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ).run(
      session.id,
      session.key,
      session.kind,
      session.agent,
      session.createdAt,
      session.updatedAt,
      session.clearedAt,
    );
    const { id, sessionId, request, createdAt } = run;
    insertRun(db, { id, sessionId, identity: request.grant.identity.id, request, createdAt });
    for (const message of messages) {
      // The runs of the other messages are not there.
      const row = { ...message, run_id: message.run_id === id ? id : null };
      const columns = Object.keys(row);
      db.query(`INSERT INTO message (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`).run(
        ...Object.values(row),
      );
    }
  });
}
