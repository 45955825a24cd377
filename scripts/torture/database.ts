/** What happens to the file: pages that rot, a WAL that was cut, versions from before and after, a second server. */
import { Database } from "bun:sqlite";
import {
  closeSync,
  cpSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { APPLICATION_ID } from "../../src/store/application-id.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { runExecutable } from "../../test/support/executable.ts";
import { openRawSocket, RpcError } from "../../test/support/raw-socket.ts";
import { LEDGER_CONFIG, Ledger } from "./ledger.ts";
import type { Rig } from "./rig.ts";
import type { Scenario } from "./scenario.ts";
import { expectAlive, expectRecovery, expectRun, write } from "./steady.ts";

const BLOCK = 4096;
/** Of coreutils. */
const STOPPED_BY_TIMEOUT = 124;

export const corruptPage: Scenario = {
  name: "corrupt-page",
  summary:
    "bytes of a page are flipped: it is said with a next step, the damaged file is kept, a backup brings all back",
  async run(rig) {
    rig.furnish();
    const ledger = new Ledger(rig.random);
    {
      await using server = await rig.start();
      await write(ledger, server, 60);
      for (const session of ["a", "b", "c"]) await expectRun(rig, server, session, "before");
      await rig.stop(server);
    }
    const backup = join(rig.folder, "backup.tar.gz");
    const { code, stderr } = await runExecutable({ home: rig.home, args: ["backup", backup] });
    if (code !== 0) rig.problem(`aleph backup: ${stderr}`);
    const path = join(rig.home, "aleph.db");
    const whole = join(rig.folder, "whole.db");
    cpSync(path, whole);
    const said: Record<string, string> = {};
    for (const [name, page] of pagesOf(path)) {
      flip(path, page);
      said[name] = await judgeDamaged(rig, path, name);
      for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
      cpSync(whole, path);
    }
    rmSync(path);
    const restored = await runExecutable({ home: rig.home, args: ["restore", backup, "--yes"] });
    if (restored.code !== 0) rig.problem(`aleph restore: ${restored.stdout}${restored.stderr}`);
    await expectRecovery(rig, ledger, "restored");
    return said;
  },
};

/** The header, and the first page of what a server reads at its start, of what it reads later, and of an index. */
function pagesOf(path: string): readonly (readonly [string, number])[] {
  using db = new Database(path, { readonly: true });
  const root = (name: string) =>
    db.query<{ rootpage: number }, [string]>("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(name)?.rootpage ??
    1;
  const index = db
    .query<{ rootpage: number }, []>("SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'message'")
    .get();
  return [
    ["header", 1],
    ["runs", root("run")],
    ["sessions", root("session")],
    ["messages", root("message")],
    ["facts", root("fact")],
    ["index", index?.rootpage ?? 1],
  ];
}

function flip(path: string, page: number): void {
  const file = openSync(path, "r+");
  const at = (page - 1) * BLOCK;
  const bytes = new Uint8Array(BLOCK / 2);
  readSync(file, bytes, 0, bytes.length, at);
  for (const [index, byte] of bytes.entries()) bytes[index] = byte ^ 0xff;
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

/** It refuses to start, or says at the call that needs the page what is the matter; and it leaves the file alone. */
async function judgeDamaged(rig: Rig, path: string, name: string): Promise<string> {
  const before = Bun.hash(readFileSync(path));
  const words = /corrupt|not a SQLite file|not a database/i;
  const server = await rig.start().catch((error: Error) => error.message);
  if (typeof server === "string") {
    const hasWords = words.test(server) && /backup/i.test(server) && !/fault of Aleph/.test(server);
    if (!hasWords) rig.problem(`damaged ${name}: the start says ${server}`);
    if (Bun.hash(readFileSync(path)) !== before) rig.problem(`damaged ${name}: the file was changed`);
    return "refused to start";
  }
  await using running = server;
  await expectAlive(rig, running, `damaged ${name}`);
  const refusals = await readAll(running);
  for (const { failure } of refusals) {
    const { reason, hint } = failure.data ?? {};
    const isClear = reason === "storage_failed" && words.test(failure.message) && /backup/i.test(String(hint));
    if (!isClear) rig.problem(`damaged ${name}: a call says ${JSON.stringify(failure)}`);
  }
  if (refusals.length === 0) rig.problem(`damaged ${name}: nobody says anything`);
  running.kill("SIGKILL");
  await running.finished;
  return `starts, and ${refusals.length} calls were refused`;
}

/** Reads and writes by what uses each table. */
async function readAll(server: { readonly url: string; readonly token: string }): Promise<RpcError[]> {
  using socket = await openRawSocket(server.url, server.token);
  const refusals: RpcError[] = [];
  const session_key = "agent:main:chat:a";
  for (const [method, params] of [
    ["session.list", {}],
    ["session.history", { session_key }],
    ["runs.list", {}],
    ["memory.search", { query: "fact" }],
    ["memory.store", { content: "The word is damage" }],
    ["agent.run", { message: "go on", session_key }],
  ] as const) {
    await socket.call(method, params).catch((error: unknown) => {
      if (error instanceof RpcError) refusals.push(error);
      else throw error;
    });
  }
  return refusals;
}

export const truncatedWal: Scenario = {
  name: "truncated-wal",
  summary: "the WAL is cut at any byte: the server starts, and what is left is whole and without a gap",
  async run(rig) {
    rig.furnish();
    const { home } = rig;
    let least = Number.POSITIVE_INFINITY;
    const facts = (): number[] => {
      using db = new Database(join(home, "aleph.db"), { readonly: true });
      return db
        .query<{ n: number }, []>("SELECT CAST(substr(content, 18) AS INTEGER) AS n FROM fact ORDER BY n")
        .all()
        .map(({ n }) => n);
    };
    const ledger = new Ledger(rig.random);
    {
      await using server = await rig.start();
      await write(ledger, server, 40);
      server.kill("SIGKILL");
      await server.finished;
    }
    const saved = join(rig.folder, "saved");
    cpSync(home, saved, { recursive: true });
    const cuts = 8;
    for (let cut = 0; cut < cuts; cut++) {
      rmSync(home, { recursive: true });
      cpSync(saved, home, { recursive: true });
      const wal = join(home, "aleph.db-wal");
      truncateSync(wal, Math.floor(statSync(wal).size * rig.random()));
      rmSync(join(home, "aleph.db-shm"), { force: true });
      // Short of its first commit it is a file with no table, or an empty one.
      const server = await rig.start().catch((error: Error) => error.message);
      if (typeof server === "string") {
        if (!/backup/i.test(server) || /fault of Aleph/.test(server))
          rig.problem(`cut ${cut}: the start says ${server}`);
        least = 0;
        continue;
      }
      await using running = server;
      const kept = await keptFacts(running);
      least = Math.min(least, kept.length);
      const isPrefix = kept.every((n, index) => n === index + 1);
      if (!isPrefix) rig.problem(`cut ${cut}: there is a gap in ${kept.join()}`);
      await expectRun(rig, running, "cut", `cut ${cut}`);
      await rig.stop(running);
      rig.checkDatabase(`cut ${cut}`);
      if (facts().length < kept.length) rig.problem(`cut ${cut}: fewer facts afterwards`);
    }
    return { cuts, acknowledged: ledger.acknowledged, least_kept: least };
  },
};

async function keptFacts({ url, token }: { readonly url: string; readonly token: string }): Promise<number[]> {
  using socket = await openRawSocket(url, token);
  const { facts } = await socket.call<{ facts: { content: string }[] }>("memory.list", { limit: 100 });
  return facts.map(({ content }) => Number(content.split("-").at(-1))).toSorted((a, b) => a - b);
}

export const versions: Scenario = {
  name: "versions",
  summary: "a database of every older version is migrated behind a backup, one of a newer version is refused",
  async run(rig, { patient }) {
    rig.furnish();
    const path = join(rig.home, "aleph.db");
    const step = patient ? 1 : 5;
    let tried = 0;
    for (let version = migrations.length - 1; version > 0; version -= step) {
      tried += 1;
      for (const suffix of ["", "-wal", "-shm", `.v${version}.bak`]) rmSync(path + suffix, { force: true });
      makeOld(path, version);
      await using server = await rig.start();
      await expectRun(rig, server, "migrated", `version ${version}`);
      await rig.stop(server);
      rig.checkDatabase(`version ${version}`);
      using saved = new Database(`${path}.v${version}.bak`, { readonly: true });
      const kept = saved.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
      if (kept !== version) rig.problem(`version ${version}: the backup is of version ${kept}`);
    }
    {
      using db = new Database(path);
      db.run(`PRAGMA user_version = ${migrations.length + 1}`);
    }
    const before = Bun.hash(readFileSync(path));
    const { code, stderr } = await rig.refuse();
    const isClear = code !== 0 && /newer Aleph/.test(stderr) && /Update|restore/.test(stderr);
    if (!isClear) rig.problem(`a newer version: code ${code}, ${stderr}`);
    if (Bun.hash(readFileSync(path)) !== before) rig.problem("a newer version: the file was changed");
    return { older: tried, newer_says: stderr.split("\n")[0] ?? "", newer_code: code };
  },
};

/** As that version left it. */
function makeOld(path: string, version: number): void {
  using db = new Database(path);
  db.run("PRAGMA journal_mode = WAL");
  db.transaction(() => {
    for (const step of migrations.slice(0, version)) db.run(step);
    db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.run(`PRAGMA user_version = ${version}`);
  }).immediate();
}

export const twoServers: Scenario = {
  name: "two-servers",
  summary: "a second server on the same home refuses and names the first one, by whatever path it comes",
  async run(rig) {
    rig.furnish(LEDGER_CONFIG);
    const ledger = new Ledger(rig.random, ["fact", "job", "hook", "setting"]);
    const link = join(rig.folder, "link");
    {
      await using server = await rig.start();
      symlinkSync(rig.home, link);
      const over = new AbortController();
      const working = ledger.work(server, 5, over.signal);
      for (const home of [rig.home, link, `${rig.home}/../home`]) {
        const { code, stderr } = await rig.refuse({ home });
        const isClear = code !== 0 && stderr.includes(`pid ${server.pid}`) && /Use the one that runs/.test(stderr);
        if (!isClear) rig.problem(`a second server on ${home}: code ${code}, ${stderr}`);
      }
      // All at once, and the first one dies while they knock: at most one may get in.
      const knocking = Promise.all(Array.from({ length: 4 }, () => runExecutable(knock(rig))));
      server.kill("SIGKILL");
      const got = await knocking;
      over.abort();
      await working;
      const codes = got.map(({ code }) => code).toSorted((a, b) => a - b);
      const inside = codes.filter((code) => code === STOPPED_BY_TIMEOUT).length;
      if (inside > 1 || codes.some((code) => code !== 1 && code !== STOPPED_BY_TIMEOUT)) {
        rig.problem(`knocking ended with ${codes.join()}`);
      }
    }
    await expectRecovery(rig, ledger, "after two servers");
    return { acknowledged: ledger.acknowledged };
  },
};

/** A server that is stopped two seconds after its start. */
function knock(rig: Rig) {
  const file = Bun.which("timeout") ?? "timeout";
  const command = [process.env.ALEPH_EXECUTABLE ?? "", "serve", "--port", "0"];
  return { home: rig.home, file, args: ["2", ...command], env: { CANARY_API_KEY: "k", CANARY_HOOK_SECRET: "h" } };
}
