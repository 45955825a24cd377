import { expect, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type TestFolder, testFolder } from "../../support/folder.ts";

const LAUNCHER = resolve(import.meta.dir, "../../../scripts/packaging/npm-launcher.js");
const NODE = Bun.which("node");
/** Tells each Ctrl-C, for half a second. */
const COUNTING = `#!${NODE}
process.on("SIGINT", () => console.log("told"));
setTimeout(() => console.log("done"), 500);
console.log("ready");
`;

/** The launcher as npm installs it, beside an executable. */
async function installed(executable: string): Promise<TestFolder & { readonly launcher: string }> {
  const folder = await testFolder();
  const bin = join(folder.path, "node_modules/aleph-server/bin");
  mkdirSync(bin, { recursive: true });
  const launcher = join(bin, "aleph.js");
  cpSync(LAUNCHER, launcher);
  // As in the package: no module of the new kind.
  writeFileSync(join(bin, "../package.json"), "{}");
  const platform = join(folder.path, `node_modules/@aleph-server/${process.platform}-${process.arch}/bin`);
  mkdirSync(platform, { recursive: true });
  writeFileSync(join(platform, "aleph-server"), executable, { mode: 0o755 });
  return { ...folder, launcher };
}

test.if(NODE !== null && process.platform !== "win32")(
  "the launcher hands on no Ctrl-C that the terminal sent to both",
  async () => {
    await using it = await installed(COUNTING);
    let text = "";
    const ready = Promise.withResolvers<void>();
    const child = Bun.spawn([NODE!, it.launcher], {
      terminal: {
        data(_terminal, bytes) {
          text += new TextDecoder().decode(bytes);
          if (text.includes("ready")) ready.resolve();
        },
      },
    });
    await ready.promise;
    child.terminal!.write("\x03");
    await child.exited;
    expect(text.replaceAll("\r", "").replace("^C", "").trim().split("\n")).toEqual(["ready", "told", "done"]);
  },
);

test.if(NODE !== null && process.platform === "linux")("the launcher needs no /lib", async () => {
  await using it = await installed("#!/bin/sh\necho started\n");
  // As NixOS has it.
  const without = join(it.path, "without-lib.cjs");
  writeFileSync(
    without,
    `const fs = require("node:fs");
const { readdirSync } = fs;
fs.readdirSync = (path, ...more) => readdirSync(path === "/lib" ? "/no/lib" : path, ...more);
`,
  );
  const { stdout, stderr } = Bun.spawnSync([NODE!, "--require", without, it.launcher]);
  expect([stdout.toString(), stderr.toString()]).toEqual(["started\n", ""]);
});
