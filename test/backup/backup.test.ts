/** A home into one file and back, with all that may be wrong with the file. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { writeBackup } from "../../src/backup/backup.ts";
import { restoreBackup } from "../../src/backup/restore.ts";
import { readTar, type TarInput, writeTar } from "../../src/backup/tar.ts";
import { homeAt } from "../../src/config/home.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { testApp } from "../support/app.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

const LONG_MS = 60_000;
const NOW = Date.UTC(2026, 10, 21, 15, 10);
const ASIDE = "before-restore-20261121-151000";

/** A home with a session in it and files around it; its server has stopped. */
async function usedHome(path: string, { title = "Kept", media = 10 } = {}) {
  await using t = await testApp({ home: path, toml: '[log]\nlevel = "warn"\n' });
  await t.client.call("session.create", { title });
  mkdirSync(join(path, "workspaces/main"), { recursive: true });
  writeFileSync(join(path, "workspaces/main/notes ü.md"), "notes");
  writeFileSync(join(path, `workspaces/main/${"long-".repeat(30)}.txt`), "long");
  writeFileSync(join(path, "workspaces/main/run.sh"), "#!/bin/sh\n");
  chmodSync(join(path, "workspaces/main/run.sh"), 0o755);
  writeFileSync(join(path, "workspaces/main/empty"), "");
  mkdirSync(join(path, "media/ab"), { recursive: true });
  writeFileSync(join(path, "media/ab/media_ab"), new Uint8Array(media).fill(7));
  symlinkSync("/etc/passwd", join(path, "workspaces/main/link"));
  return homeAt(path);
}

async function titles(path: string): Promise<readonly (string | null)[]> {
  await using t = await testApp({ home: path });
  return (await t.client.call("session.list", {})).sessions.map(({ title }) => title);
}

async function entries(file: string): Promise<{ path: string; text: string }[]> {
  const chunks = (async function* () {
    yield gunzipSync(readFileSync(file));
  })();
  const found = [];
  for await (const { path, data } of readTar(chunks)) {
    const bytes: Uint8Array[] = [];
    for await (const chunk of data) bytes.push(Uint8Array.from(chunk));
    found.push({ path, text: Buffer.concat(bytes).toString("latin1") });
  }
  return found;
}

/** Another archive of the same files, each as `change` gives it. */
async function rewrite(
  file: string,
  to: string,
  change: (entry: { path: string; text: string }) => { path: string; text: string } | undefined,
): Promise<string> {
  const files = (await entries(file)).flatMap((entry) => change(entry) ?? []);
  const chunks: Uint8Array[] = [];
  const inputs = (async function* (): AsyncGenerator<TarInput> {
    for (const { path, text } of files) {
      const bytes = Buffer.from(text, "latin1");
      const data = (async function* () {
        yield bytes;
      })();
      yield { path, size: bytes.byteLength, executable: false, modifiedAt: NOW, data };
    }
  })();
  for await (const chunk of writeTar(inputs)) chunks.push(Uint8Array.from(chunk));
  writeFileSync(to, gzipSync(Buffer.concat(chunks)));
  return to;
}

