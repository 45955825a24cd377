import { expect, test } from "bun:test";
import { type MediaRouteNeeds, mediaRoute } from "../../../src/gateway/routes/media.ts";
import { createMediaLinks } from "../../../src/media/links.ts";
import { createDiskShelf, createMedia, createMemoryShelf } from "../../../src/media/media.ts";
import { defineRoute } from "../../../src/sdk/route.ts";
import { testFolder } from "../../support/folder.ts";
import { TOKEN, testGateway } from "../../support/gateway.ts";

const NOW = Date.parse("2026-07-31T12:00:00Z");
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

async function setUp() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const clock = { now: NOW };
  const media = createMedia({ durable: createDiskShelf(folder.path), ephemeral: createMemoryShelf() });
  const mediaLinks = createMediaLinks({ credentials: folder.path, now: () => clock.now });
  const route = defineRoute<Pick<MediaRouteNeeds, "auth">>({
    ...mediaRoute,
    handle: ({ auth }, request) => mediaRoute.handle({ auth, media, mediaLinks }, request),
  });
  const gateway = stack.use(await testGateway({ routes: { "GET /media/:id": route } }));
  const owned = stack.move();
  return {
    media,
    clock,
    link: (id: string) => `${gateway.url}${mediaLinks.sign(id).url}`,
    url: gateway.url,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test("/media gives a picture to whoever has its link, as a picture and as nothing else", async () => {
  await using t = await setUp();
  const { media_id } = await t.media.put(PNG, { mime: "image/png" });
  const response = await fetch(t.link(media_id));
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(PNG);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "image/png",
    "content-disposition": `inline; filename="${media_id.slice(0, 18)}.png"`,
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "accept-ranges": "bytes",
  });
  const again = await fetch(t.link(media_id), { headers: { "if-none-match": response.headers.get("etag")! } });
  expect(again.status).toBe(304);
  const head = await fetch(t.link(media_id), { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test.each(["text/html", "image/svg+xml", "application/javascript", "text/xml", "application/pdf"])(
  "/media has %s saved, never shown",
  async (mime) => {
    await using t = await setUp();
    const { media_id } = await t.media.put(Buffer.from("<script>alert(1)</script>"), { mime });
    const response = await fetch(t.link(media_id));
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="media_[0-9a-f]{12}\.[a-z]+"$/);
    expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  },
);

test.each([
  ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=7-99", 206, "789", "bytes 7-9/10"],
  ["bytes=-2", 206, "89", "bytes 8-9/10"],
  ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
  ["bytes=10-", 416, "", "bytes */10"],
  ["bytes=-0", 416, "", "bytes */10"],
  ["bytes=3-1", 200, "0123456789", null],
  ["bytes=0-1,3-4", 200, "0123456789", null],
  ["lines=0-1", 200, "0123456789", null],
  ["bytes=-", 200, "0123456789", null],
])("/media answers the range %s with %d", async (range, status, text, contentRange) => {
  await using t = await setUp();
  const { media_id } = await t.media.put(Buffer.from("0123456789"), { mime: "video/mp4" });
  const response = await fetch(t.link(media_id), { headers: { range } });
  expect([response.status, await response.text(), response.headers.get("content-range")]).toEqual([
    status,
    text,
    contentRange,
  ]);
  const other = await fetch(t.link(media_id), { headers: { range, "if-range": '"another"' } });
  expect([other.status, await other.text()]).toEqual([200, "0123456789"]);
});

test("/media takes the owner's token instead of a link, and nothing less", async () => {
  await using t = await setUp();
  const { media_id } = await t.media.put(PNG, { mime: "image/png" });
  const path = `${t.url}/media/${media_id}`;
  expect((await fetch(path, bearer(TOKEN))).status).toBe(200);
  expect((await fetch(path)).status).toBe(401);
  expect((await fetch(path, bearer("wrong-token-wrong-token-wrong-token"))).status).toBe(401);
  expect((await fetch(path, { headers: { cookie: "aleph_session=aleph_web_x" } })).status).toBe(401);
  expect((await fetch(`${path}?token=${TOKEN}`)).status).toBe(401);
  // A link that is not valid is no better for a token beside it: it was made up.
  expect((await fetch(`${path}?exp=9999999999&sig=x`)).status).toBe(403);
});

test("/media refuses a link that has expired and one to what is not there", async () => {
  await using t = await setUp();
  const { media_id } = await t.media.put(PNG, { mime: "image/png" });
  const link = t.link(media_id);
  t.clock.now += 3_600_000;
  const expired = await fetch(link);
  expect([expired.status, (await expired.json()).error.reason]).toEqual([403, "forbidden"]);
  expect((await fetch(t.link(`media_${"0".repeat(64)}`))).status).toBe(404);
});

test.each(["..%2f..%2fetc%2fpasswd", "media_%2e%2e", "%00", "media_ABC", "a".repeat(300)])(
  "/media looks for no file called %s",
  async (name) => {
    await using t = await setUp();
    const response = await fetch(`${t.url}/media/${name}`, bearer(TOKEN));
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain(name);
  },
);

test("/media is no picture for a page of another site", async () => {
  await using t = await setUp();
  const { media_id } = await t.media.put(PNG, { mime: "image/png" });
  const foreign = { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" } };
  expect((await fetch(t.link(media_id), foreign)).status).toBe(403);
});
