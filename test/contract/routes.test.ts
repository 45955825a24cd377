/** Every HTTP route, with who may ask and, of those with a token, the scope that it needs. A route without a row here is a door that nobody has thought about. */
import { describe, expect, test } from "bun:test";
import { routes } from "../../src/gateway/routes/index.ts";
import { testApp } from "../support/app.ts";

const TABLE: Readonly<Record<keyof typeof routes, string>> = {
  "GET /health": "public",
  "GET /ready": "public",
  "GET /metrics": "loopback",
  "GET /": "public",
  "GET /:file{[\\w.-]+-[a-z0-9]{8}\\.(?:js|css|svg)}": "public",
  "GET /media/:id": "public",
  "GET /login": "public",
  "POST /auth/login": "public",
  "POST /auth/logout": "public",
  "POST /auth/logout/everywhere": "public",
  "ALL /mcp": "token, read",
  "GET /.well-known/agent-card.json": "public",
  "POST /a2a": "token, chat",
  "ALL /plugins/*": "public",
  "POST /v1/chat/completions": "api_key, chat",
  "POST /v1/responses": "api_key, chat",
  "GET /v1/responses/:id": "api_key, chat",
  "DELETE /v1/responses/:id": "api_key, chat",
  "POST /v1/responses/:id/cancel": "api_key, chat",
  "GET /v1/responses/:id/input_items": "api_key, chat",
  "GET /v1/models": "api_key, chat",
  "GET /v1/models/:id{.+}": "api_key, chat",
  "POST /v1/embeddings": "api_key, chat",
  "POST /v1/images/generations": "api_key, chat",
  "POST /v1/audio/transcriptions": "api_key, chat",
  "GET /v1/health": "public",
  "POST /v1/messages": "api_key, chat",
};

const loaded = await Promise.all(Object.entries(routes).map(async ([name, load]) => [name, await load()] as const));

describe("routes × rights", () => {
  test("the table has a row for each route, and each row is what the route declares", () => {
    expect<object>(
      Object.fromEntries(loaded.map(([name, { auth, scope }]) => [name, scope ? `${auth}, ${scope}` : auth])),
    ).toEqual(TABLE);
  });

  test("what needs a token says so to who has none, before it looks at anything", async () => {
    await using app = await testApp();
    for (const [name, { auth }] of loaded) {
      if (auth === "public" || auth === "loopback") continue;
      const [method, path] = name.split(" ") as [string, string];
      for (const headers of [{}, { cookie: "aleph_session=x" }, { authorization: "Basic eDp5" }] as Record<
        string,
        string
      >[]) {
        const answer = await fetch(app.url + path.replace(/:id(?:\{.*\})?/, "x"), { method, headers });
        expect({ name, status: answer.status }).toEqual({ name, status: 401 });
        expect([answer.headers.get("www-authenticate"), answer.headers.get("x-frame-options")]).toEqual([
          "Bearer",
          "DENY",
        ]);
      }
    }
  });
});
