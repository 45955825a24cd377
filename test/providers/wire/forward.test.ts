import { expect, test } from "bun:test";
import { WatchRound } from "../../../src/lib/watch-round.ts";
import { createForward } from "../../../src/providers/wire/forward.ts";
import { type ConnectionOptions, endpointOf } from "../../../src/providers/wire/options.ts";

/** How long a server is waited for that never answers, in seconds. */
async function waitsFor(options: ConnectionOptions, whole: boolean): Promise<number> {
  let now = 0;
  let look: () => void = () => undefined;
  const round = new WatchRound(100, {
    now: () => now,
    setTimeout(callback) {
      look = callback;
      return {};
    },
  });
  const never = Object.assign(
    (_: unknown, init?: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      }),
    { preconnect: fetch.preconnect },
  );
  const endpoint = endpointOf(options, { id: "x", fetch: never as typeof fetch });
  const forward = createForward(endpoint, { url: "http://x.invalid/", headers: {} }, round);
  let failure: unknown;
  const waiting = forward("{}", new AbortController(), undefined, whole).catch((thrown: unknown) => {
    failure = thrown;
  });
  for (let seconds = 1; seconds < 1000; seconds++) {
    now = seconds * 1000;
    look();
    await new Promise(setImmediate);
    if (failure !== undefined) break;
  }
  await waiting;
  expect(failure).toMatchObject({
    message: `Provider "x" did not answer within ${now} ms`,
    data: { failure: "timeout" },
  });
  return now / 1000;
}

test("forward waits longer for an answer that comes whole, which begins when all of it has been made", async () => {
  expect(await waitsFor({}, false)).toBe(60);
  expect(await waitsFor({}, true)).toBe(600);
  expect(await waitsFor({ timeout_ms: 90_000 }, false)).toBe(90);
  expect(await waitsFor({ timeout_ms: 90_000 }, true)).toBe(90);
});
