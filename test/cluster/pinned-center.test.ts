import { expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepPinned, readPinned } from "../../src/cluster/pinned-center.ts";
import { ensureHome, homeAt } from "../../src/config/home.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

const CENTER = "wss://box:18790/ws";

test("readPinned gives what was kept for this center, and nothing for another one", async () => {
  await using folder = await testFolder();
  const home = homeAt(folder.path);
  ensureHome(home);
  expect(readPinned(home, CENTER)).toBeUndefined();
  keepPinned(home, CENTER, "first");
  keepPinned(home, CENTER, "second");
  expect([readPinned(home, CENTER), readPinned(home, "wss://other/ws")]).toEqual(["second", undefined]);
  expect(statSync(join(home.credentials, "center.json")).mode & 0o777).toBe(0o600);
});

test.each(["", "{", "null", "[]", '{"center":"wss://box:18790/ws"}', '{"center":1,"certificate":"x"}'])(
  "readPinned refuses a file that holds %j: to go on would be to believe anybody",
  async (text) => {
    await using folder = await testFolder();
    const home = homeAt(folder.path);
    ensureHome(home);
    writeFileSync(join(home.credentials, "center.json"), text);
    expect(await refusal(() => readPinned(home, CENTER))).toMatchObject({
      reason: "config_invalid",
      message: "The file with the center's certificate is damaged",
    });
  },
);
