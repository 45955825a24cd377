import { expect, test } from "bun:test";
import { collectNotices, NOTICES } from "../../scripts/notices.ts";

test("THIRD-PARTY-NOTICES.txt is what the sources need now; bun run notices brings it up to date", async () => {
  expect((await Bun.file(NOTICES).text()) === (await collectNotices())).toBe(true);
});
