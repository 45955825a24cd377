import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createMediaLinks } from "../../src/media/links.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

const ID = `media_${"a".repeat(64)}`;
const NOW = Date.parse("2026-07-31T12:00:00Z");

async function setUp() {
  const folder = await testFolder();
  const clock = { now: NOW };
  const open = () => createMediaLinks({ credentials: folder.path, now: () => clock.now });
  const links = open();
  const parts = (url: string) => {
    const { pathname, searchParams } = new URL(url, "http://x");
    return { id: pathname.slice(7), exp: searchParams.get("exp")!, sig: searchParams.get("sig")! };
  };
  return { links, open, clock, parts, path: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe("media links", () => {
  test("work for their file until they expire", async () => {
    await using t = await setUp();
    const { url, expires_at } = t.links.sign(ID);
    const { id, exp, sig } = t.parts(url);
    expect([id, expires_at]).toEqual([ID, NOW + 3_600_000]);
    expect(t.links.check(id, exp, sig)).toBeUndefined();
    t.clock.now = expires_at - 1;
    expect(t.links.check(id, exp, sig)).toBeUndefined();
    t.clock.now = expires_at;
    expect(await refusal(() => t.links.check(id, exp, sig))).toMatchObject({ reason: "forbidden" });
  });

  test("are refused for another file, a later end, and any other signature", async () => {
    await using t = await setUp();
    const { exp, sig } = t.parts(t.links.sign(ID).url);
    const refused = async (id: string, end: string, signature: string) =>
      (await refusal(() => t.links.check(id, end, signature))).reason;
    expect(await refused(`media_${"b".repeat(64)}`, exp, sig)).toBe("forbidden");
    expect(await refused(ID, String(Number(exp) + 1), sig)).toBe("forbidden");
    expect(await refused(ID, `${exp}.0`, sig)).toBe("forbidden");
    for (const other of ["", "A", sig.slice(1), `${sig}AAAA`, sig.toUpperCase(), "A".repeat(sig.length)]) {
      expect(await refused(ID, exp, other)).toBe("forbidden");
    }
  });

  test("outlive a restart, with a key that the owner alone may read", async () => {
    await using t = await setUp();
    const { exp, sig } = t.parts(t.links.sign(ID).url);
    expect(t.open().check(ID, exp, sig)).toBeUndefined();
    const file = join(t.path, "media-key");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(file, "utf8").trim(), "base64url")).toHaveLength(32);
  });

  test("are made with no key that is too short", async () => {
    await using t = await setUp();
    writeFileSync(join(t.path, "media-key"), "short\n");
    expect(await refusal(() => t.links.sign(ID))).toMatchObject({ reason: "config_invalid" });
  });
});
