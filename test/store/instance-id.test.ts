import { expect, test } from "bun:test";
import { join } from "node:path";
import { createLog } from "../../src/lib/log.ts";
import { ensureInstanceId } from "../../src/store/instance-id.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";

const log = createLog({ write: () => undefined, level: () => "error" });

test("ensureInstanceId names a database once and for all", async () => {
  await using folder = await testFolder();
  const open = () => openStore(join(folder.path, "aleph.db"), { log });
  let made: string;
  {
    await using store = open();
    made = await ensureInstanceId(store);
    expect(made).toMatch(/^srv_/);
    expect(await ensureInstanceId(store)).toBe(made);
  }
  await using again = open();
  expect(await ensureInstanceId(again)).toBe(made);
  await using other = openStore(join(folder.path, "other.db"), { log });
  expect(await ensureInstanceId(other)).not.toBe(made);
});
