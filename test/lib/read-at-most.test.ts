import { expect, test } from "bun:test";
import { readAtMost } from "../../src/lib/read-at-most.ts";

/** A body in pieces of ten bytes, which counts those that were asked for. */
function pieces(count: number) {
  const world = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (world.pulled++ < count) controller.enqueue(new Uint8Array(10).fill(world.pulled));
        else controller.close();
      },
      cancel() {
        world.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { world, body };
}

test("readAtMost reads a body that may be so long, and one that is none", async () => {
  const { body } = pieces(3);
  expect(await readAtMost(new Response(body), 30)).toEqual(Buffer.concat([1, 2, 3].map((n) => Buffer.alloc(10, n))));
  expect(await readAtMost(new Response(null), 0)).toEqual(Buffer.alloc(0));
});

test("readAtMost goes no further than a longer body may be", async () => {
  const { body, world } = pieces(100);
  expect(await readAtMost(new Response(body), 25)).toBeUndefined();
  expect(world).toEqual({ pulled: 3, cancelled: true });
});

test("readAtMost reads nothing of a body that announces more", async () => {
  const { body, world } = pieces(100);
  expect(await readAtMost(new Response(body, { headers: { "content-length": "1000" } }), 999)).toBeUndefined();
  expect(world).toEqual({ pulled: 0, cancelled: true });
});
