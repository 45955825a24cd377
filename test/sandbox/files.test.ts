import { expect, test } from "bun:test";
import { chmod, link, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { AlephError } from "../../src/protocol/errors.ts";
import { createFiles, type Files } from "../../src/sandbox/files.ts";
import { type TestWorkspace, testWorkspace } from "../support/workspace.ts";

const signal = new AbortController().signal;

async function setUp() {
  const workspace = await testWorkspace();
  await Bun.write(join(workspace.userHome, "secret.txt"), "secret");
  await mkdir(join(workspace.userHome, "outside"));
  await Bun.write(join(workspace.userHome, "outside/x.txt"), "outside");
  return { ...workspace, files: createFiles({ home: workspace.home }) };
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (thrown: unknown) => (thrown instanceof AlephError ? thrown.reason : String(thrown)),
  );
}

async function textOf(files: Files, workspace: string, path: string): Promise<string> {
  const { file } = await files.open(workspace, path);
  try {
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function namesOf(files: Files, workspace: string, path = ".", skip = new Set<string>()): Promise<string[]> {
  return Array.fromAsync(files.walk(workspace, path, { signal, skip }));
}

/** What every door says to a path. */
async function refusals({ files, path: workspace }: Awaited<ReturnType<typeof setUp>>, path: string) {
  return {
    locate: await reasonOf(files.locate(workspace, path)),
    open: await reasonOf(textOf(files, workspace, path)),
    write: await reasonOf(files.write(workspace, path, "x")),
    list: await reasonOf(files.list(workspace, path)),
    walk: await reasonOf(namesOf(files, workspace, path)),
  };
}

const FORBIDDEN = { locate: "forbidden", open: "forbidden", write: "forbidden", list: "forbidden", walk: "forbidden" };

test("Files reads and writes below the workspace", async () => {
  await using t = await setUp();
  const { place, created } = await t.files.write(t.path, "a/b/c.txt", "hello");
  expect({ path: place.path, name: place.name, created }).toEqual({
    path: join(t.path, "a/b/c.txt"),
    name: "a/b/c.txt",
    created: true,
  });
  expect(await textOf(t.files, t.path, "a/b/c.txt")).toBe("hello");
  expect(await textOf(t.files, t.path, join(t.path, "a/./b/../b/c.txt"))).toBe("hello");
  expect((await t.files.write(t.path, "a/b/c.txt", "again")).created).toBe(false);
  expect(await textOf(t.files, t.path, "a/b/c.txt")).toBe("again");
  expect(await readdir(join(t.path, "a/b"))).toEqual(["c.txt"]);
});

test("Files keeps the mode of a file that it replaces", async () => {
  await using t = await setUp();
  const script = await t.write("run.sh", "#!/bin/sh\n");
  await chmod(script, 0o755);
  await t.files.write(t.path, "run.sh", "#!/bin/sh\nls\n");
  expect((await stat(script)).mode & 0o777).toBe(0o755);
});

test("Files leaves another name of a file alone when it writes", async () => {
  await using t = await setUp();
  await link(join(t.userHome, "secret.txt"), join(t.path, "hard"));
  await t.files.write(t.path, "hard", "mine");
  expect(await readFile(join(t.userHome, "secret.txt"), "utf8")).toBe("secret");
});

test.each(["..", "../x", "../../config.toml", "/etc/passwd", "/", "a/../../x", "../main2/x"])(
  "Files refuses the path %s",
  async (path) => {
    await using t = await setUp();
    expect(await refusals(t, path)).toEqual(FORBIDDEN);
  },
);

test.each([
  ["a link to a file outside", "secret.txt", "link", "link"],
  ["a link to a folder outside", "outside", "link", "link"],
  ["a file behind a link to a folder outside", "outside", "link", "link/x.txt"],
  ["a new file behind a link to a folder outside", "outside", "link", "link/new/deep.txt"],
  ["the parent of a link's target", "outside", "link", "link/../secret.txt"],
  ["a link to the workspace's parent", ".aleph/workspaces", "link", "link/main2"],
  ["a link to Aleph's own files", ".aleph/credentials", "link", "link/token"],
  ["a link to nothing outside", "nowhere", "link", "link"],
] as const)("Files refuses %s", async (what, target, name, path) => {
  await using t = await setUp();
  await symlink(join(t.userHome, target), join(t.path, name));
  // The text of this path is inside; only what the system would make of it is not.
  const expected = what.startsWith("the parent") ? "not_found" : "forbidden";
  expect(await reasonOf(textOf(t.files, t.path, path))).toBe(expected);
  if (expected === "forbidden") expect(await refusals(t, path)).toEqual(FORBIDDEN);
  expect(await readFile(join(t.userHome, "secret.txt"), "utf8")).toBe("secret");
  expect(await readdir(join(t.userHome, "outside"))).toEqual(["x.txt"]);
});

test("Files follows links that stay inside", async () => {
  await using t = await setUp();
  await t.write("real/a.txt", "hello");
  await symlink("real", join(t.path, "alias"));
  await symlink("real/a.txt", join(t.path, "a-link"));
  expect(await textOf(t.files, t.path, "alias/a.txt")).toBe("hello");
  expect((await t.files.locate(t.path, "alias/new.txt")).name).toBe("real/new.txt");
  await t.files.write(t.path, "a-link", "changed");
  expect(await readFile(join(t.path, "real/a.txt"), "utf8")).toBe("changed");
  expect((await lstat(join(t.path, "a-link"))).isSymbolicLink()).toBe(true);
});

test("Files refuses links in a circle", async () => {
  await using t = await setUp();
  await symlink("b", join(t.path, "a"));
  await symlink("a", join(t.path, "b"));
  expect(await reasonOf(textOf(t.files, t.path, "a"))).toBe("forbidden");
  expect(await reasonOf(t.files.write(t.path, "a/x", ""))).toBe("forbidden");
});

test("Files refuses what is neither file nor folder, without hanging", async () => {
  await using t = await setUp();
  Bun.spawnSync(["mkfifo", join(t.path, "pipe")]);
  expect(await reasonOf(textOf(t.files, t.path, "pipe"))).toBe("forbidden");
  expect(await reasonOf(t.files.write(t.path, "pipe", "x"))).toBe("forbidden");
});

test.each([
  ["a file that is not there", "none.txt", "not_found"],
  ["a folder", "folder", "invalid_params"],
  ["a path through a file", "file.txt/x", "invalid_params"],
  ["an empty path", "", "invalid_params"],
  ["a NUL", "a\0b", "invalid_params"],
  ["a very long name", "n".repeat(5000), "invalid_params"],
])("Files says of %s what is wrong", async (_, path, reason) => {
  await using t = await setUp();
  await t.write("file.txt", "x");
  await mkdir(join(t.path, "folder"));
  expect(await reasonOf(textOf(t.files, t.path, path))).toBe(reason);
  if (reason !== "not_found") expect(await reasonOf(t.files.write(t.path, path, "x"))).toBe(reason);
});

/** A folder with a file that is a link to a folder outside every other moment, until disposed. */
async function swappedFolder({ path, userHome }: TestWorkspace) {
  const folder = join(path, "swapped");
  const aside = join(path, "aside");
  const restore = async () => {
    await rm(folder, { recursive: true, force: true });
    await rm(aside, { recursive: true, force: true });
    await mkdir(folder);
    await Bun.write(join(folder, "x.txt"), "inside");
  };
  await restore();
  let swapping = true;
  const swap = async () => {
    await rename(folder, aside);
    await symlink(join(userHome, "outside"), folder);
    await rm(folder);
    await rename(aside, folder);
  };
  const loop = (async () => {
    // What is written in between may be in the way of a step.
    while (swapping)
      await swap()
        .catch(restore)
        .catch(() => {});
  })();
  return {
    async [Symbol.asyncDispose]() {
      swapping = false;
      await loop;
    },
  };
}

test("Files never reads or writes outside while a folder is swapped for a link", async () => {
  await using t = await setUp();
  const read = new Set<string>();
  {
    await using _ = await swappedFolder(t);
    // Until the folder was met as it is, too: a machine with other work may show only its swaps for a while.
    for (let i = 0; i < 1500 || !read.has("inside"); i++) {
      read.add(await textOf(t.files, t.path, "swapped/x.txt").catch(({ reason }: AlephError) => reason));
      if (i % 3 === 0) await t.files.write(t.path, "swapped/new.txt", "written").catch(() => {});
    }
  }
  expect(read.has("inside")).toBe(true);
  expect(read.has("outside")).toBe(false);
  expect(await readdir(join(t.userHome, "outside"))).toEqual(["x.txt"]);
  expect(await readFile(join(t.userHome, "outside/x.txt"), "utf8")).toBe("outside");
});

test("Files lists a folder by name and does not follow its links", async () => {
  await using t = await setUp();
  await t.write("b.txt", "12345");
  await mkdir(join(t.path, "a"));
  await symlink("/etc", join(t.path, "c"));
  const entries = await t.files.list(t.path, ".");
  expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
    ["a", "folder"],
    ["b.txt", "file"],
    ["c", "link"],
  ]);
  expect(entries[1]!.size).toBe(5);
  expect(await reasonOf(t.files.list(t.path, "none"))).toBe("not_found");
  expect(await reasonOf(t.files.list(t.path, "b.txt"))).toBe("invalid_params");
});

