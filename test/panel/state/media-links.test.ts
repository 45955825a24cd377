import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createMediaLinks } from "../../../src/panel/state/media-links.ts";
import { until } from "../../support/until.ts";

test("a link is asked for once, and anew before it ends; without an answer there is none", async () => {
  let now = 0;
  let fails = true;
  const asked: string[] = [];
  const call = (async (_method: string, { media_id }: { media_id: string }) => {
    asked.push(media_id);
    if (fails) throw new Error("no line");
    return { url: `/media/${media_id}?${asked.length}`, expires_at: now + 3_600_000 };
  }) as unknown as Call;
  const links = createMediaLinks(call, () => now);
  const value = () => links.of("a").value;
  expect(value()).toBeUndefined();
  // It failed: whoever looks again asks again.
  await until(() => value() === undefined && asked.length === 2);
  fails = false;
  const first = await until(value);
  const count = asked.length;
  expect(value()).toBe(first);
  expect(asked).toHaveLength(count);
  now = 3_400_000;
  expect(value()).toBe(first);
  expect(await until(() => value() !== first && value())).toBe(`/media/a?${count + 1}`);
});
