/** scripts/start in a made-up checkout, where `bun` and the executable are stand-ins. */
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { testFolder } from "../support/folder.ts";

const START = join(import.meta.dir, "../../scripts/start");
const BUILT = new Date("2026-01-02");
const SOURCES = [
  "src/main.ts",
  "plugins/slack/src/index.ts",
  "scripts/build.ts",
  "scripts/bundle.ts",
  "scripts/carried-plugins.ts",
  "scripts/widget-script.ts",
  "package.json",
  "bun.lock",
  "THIRD-PARTY-NOTICES.txt",
];

/** A checkout whose executable is newer than everything in it; `bun` and the executable say that they were called. */
async function checkout() {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await testFolder());
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text, { mode: 0o755 });
  };
  const at = (name: string, time: Date) => utimesSync(join(path, name), time, time);
  for (const name of SOURCES) write(name, "");
  for (const name of SOURCES) {
    at(name, new Date("2026-01-01"));
    for (let folder = dirname(name); folder !== "."; folder = dirname(folder)) at(folder, new Date("2026-01-01"));
  }
  write("bin/bun", "#!/bin/sh\necho built\n");
  write("dist/aleph-server", '#!/bin/sh\necho "$@"\n');
  at("dist/aleph-server", BUILT);
  write("scripts/setup.sh", "");
  cpSync(START, join(path, "scripts/start"));
  const owned = stack.move();
  return {
    touch: (name: string) => at(name, new Date("2026-01-03")),
    start() {
      const env = { PATH: `${join(path, "bin")}:/usr/bin:/bin` };
      return Bun.spawnSync([join(path, "scripts/start"), "--port", "0"], { env }).stdout.toString();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test("start serves what is built already, with its arguments", async () => {
  await using t = await checkout();
  expect(t.start()).toBe("serve --port 0\n");
});

test.each(SOURCES)("start builds anew when %s is newer", async (name) => {
  await using t = await checkout();
  t.touch(name);
  expect(t.start()).toBe("built\nserve --port 0\n");
});
