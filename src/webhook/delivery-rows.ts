/** What webhooks brought: which deliveries have begun a run, and which runs' answers are to go to a conversation. */
import type { Database } from "bun:sqlite";

export interface Target {
  /** Of the interface, and of the conversation as the interface names it. */
  readonly channel: string;
  readonly conversation: string;
}

export interface PendingAnswer extends Target {
  readonly run_id: string;
  readonly hook: string;
}

/** The run that one of these keys has begun. */
export function findDelivery(db: Database, hook: string, keys: readonly string[]): string | undefined {
  const query = db.query<{ run_id: string }, [string, string]>(
    "SELECT run_id FROM webhook_delivery WHERE hook = ? AND key = ?",
  );
  for (const key of keys) {
    const row = query.get(hook, key);
    if (row) return row.run_id;
  }
  return undefined;
}

/** Throws when one of the keys is there already. `before`: what came earlier is forgotten. */
export function insertDelivery(
  db: Database,
  {
    hook,
    keys,
    runId,
    now,
    before,
  }: { hook: string; keys: readonly string[]; runId: string; now: number; before: number },
): void {
  db.query("DELETE FROM webhook_delivery WHERE hook = ? AND received_at < ?").run(hook, before);
  const insert = db.query("INSERT INTO webhook_delivery (hook, key, run_id, received_at) VALUES (?, ?, ?, ?)");
  for (const key of keys) insert.run(hook, key, runId, now);
}

export function lastDelivery(db: Database, hook: string): number | null {
  return (
    db
      .query<{ at: number | null }, [string]>("SELECT max(received_at) AS at FROM webhook_delivery WHERE hook = ?")
      .get(hook)?.at ?? null
  );
}

export function insertAnswer(db: Database, runId: string, hook: string, { channel, conversation }: Target): void {
  db.query("INSERT INTO webhook_answer (run_id, hook, channel, conversation) VALUES (?, ?, ?, ?)").run(
    runId,
    hook,
    channel,
    conversation,
  );
}

export function pendingAnswers(db: Database): readonly PendingAnswer[] {
  return db.query<PendingAnswer, []>("SELECT * FROM webhook_answer").all();
}

/** Whether it was still there. */
export function deleteAnswer(db: Database, runId: string): boolean {
  return db.query("DELETE FROM webhook_answer WHERE run_id = ?").run(runId).changes > 0;
}
