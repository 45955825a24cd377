/** The executable is killed again and again in the middle of its work, and asked afterwards what it still knows. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { seededRandom } from "../support/random.ts";
import { Survivor } from "../support/survivor.ts";
import { startTalkativeProvider } from "../support/talkative-provider.ts";

const KILLS = 50;
const LONGEST_LIFE_MS = 400;
const SEED = Number(process.env.ALEPH_SEED ?? 20_261_121);
const SESSIONS = ["agent:main:main", "agent:main:chat:second", "agent:main:telegram:dm:user123"];

testExecutable(
  `the executable killed ${KILLS} times loses and doubles nothing that it acknowledged (ALEPH_SEED=${SEED})`,
  async () => {
    const random = seededRandom(SEED);
    await using folder = await testFolder();
    await using provider = startTalkativeProvider(random);
    const home = folder.path;
    writeFileSync(join(home, "config.toml"), provider.config, { mode: 0o600 });
    const survivor = new Survivor(SESSIONS, random);

    for (let kill = 0; kill < KILLS; kill++) {
      await using server = await startServer({ home });
      await survivor.outlive(server, LONGEST_LIFE_MS);
    }

    await using server = await startServer({ home });
    await survivor.verify(server);
    server.kill("SIGTERM");
    const { code } = await server.finished;
    console.log(`after ${KILLS} kills: ${JSON.stringify(survivor.counts)}`);
    expect({ code, problems: survivor.problems, database: checkDatabase(home) }).toEqual({
      code: 0,
      problems: [],
      database: { integrity: ["ok"], foreignKeys: [] },
    });
    expect(survivor.counts.acknowledged).toBeGreaterThan(KILLS);
    expect(survivor.counts.completed).toBeGreaterThan(0);
  },
  180_000,
);

function checkDatabase(home: string): { integrity: string[]; foreignKeys: unknown[] } {
  using db = new Database(join(home, "aleph.db"), { readonly: true });
  const integrity = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
  return {
    integrity: integrity.map((row) => row.integrity_check),
    foreignKeys: db.query("PRAGMA foreign_key_check").all(),
  };
}
