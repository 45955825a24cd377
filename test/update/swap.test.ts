import { expect, test } from "bun:test";
import { chmodSync, chownSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { testFolder } from "../support/folder.ts";

const SWAP = resolve(import.meta.dir, "../../src/update/swap.ts");
/** Somebody who is not root. */
const OTHER = 65534;
const SETPRIV = Bun.which("setpriv");

test.if(process.getuid?.() === 0 && SETPRIV !== null)(
  "swapIn and swapBack keep a copy where no link to the executable may be made",
  async () => {
    await using folder = await testFolder();
    // Where the checkout is may be closed to others.
    await using code = await testFolder();
    await Bun.build({ entrypoints: [SWAP], target: "bun", outdir: code.path });
    for (const { path } of [folder, code]) chownSync(path, OTHER, OTHER);
    const executable = join(folder.path, "aleph-server");
    // Linux lets nobody link a file of somebody else.
    writeFileSync(executable, "old", { mode: 0o755 });
    const next = join(folder.path, "next");
    writeFileSync(next, "new", { mode: 0o755 });
    chmodSync(executable, 0o755);
    const from = JSON.stringify(join(code.path, "swap.js"));
    const asOther = (call: string) =>
      Bun.spawnSync([
        ...[SETPRIV!, "--reuid", String(OTHER), "--regid", String(OTHER), "--clear-groups"],
        ...[process.execPath, "-e", `import { swapBack, swapIn } from ${from}; ${call}`],
      ]).stderr.toString();
    const state = () =>
      readdirSync(folder.path)
        .toSorted()
        .map((name) => [name, readFileSync(join(folder.path, name), "utf8")]);
    expect(asOther(`swapIn(${JSON.stringify(executable)}, ${JSON.stringify(next)})`)).toBe("");
    expect(state()).toEqual([
      ["aleph-server", "new"],
      ["aleph-server.previous", "old"],
    ]);
    expect(asOther(`swapBack(${JSON.stringify(executable)})`)).toBe("");
    expect(state()).toEqual([
      ["aleph-server", "old"],
      ["aleph-server.previous", "new"],
    ]);
    expect(statSync(executable).mode & 0o777).toBe(0o755);
  },
);
