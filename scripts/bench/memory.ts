/** The memory over 100,000 facts: searched by words and by both ways, stored, recalled; and a start beside a million messages. */
import { Database } from "bun:sqlite";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createLog } from "../../src/lib/log.ts";
import { indexText } from "../../src/lib/search-text.ts";
import { Memory } from "../../src/memory/memory.ts";
import { quantize } from "../../src/memory/vectors.ts";
import { openStore } from "../../src/store/store.ts";
import { Ledger } from "../../src/usage/ledger.ts";
import { startEmbeddings } from "../../test/support/embeddings.ts";
import { configOf, createModels } from "../../test/support/providers/models.ts";
import { seededRandom } from "../../test/support/random.ts";
import { makeHome, median, ms, type Programs, percentile, type Row, startAleph, startReadyAleph } from "./bench.ts";

const FACTS = 100_000;
const DIMENSIONS = 768;
const ROUNDS = 100;
const MESSAGES = 1_000_000;
const STARTS = 7;
const OWNER = { id: "owner", kind: "owner" } as const;
const COMMON = "the user likes lives in works at has a is of prefers and to my".split(" ");

export async function measureRemembering(programs: Programs): Promise<readonly Row[]> {
  return [...(await measureFacts()), ...(await measureStartBesideMessages(programs))];
}

async function measureFacts(): Promise<readonly Row[]> {
  using home = makeHome();
  using embeddings = startEmbeddings([], DIMENSIONS);
  const database = join(home.path, "aleph.db");
  const log = createLog({ write: () => undefined, level: () => "error" });
  await using store = openStore(database, { log });
  const sentences = fillFacts(store.db);
  const tables = { vectors: { type: "openai-compatible", base_url: embeddings.url, models: ["v"] } };
  const base = configOf({ providers: tables });
  const open = (models: { embedding?: string }) => {
    const config = { ...base, models: { ...base.models, ...models }, memory: { ...base.memory, file: false } };
    const usage = new Ledger({ store, config: () => config, log, now: Date.now, timeZone: () => "UTC" });
    return new Memory({
      store,
      stores: { all: () => [store] },
      database,
      models: createModels({ providers: tables, models }),
      usage,
      config: () => config,
      workspace: () => join(home.path, "workspace"),
      mask: async (text) => text,
      log,
      now: Date.now,
      monotonic: () => performance.now(),
    });
  };
  const question = (round: number) =>
    `where does ${sentences[(round * 977) % FACTS]!.split(" ").slice(0, 8).join(" ")}`;
  const signal = new AbortController().signal;
  const timed = async (work: (round: number) => Promise<unknown>) => {
    for (let round = 0; round < 5; round++) await work(round);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await work(round);
      times.push(performance.now() - began);
    }
    return times;
  };
  const row = (name: string, times: readonly number[], bar: number): Row => {
    const value = percentile(times, 0.95);
    return {
      name: `memory, ${FACTS.toLocaleString("en-US")} facts: ${name}; median, p95 of ${times.length}`,
      aleph: `${ms(median(times))}, ${ms(value)}`,
      baseline: "",
      bar: { text: `p95 ≤ ${bar} ms`, value: ms(value), holds: value <= bar },
    };
  };
  const rows: Row[] = [];
  {
    await using memory = open({});
    const search = (round: number) => memory.search("main", OWNER, { query: question(round), limit: 10 }, signal);
    rows.push(row("full-text search", await timed(search), 10));
    rows.push(row("recall by words", await timed((round) => recall(memory, question(round), signal)), 15));
    const stored = await timed((round) =>
      memory.store("main", OWNER, { content: `New fact ${round} ${Math.random()}`, source: "person", trusted: true }),
    );
    const synced = timeSyncs(join(home.path, "sync"), stored.length);
    const above = Math.max(0, median(stored) - median(synced));
    rows.push({
      name: "memory: a fact stored, median; one fsync of the same disk, median",
      aleph: `${ms(median(stored))}; ${ms(median(synced))}`,
      baseline: "",
      bar: { text: "≤ 1 ms above the fsync", value: ms(above), holds: above <= 1 },
    });
  }
  {
    await using memory = open({ embedding: "vectors/v" });
    const search = (round: number) => memory.search("main", OWNER, { query: question(round), limit: 10 }, signal);
    const name = `hybrid search, ${DIMENSIONS} dimensions, the stand-in for a model included`;
    rows.push(row(name, await timed(search), 40));
  }
  return rows;
}

