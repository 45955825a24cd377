/** What passing on is compared with: `Bun.serve` and Hono that check a key and the body, and hand the bytes on. Arguments: port, key, upstream. */
import { Hono } from "hono";
import * as z from "zod";

const [, , port, key, upstream] = process.argv;
const body = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  stream: z.boolean().optional(),
});

const http = new Hono()
  .get("/health", (context) => context.text("OK"))
  .post("/v1/chat/completions", async (context) => {
    if (context.req.header("authorization") !== `Bearer ${key}`) return context.json({ error: "unauthenticated" }, 401);
    const text = await context.req.text();
    const parsed = body.safeParse(JSON.parse(text));
    if (!parsed.success) return context.json({ error: parsed.error.issues }, 400);
    const answer = await fetch(`${upstream}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer bench", "accept-encoding": "identity" },
      body: text,
      signal: context.req.raw.signal,
    });
    const headers = { "content-type": answer.headers.get("content-type") ?? "application/json" };
    return new Response(answer.body, { status: answer.status, headers });
  });

Bun.serve({ hostname: "127.0.0.1", port: Number(port), development: false, idleTimeout: 60, fetch: http.fetch });