test(
  "writeBackup writes a home into one file that restoreBackup makes a home of again, the old one put aside",
  async () => {
    await using folder = await testFolder();
    // The medium is one that is not read in one go.
    const home = await usedHome(join(folder.path, "home"), { media: 9_000_000 });
    const file = join(folder.path, "b.tar.gz");
    const written = await writeBackup({ home, file, credentials: false, now: NOW });
    expect(written).toMatchObject({ file, skipped: ["workspaces/main/link"] });
    expect(written.manifest).toMatchObject({
      credentials: false,
      database_version: migrations.length,
      created_at: NOW,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const paths = written.manifest.files.map(({ path }) => path);
    expect(paths[0]).toBe("aleph.db");
    expect(paths).toContain("config.toml");
    expect(paths.filter((path) => /^(?:credentials|run|logs)\//.test(path))).toEqual([]);
    expect(readdirSync(folder.path).toSorted()).toEqual(["b.tar.gz", "home"]);

    const token = readFileSync(join(home.credentials, "token"), "utf8");
    writeFileSync(join(home.path, "workspaces/main/later"), "later");
    writeFileSync(home.config, "");
    const restored = await restoreBackup({ home, file, now: NOW });
    expect(restored).toMatchObject({ aside: join(home.path, ASIDE), keptCredentials: true });
    expect(readFileSync(home.config, "utf8")).toContain("warn");
    expect(existsSync(join(home.path, "workspaces/main/later"))).toBe(false);
    expect(readFileSync(join(home.path, ASIDE, "workspaces/main/later"), "utf8")).toBe("later");
    expect(readFileSync(join(home.path, "workspaces/main/notes ü.md"), "utf8")).toBe("notes");
    expect(readFileSync(join(home.path, `workspaces/main/${"long-".repeat(30)}.txt`), "utf8")).toBe("long");
    expect(statSync(join(home.path, "workspaces/main/run.sh")).mode & 0o777).toBe(0o700);
    expect(statSync(join(home.path, "workspaces/main/empty")).size).toBe(0);
    expect(readFileSync(join(home.path, "media/ab/media_ab")).every((byte) => byte === 7)).toBe(true);
    expect(readFileSync(join(home.credentials, "token"), "utf8")).toBe(token);
    expect(readdirSync(home.path).filter((name) => name.startsWith(".restore"))).toEqual([]);
    expect(await titles(home.path)).toEqual(["Kept"]);
    // What was put aside is not carried on from backup to backup.
    const next = await writeBackup({ home, file: join(folder.path, "c.tar.gz"), credentials: false, now: NOW });
    expect(next.manifest.files.filter(({ path }) => path.startsWith("before-restore"))).toEqual([]);
  },
  LONG_MS,
);

test("writeBackup copies what a running server holds, and that server goes on", async () => {
  await using folder = await testFolder();
  const file = join(folder.path, "b.tar.gz");
  await using t = await testApp({ home: join(folder.path, "home") });
  await t.client.call("session.create", { title: "One" });
  const writing = Array.from({ length: 20 }, (_, at) => t.client.call("session.create", { title: `More ${at}` }));
  await writeBackup({ home: t.home, file, credentials: true, now: NOW });
  await Promise.all(writing);
  const busy = await refusal(() => restoreBackup({ home: t.home, file, now: NOW }));
  expect(busy).toMatchObject({ reason: "conflict", message: expect.stringContaining("Another Aleph") });
  expect((await t.client.call("session.list", {})).sessions).toHaveLength(21);

  const other = homeAt(join(folder.path, "other"));
  const restored = await restoreBackup({ home: other, file, now: NOW });
  expect([restored.aside, restored.keptCredentials]).toEqual([undefined, false]);
  expect(readFileSync(join(other.credentials, "token"), "utf8").trim()).toBe(t.token);
  expect(statSync(join(other.credentials, "token")).mode & 0o777).toBe(0o600);
  expect(statSync(other.path).mode & 0o777).toBe(0o700);
  expect(await titles(other.path)).toContain("One");
});

test("writeBackup refuses a file that exists and a home without a database, and leaves nothing behind", async () => {
  await using folder = await testFolder();
  const home = homeAt(folder.path);
  const file = join(folder.path, "b.tar.gz");
  const backup = () => writeBackup({ home, file, credentials: false, now: NOW });
  expect(await refusal(backup)).toMatchObject({ reason: "not_found" });
  await usedHome(folder.path);
  writeFileSync(file, "mine");
  expect(await refusal(backup)).toMatchObject({ reason: "conflict", message: `${file} exists already` });
  expect(readFileSync(file, "utf8")).toBe("mine");
  expect(readdirSync(folder.path).filter((name) => name.includes("part"))).toEqual([]);
});

test(
  "restoreBackup refuses every file that is not what it was, and changes nothing",
  async () => {
    await using folder = await testFolder();
    const home = await usedHome(join(folder.path, "home"));
    const file = join(folder.path, "b.tar.gz");
    await writeBackup({ home, file, credentials: false, now: NOW });
    const target = await usedHome(join(folder.path, "target"), { title: "Mine" });
    const before = readdirSync(target.path).toSorted();
    const bad = join(folder.path, "bad.tar.gz");
    const why = async (path: string) => {
      const { reason, message } = (await refusal(() => restoreBackup({ home: target, file: path, now: NOW })))!;
      expect(readdirSync(target.path).toSorted()).toEqual(before);
      return `${reason}: ${message}`;
    };
    const same = (entry: { path: string; text: string }) => entry;
    const isNotes = ({ path }: { path: string }) => path === "workspaces/main/run.sh";

    await rewrite(file, bad, (entry) => (isNotes(entry) ? { ...entry, text: "#!/bin/rm\n" } : entry));
    expect(await why(bad)).toBe(
      'invalid_params: The backup cannot be used: the file "workspaces/main/run.sh" is not what it was',
    );
    await rewrite(file, bad, (entry) => (isNotes(entry) ? undefined : entry));
    expect(await why(bad)).toContain('"workspaces/main/run.sh" is not what it was');
    for (const path of ["../evil", "/evil", "a/../../evil", "a\\..\\evil", "C:evil"]) {
      await rewrite(file, bad, (entry) => (isNotes(entry) ? { ...entry, path } : entry));
      expect(await why(bad)).toContain(`the path ${JSON.stringify(path)}`);
    }
    await rewrite(file, bad, (entry) => (isNotes(entry) ? { ...entry, path: "workspaces/main/other.sh" } : entry));
    expect(await why(bad)).toContain("is not what it was");
    await rewrite(file, bad, (entry) => (entry.path === "manifest.json" ? undefined : entry));
    expect(await why(bad)).toContain("its list of files is missing");
    await rewrite(file, bad, (entry) =>
      entry.path === "manifest.json" ? { ...entry, text: '{"aleph_backup":9}' } : entry,
    );
    expect(await why(bad)).toContain("is not one that this version reads");
    await rewrite(file, bad, same);
    // The same files, but the list no longer says what may be run.
    expect(await why(bad)).toContain("is not what it was");

    const bytes = readFileSync(file);
    writeFileSync(bad, bytes.subarray(0, bytes.length >> 1));
    expect(await why(bad)).toContain("cut off");
    writeFileSync(bad, gzipSync(gunzipSync(bytes).subarray(0, -1536)));
    expect(await why(bad)).toContain("cut off");
    writeFileSync(bad, "no archive");
    expect(await why(bad)).toContain("it is cut off, or no backup of Aleph");
    writeFileSync(bad, gzipSync(new Uint8Array(1024).fill(65)));
    expect(await why(bad)).toContain("it is not an archive");
    expect(await why(join(folder.path, "none"))).toBe(`not_found: There is no file ${join(folder.path, "none")}`);
    expect(await titles(target.path)).toEqual(["Mine"]);
  },
  LONG_MS,
);

test(
  "restoreBackup refuses the database of a newer version, of another program and a damaged one",
  async () => {
    await using folder = await testFolder();
    const home = await usedHome(join(folder.path, "home"));
    const target = homeAt(join(folder.path, "target"));
    const restoreAfter = async (name: string, change: (path: string) => void) => {
      change(home.database);
      const file = join(folder.path, name);
      await writeBackup({ home, file, credentials: false, now: NOW });
      return refusal(() => restoreBackup({ home: target, file, now: NOW }));
    };
    const run = (sql: string) => (path: string) => {
      using database = new Database(path);
      database.run(sql);
    };
    expect(await restoreAfter("newer", run(`PRAGMA user_version = ${migrations.length + 1}`))).toMatchObject({
      reason: "conflict",
      message: `The backup is of a newer Aleph: its database has version ${migrations.length + 1}, this one knows ${migrations.length}`,
    });
    expect(await restoreAfter("other", run("PRAGMA application_id = 7"))).toMatchObject({
      reason: "invalid_params",
      message: "The backup cannot be used: its database is not one of Aleph",
    });
    expect(readdirSync(target.path)).toEqual(["run"]);
  },
  LONG_MS,
);