async function recall(memory: Memory, question: string, signal: AbortSignal): Promise<void> {
  await memory.recall({ runId: "run_0", sessionKey: "agent:main:main", identity: OWNER, question }, signal);
}

function fillFacts(db: Database): readonly string[] {
  const random = seededRandom(1);
  const sentences: string[] = [];
  const fact = db.query(
    `INSERT INTO fact (id, fact_id, agent, owner, content, digest, metadata, source, trusted, confidence, created_at, updated_at)
     VALUES (?, ?, 'main', 'owner', ?, ?, '{}', 'person', 1, 1, 1, 1)`,
  );
  const text = db.query("INSERT INTO fact_text (rowid, words) VALUES (?, ?)");
  const vector = db.query("INSERT INTO fact_vector (fact, model, vector) VALUES (?, 'vectors/v', ?)");
  db.transaction(() => {
    for (let id = 1; id <= FACTS; id++) {
      // Half of the words are everyone's, the others as rare as names, some more than others.
      const words = Array.from({ length: 12 }, () =>
        random() < 0.5
          ? COMMON[Math.floor(random() * COMMON.length)]!
          : `w${Math.floor(20_000 * random() * random()).toString(36)}`,
      );
      const content = words.join(" ");
      sentences.push(content);
      fact.run(id, `fact_${id}`, content, String(id));
      text.run(id, indexText(content));
      vector.run(id, quantize(Array.from({ length: DIMENSIONS }, () => random() - 0.5)));
    }
  })();
  return sentences;
}

/** As long as a synced write of a page takes by itself. */
function timeSyncs(path: string, count: number): readonly number[] {
  const file = openSync(path, "w");
  try {
    return Array.from({ length: count }, () => {
      const began = performance.now();
      writeSync(file, Buffer.alloc(4096));
      fdatasyncSync(file);
      return performance.now() - began;
    });
  } finally {
    closeSync(file);
  }
}

async function measureStartBesideMessages(programs: Programs): Promise<readonly Row[]> {
  using empty = makeHome();
  using full = makeHome();
  for (const home of [empty, full]) {
    await using _aleph = await startReadyAleph(programs, home.path);
  }
  fillMessages(join(full.path, "aleph.db"));
  const start = async (home: string) => {
    await using started = await startAleph(programs, home);
    return started.startMs;
  };
  const [without, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round < STARTS; round++) {
    without.push(await start(empty.path));
    beside.push(await start(full.path));
  }
  const more = median(beside) - median(without);
  return [
    {
      name: `start beside ${MESSAGES.toLocaleString("en-US")} messages that are not indexed; beside none; medians of ${STARTS}`,
      aleph: `${ms(median(beside))}; ${ms(median(without))}`,
      baseline: "",
      bar: { text: "≤ 2 ms more", value: ms(Math.max(0, more)), holds: more <= 2 },
    },
  ];
}

/** As a database of an earlier version is after its migration. */
function fillMessages(path: string): void {
  using db = new Database(path, { strict: true });
  db.run(
    "INSERT INTO session (key, kind, agent, created_at, updated_at) VALUES ('agent:main:chat:old', 'owner', 'main', 1, 1)",
  );
  const parts = JSON.stringify([{ type: "text", text: "a few words that a person might have written" }]);
  db.transaction(() => {
    const insert = db.query(
      `INSERT INTO message (session_id, role, content, parts, status, ts)
       VALUES ((SELECT id FROM session WHERE key = 'agent:main:chat:old'), 'user', 'a few words that a person might have written', ?, 'complete', 1)`,
    );
    for (let index = 0; index < MESSAGES; index++) insert.run(parts);
    db.run("DELETE FROM message_unindexed");
    db.run("UPDATE message_index SET before = (SELECT max(id) + 1 FROM message)");
  })();
}
