/** People write over Telegram while the executable is killed again and again, between the platform and the database above all. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ChatSurvivor } from "../support/chat-survivor.ts";
import { startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";

/** The full proof takes 200; they take a minute and more. */
const KILLS = Number(process.env.ALEPH_KILLS ?? 40);
const SEED = Number(process.env.ALEPH_SEED ?? 20_261_121);

testExecutable(
  `the executable killed ${KILLS} times answers every message of a chat once (ALEPH_KILLS, ALEPH_SEED=${SEED})`,
  async () => {
    await using folder = await testFolder();
    const home = folder.path;
    await using survivor = new ChatSurvivor(SEED);
    writeFileSync(join(home, "config.toml"), survivor.config, { mode: 0o600 });

    for (let kill = 0; kill < KILLS; kill++) {
      await using server = await startServer({ home });
      await survivor.outlive(server);
    }

    await using server = await startServer({ home });
    await survivor.verify(server);
    server.kill("SIGTERM");
    const { code } = await server.finished;
    console.log(`after ${KILLS} kills: ${JSON.stringify(survivor.counts)}`);
    expect({ code, problems: survivor.problems, left: leftIn(home) }).toEqual({
      code: 0,
      problems: [],
      left: { integrity: ["ok"], unanswered: 0, unsent: 0 },
    });
    expect(survivor.counts.asked).toBeGreaterThan(KILLS);
    expect(survivor.counts.answered).toBeGreaterThan(0);
    expect(survivor.counts.duplicates).toBeLessThanOrEqual(KILLS);
  },
  400_000,
);

function leftIn(home: string) {
  using db = new Database(join(home, "aleph.db"), { readonly: true });
  const count = (sql: string) => db.query<{ count: number }, []>(`SELECT count(*) AS count FROM ${sql}`).get()?.count;
  return {
    integrity: db
      .query<{ integrity_check: string }, []>("PRAGMA integrity_check")
      .all()
      .map((row) => row.integrity_check),
    unanswered: count("channel_inbox WHERE answered = 0"),
    unsent: count("channel_outbox"),
  };
}