test("Files walks a folder in order, without links and without what is to be skipped", async () => {
  await using t = await setUp();
  for (const name of ["z.txt", "b/2.txt", "b/1.txt", "a/x/3.txt", "node_modules/m.js"]) await t.write(name, "");
  await symlink(join(t.userHome, "outside"), join(t.path, "out"));
  await symlink(".", join(t.path, "again"));
  expect(await namesOf(t.files, t.path, ".", new Set(["node_modules"]))).toEqual([
    "z.txt",
    "a/x/3.txt",
    "b/1.txt",
    "b/2.txt",
  ]);
  expect(await namesOf(t.files, t.path, "b")).toEqual(["b/1.txt", "b/2.txt"]);
  expect(await namesOf(t.files, t.path, "z.txt")).toEqual(["z.txt"]);
});

test("Files stops walking when it is told to", async () => {
  await using t = await setUp();
  await t.write("a/b.txt", "");
  const walking = Array.fromAsync(t.files.walk(t.path, ".", { signal: AbortSignal.abort() }));
  expect(
    await walking.then(
      () => "done",
      (thrown: Error) => thrown.name,
    ),
  ).toBe("AbortError");
});

test("Files keeps ALEPH_HOME closed where a workspace holds it", async () => {
  await using t = await setUp();
  const everywhere: TestWorkspace["path"] = t.userHome;
  expect(await textOf(t.files, everywhere, "secret.txt")).toBe("secret");
  for (const path of [
    ".aleph",
    ".aleph/config.toml",
    ".aleph/credentials/token",
    ".aleph/workspaces/main/x",
    ".aleph/new",
  ]) {
    expect(await reasonOf(t.files.write(everywhere, path, "x"))).toBe("forbidden");
    expect(await reasonOf(textOf(t.files, everywhere, path))).toBe("forbidden");
  }
  expect(await namesOf(t.files, everywhere)).toEqual(["secret.txt", "outside/x.txt"]);
});

test.each([".aleph", ".aleph/credentials", ".aleph/workspaces"])(
  "Files takes no part of ALEPH_HOME for a workspace: %s",
  async (path) => {
    await using t = await setUp();
    expect(await reasonOf(t.files.locate(join(t.userHome, path), "."))).toBe("forbidden");
    expect(await reasonOf(t.files.write(join(t.userHome, path), "x", "x"))).toBe("forbidden");
  },
);

test("Files leaves no temporary file when it cannot write", async () => {
  await using t = await setUp();
  await t.write("folder/x", "");
  expect(await reasonOf(t.files.write(t.path, "folder", "x"))).toBe("invalid_params");
  expect(await readdir(t.path)).toEqual(["folder"]);
});
