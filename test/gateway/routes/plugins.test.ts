import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";

test("/plugins/ tells strangers the same whatever they ask for, and the owner that nothing is there", async () => {
  await using t = await testApp();
  for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    for (const path of ["/plugins/acme/open", "/plugins/", "/plugins/acme", "/plugins/..%2f..%2fetc/passwd"]) {
      const stranger = await fetch(t.url + path, { method });
      expect([method, path, stranger.status, stranger.headers.get("www-authenticate")]).toEqual([
        method,
        path,
        401,
        "Bearer",
      ]);
      expect(await stranger.json()).toMatchObject({ error: { message: "A bearer token is needed" } });
      const owner = await fetch(t.url + path, { method, headers: { authorization: `Bearer ${t.token}` } });
      expect([owner.status, (await owner.json()).error.message]).toEqual([404, "Nothing is served at this path"]);
    }
  }
});

test("/plugins/ takes no login of the panel in place of a token, and no foreign page or host", async () => {
  await using t = await testApp();
  const path = `${t.url}/plugins/acme/open`;
  expect((await fetch(path, { headers: { cookie: "aleph_session=x" } })).status).toBe(401);
  const authorization = `Bearer ${t.token}`;
  expect((await fetch(path, { headers: { authorization, origin: "http://evil.example" } })).status).toBe(403);
  expect((await fetch(path, { headers: { authorization, host: "evil.example" } })).status).toBe(403);
  expect((await fetch(path, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
});
