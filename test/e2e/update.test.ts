import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { buildExecutable, ENTRY } from "../../scripts/bundle.ts";
import { executablePath, runExecutable, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { startReleases } from "../support/releases.ts";

testExecutable("aleph update says that this executable has no place that newer versions come from", async () => {
  await using folder = await testFolder();
  const { code, stderr } = await runExecutable({
    home: folder.path,
    file: executablePath(),
    args: ["update", "--check"],
  });
  expect([code, stderr]).toEqual([
    1,
    "Error: This executable was built without a place that its newer versions come from\nBuild it with: bun run build --releases URL --release-key KEY\n",
  ]);
});

testExecutable(
  "aleph update puts a newer version in the place of the executable and goes back to it",
  async () => {
    await using folder = await testFolder();
    await using releases = await startReleases(`${process.platform}-${process.arch}`);
    const file = join(folder.path, "aleph-server");
    // The one under test was built without such a place.
    await buildExecutable({ entry: ENTRY, outfile: file, releases: { url: releases.url, key: releases.key } });
    const command = async (...args: string[]) => {
      const { code, stdout, stderr } = await runExecutable({ home: folder.path, file, args });
      return { code, stdout, stderr };
    };
    const { version } = manifest;
    await releases.offer(version);
    expect(await command("update")).toEqual({ code: 0, stdout: `Version ${version} is the newest\n`, stderr: "" });
    await releases.offer("99.0.0");
    expect(JSON.parse((await command("update", "--check", "--json")).stdout)).toEqual({
      current: version,
      newest: "99.0.0",
      released_at: "2026-11-21T12:00:00Z",
      newer: true,
      installed: false,
    });
    expect(await command("update", "--yes")).toEqual({
      code: 0,
      stdout: "",
      stderr: "This is version 99.0.0 now; a server that runs goes on as it was until it is started again\n",
    });
    expect((await command()).stdout).toBe('{"version":"99.0.0"}\n');
    const back = await runExecutable({ home: folder.path, file: `${file}.previous`, args: ["version", "--json"] });
    expect(JSON.parse(back.stdout)).toMatchObject({ version });
  },
  300_000,
);

testExecutable(
  "aleph update removes what it fetched when it is interrupted",
  async () => {
    await using folder = await testFolder();
    await using releases = await startReleases(`${process.platform}-${process.arch}`);
    const file = join(folder.path, "aleph-server");
    await buildExecutable({ entry: ENTRY, outfile: file, releases: { url: releases.url, key: releases.key } });
    await releases.offer("99.0.0", crypto.getRandomValues(Buffer.alloc(300_000)).toHex());
    const packed = `aleph-server-99.0.0-${process.platform}-${process.arch}.gz`;
    const part = (releases.files.get(packed) as Uint8Array<ArrayBuffer>).slice(0, 200_000);
    // The rest never comes.
    releases.files.set(packed, new Response(new ReadableStream({ start: (stream) => stream.enqueue(part) })));
    const child = Bun.spawn([file, "update", "--yes"], {
      env: { ALEPH_HOME: folder.path },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const fetched = () => readdirSync(folder.path).some((name) => /^\.aleph-server\.[0-9a-f-]{36}$/.test(name));
    while (!fetched()) await Bun.sleep(10);
    child.kill("SIGINT");
    expect([await child.exited, await new Response(child.stderr).text()]).toEqual([130, "Error: Interrupted\n"]);
    expect(readdirSync(folder.path).filter((name) => !name.startsWith(".aleph-update.lock"))).toEqual(["aleph-server"]);
  },
  300_000,
);
