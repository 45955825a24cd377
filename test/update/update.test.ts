import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { lockFile } from "../../src/lib/file-lock.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { findRelease, goBack, installRelease, type UpdateOptions } from "../../src/update/update.ts";
import { testFolder } from "../support/folder.ts";
import { scriptOf, startReleases } from "../support/releases.ts";
import { refusalOf } from "../support/tool-call.ts";

/** Somebody who is not root. */
const OTHER = 65534;
const isRoot = process.getuid?.() === 0;
const MOUNT = Bun.which("mount");

async function versionOf(executable: string): Promise<string> {
  return (JSON.parse(await Bun.$`${executable}`.text()) as { version: string }).version;
}

/** An executable of version 0.1.0 in a folder of its own, and where its newer versions come from. */
async function setUp(more: Partial<UpdateOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const releases = stack.use(await startReleases());
  const executable = join(folder.path, "aleph-server");
  writeFileSync(executable, scriptOf("0.1.0"), { mode: 0o755 });
  const options: UpdateOptions = {
    build: { target: "linux-x64", releases: { url: releases.url, key: releases.key } },
    version: "0.1.0",
    executable,
    fetch,
    signal: AbortSignal.timeout(30_000),
    versionOf,
    ...more,
  };
  const owned = stack.move();
  return {
    releases,
    executable,
    options,
    folder: folder.path,
    install: async () => installRelease(options, (await findRelease(options)).release),
    /** What is in the folder besides the lock. */
    names: () =>
      readdirSync(folder.path)
        .filter((name) => !name.startsWith(".aleph-update.lock"))
        .toSorted(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe("findRelease", () => {
  test.each([
    ["0.2.0", true],
    ["0.1.1", true],
    ["0.1.0", false],
    ["0.0.9", false],
    ["0.1.0-rc.1", false],
  ])("tells whether %s is newer than 0.1.0", async (version, isNewer) => {
    await using t = await setUp();
    await t.releases.offer(version);
    expect(await findRelease(t.options)).toMatchObject({ current: "0.1.0", newest: version, isNewer });
  });

  test("believes nothing that the key did not sign", async () => {
    await using t = await setUp();
    const unsigned = "forbidden: The description of the newest version is not signed by the key of this executable";
    await t.releases.offer("0.2.0");
    const [text, signature] = ["latest.json", "latest.json.sig"].map((name) => String(t.releases.files.get(name)));
    for (const [description, sealed] of [
      [text!.replace("0.2.0", "0.3.0"), signature!],
      [`${text} `, signature!],
      [text!, ""],
      [text!, "x".repeat(86)],
      [text!, `${"A".repeat(86)}`],
    ] as const) {
      t.releases.files.set("latest.json", description);
      t.releases.files.set("latest.json.sig", sealed);
      expect(await refusalOf(findRelease(t.options))).toBe(unsigned);
    }
    await using other = await startReleases();
    await other.offer("0.2.0");
    expect(await refusalOf(findRelease({ ...t.options, from: other.url }))).toBe(unsigned);
  });

  test("asks a mirror that is named, whose files are signed all the same", async () => {
    await using t = await setUp();
    await t.releases.offer("0.2.0");
    const build = { target: "linux-x64", releases: { url: "http://127.0.0.1:9/", key: t.releases.key } };
    const from = t.releases.url.replace(/\/$/, "");
    expect(await findRelease({ ...t.options, build, from })).toMatchObject({ newest: "0.2.0" });
    expect(await refusalOf(findRelease({ ...t.options, build }))).toBe('not_found: "127.0.0.1:9" cannot be reached');
  });

  test("does not tell the password of a mirror", async () => {
    await using t = await setUp();
    const from = t.releases.url.replace("http://", "http://me:secret@");
    expect(await refusalOf(findRelease({ ...t.options, from }))).toBe(
      `not_found: "${t.releases.url}latest.json" answered with status 404`,
    );
  });

  test("refuses a mirror that is no address", async () => {
    await using t = await setUp();
    expect(await refusalOf(findRelease({ ...t.options, from: "my mirror" }))).toBe(
      'invalid_params: "my mirror" is not an address',
    );
  });

  test("says why there is nothing to find", async () => {
    await using t = await setUp();
    expect(await refusalOf(findRelease(t.options))).toBe(
      `not_found: "${t.releases.url}latest.json" answered with status 404`,
    );
    t.releases.files.set("latest.json", "x".repeat(300_000)).set("latest.json.sig", "x");
    expect(await refusalOf(findRelease(t.options))).toBe(
      'payload_too_large: "latest.json" is larger than 262144 bytes',
    );
    expect(await refusalOf(findRelease({ ...t.options, build: { target: "linux-x64" } }))).toBe(
      "conflict: This executable was built without a place that its newer versions come from",
    );
    expect(await refusalOf(findRelease({ ...t.options, build: undefined }))).toBe(
      "conflict: Aleph runs from its sources here",
    );
    await t.releases.offer("0.2.0", "", { bytes: 0 });
    expect(await refusalOf(findRelease(t.options))).toBe(
      "conflict: The description of the newest version has a form that this version does not know",
    );
  });
});

describe("installRelease", () => {
  test("puts the new executable in the place of the present one and keeps that one, and goBack exchanges the two", async () => {
    await using t = await setUp();
    chmodSync(t.executable, 0o750);
    await t.releases.offer("0.2.0");
    const parts: number[] = [];
    await installRelease(
      { ...t.options, onProgress: (part) => parts.push(part) },
      (await findRelease(t.options)).release,
    );
    expect([await versionOf(t.executable), statSync(t.executable).mode & 0o777]).toEqual(["0.2.0", 0o750]);
    expect(await versionOf(`${t.executable}.previous`)).toBe("0.1.0");
    expect(parts.at(-1)).toBe(1);
    expect(await goBack(t.options)).toEqual({ version: "0.1.0" });
    expect([await versionOf(t.executable), await versionOf(`${t.executable}.previous`)]).toEqual(["0.1.0", "0.2.0"]);
    expect(await goBack(t.options)).toEqual({ version: "0.2.0" });
    expect(t.names()).toEqual(["aleph-server", "aleph-server.previous"]);
  });

  test("changes nothing when what came is not what was signed", async () => {
    await using t = await setUp();
    const file = "aleph-server-0.2.0-linux-x64.gz";
    await t.releases.offer("0.2.0");
    const good = t.releases.files.get(file) as Uint8Array<ArrayBuffer>;
    const refusals = [];
    for (const body of [
      Bun.gzipSync(Buffer.from(scriptOf("6.6.6"))),
      Bun.gzipSync(Buffer.from(scriptOf("0.2.0").padEnd(5_000_000))),
      good.slice(0, 30),
      Buffer.from("no gzip"),
    ]) {
      t.releases.files.set(file, body);
      refusals.push(await refusalOf(t.install()));
    }
    t.releases.files.delete(file);
    refusals.push(await refusalOf(t.install()));
    expect(refusals).toEqual([
      `forbidden: "${file}" is not the file that was signed`,
      `forbidden: "${file}" is not the file that was signed`,
      `conflict: "${file}" did not come whole`,
      `conflict: "${file}" did not come whole`,
      `not_found: "${t.releases.url}${file}" answered with status 404`,
    ]);
    expect([t.names(), readFileSync(t.executable, "utf8")]).toEqual([["aleph-server"], scriptOf("0.1.0")]);
  });

  test("changes nothing when the new executable does not start here or is another version", async () => {
    await using t = await setUp();
    await t.releases.offer("0.2.0", "#!/nowhere/sh\n");
    expect(await refusalOf(t.install())).toBe("conflict: The new executable does not start on this machine");
    await t.releases.offer("0.2.0", scriptOf("0.1.5"));
    expect(await refusalOf(t.install())).toBe('conflict: The new executable says that it is version "0.1.5"');
    expect(t.names()).toEqual(["aleph-server"]);
  });

  test("takes an executable whose compression the server calls an encoding of the transfer", async () => {
    await using t = await setUp();
    await t.releases.offer("0.2.0");
    const file = "aleph-server-0.2.0-linux-x64.gz";
    const packed = t.releases.files.get(file) as Uint8Array<ArrayBuffer>;
    t.releases.files.set(file, new Response(packed, { headers: { "Content-Encoding": "gzip" } }));
    await t.install();
    expect(await versionOf(t.executable)).toBe("0.2.0");
  });

  test("removes what updates left that were cut off, and nothing else", async () => {
    await using t = await setUp();
    const left = `.aleph-server.${crypto.randomUUID()}`;
    const others = [".aleph-server.conf", `.other.${crypto.randomUUID()}`, "aleph-server-0.0.9"];
    for (const name of [left, ...others]) writeFileSync(join(t.folder, name), "");
    await t.releases.offer("0.2.0");
    await t.install();
    expect(t.names()).toEqual([...others, "aleph-server", "aleph-server.previous"].toSorted());
  });

  test("goes on, and back, where the last one was cut off between keeping the present one and replacing it", async () => {
    await using t = await setUp();
    linkSync(t.executable, `${t.executable}.previous`);
    await goBack(t.options);
    expect(t.names()).toEqual(["aleph-server", "aleph-server.previous"]);
    await t.releases.offer("0.2.0");
    await t.install();
    expect([await versionOf(t.executable), await versionOf(`${t.executable}.previous`)]).toEqual(["0.2.0", "0.1.0"]);
    expect(t.names()).toEqual(["aleph-server", "aleph-server.previous"]);
  });

  test("changes nothing when it is interrupted", async () => {
    await using t = await setUp();
    await t.releases.offer("0.2.0");
    const stop = new AbortController();
    const { release } = await findRelease(t.options);
    for (const options of [
      { ...t.options, onProgress: () => stop.abort(new Error("Interrupted")) },
      {
        ...t.options,
        versionOf: async (executable: string) => {
          stop.abort(new Error("Interrupted"));
          return versionOf(executable);
        },
      },
    ]) {
      await expect(installRelease({ ...options, signal: stop.signal }, release)).rejects.toThrow("Interrupted");
      expect([t.names(), readFileSync(t.executable, "utf8")]).toEqual([["aleph-server"], scriptOf("0.1.0")]);
    }
  });

  test.if(isRoot)("lets an executable belong to whom it did when root updates it", async () => {
    await using t = await setUp();
    chownSync(t.executable, OTHER, OTHER);
    await t.releases.offer("0.2.0");
    await t.install();
    const { uid, gid } = statSync(t.executable);
    expect([uid, gid]).toEqual([OTHER, OTHER]);
  });

  test.if(isRoot && MOUNT !== null)("says that the disk is full, or that the place is read-only", async () => {
    await using t = await setUp();
    const small = join(t.folder, "small");
    mkdirSync(small);
    // A container's root may not mount.
    if (Bun.spawnSync([MOUNT!, "-t", "tmpfs", "-o", "size=64k", "tmpfs", small]).exitCode !== 0) return;
    try {
      const executable = join(small, "aleph-server");
      writeFileSync(executable, scriptOf("0.1.0"), { mode: 0o755 });
      await t.releases.offer("0.2.0", `${scriptOf("0.2.0")}#${crypto.getRandomValues(Buffer.alloc(500_000)).toHex()}`);
      const { release } = await findRelease(t.options);
      const told = async () => {
        const thrown = await installRelease({ ...t.options, executable }, release).catch((error: unknown) => error);
        const { reason, message } = AlephError.from(thrown);
        return `${reason}: ${message}`;
      };
      expect(await told()).toBe("storage_failed: Disk is full");
      expect(readdirSync(small).filter((name) => !name.startsWith(".aleph-update.lock"))).toEqual(["aleph-server"]);
      // Not even what the lock takes is left.
      const filled = join(small, "filled");
      expect(() => writeFileSync(filled, Buffer.alloc(100_000))).toThrow("ENOSPC");
      expect(await told()).toBe("storage_failed: Disk is full");
      rmSync(filled);
      Bun.spawnSync([MOUNT!, "-o", "remount,ro", small]);
      expect(await told()).toBe(`forbidden: Nothing can be written to "${small}"`);
    } finally {
      Bun.spawnSync(["umount", small]);
    }
  });

  test("refuses where there is no executable for this machine, while another update is under way, and what others look after", async () => {
    await using t = await setUp();
    await t.releases.offer("0.2.0");
    const { release } = await findRelease(t.options);
    const build = { ...t.options.build!, target: "plan9-x64" };
    expect(await refusalOf(installRelease({ ...t.options, build }, release))).toBe(
      "not_found: Version 0.2.0 has no executable for plan9-x64",
    );
    {
      using _ = await lockFile(join(t.folder, ".aleph-update.lock"), { timeoutMs: 0 });
      expect(await refusalOf(t.install())).toBe("conflict: Another update is under way");
    }
    const nested = join(realpathSync(t.folder), "node_modules", "aleph-server");
    mkdirSync(nested, { recursive: true });
    writeFileSync(join(nested, "aleph-server"), scriptOf("0.1.0"), { mode: 0o755 });
    const executable = join(nested, "aleph-server");
    expect(await refusalOf(installRelease({ ...t.options, executable }, release))).toBe(
      "conflict: npm installed this executable and looks after it",
    );
  });

  test("goBack stays where it is when the executable from before does not start", async () => {
    await using t = await setUp();
    writeFileSync(`${t.executable}.previous`, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    expect(await refusalOf(goBack(t.options))).toBe(
      "conflict: The executable from before does not start on this machine",
    );
    expect(await versionOf(t.executable)).toBe("0.1.0");
  });

  test("goBack says that there is nothing to go back to", async () => {
    await using t = await setUp();
    expect(await refusalOf(goBack(t.options))).toBe(
      `not_found: There is no executable from before at "${t.executable}.previous"`,
    );
  });
});
