/** A provider that costs little: answers Chat Completions at once, in 200 chunks, or with a chunk every 5 ms. Argument: port. */
const CHUNKS = 200;
const PACED_CHUNKS = 40;
const PACE_MS = 5;
const encoder = new TextEncoder();
const base = { id: "chatcmpl-bench", object: "chat.completion.chunk", created: 1_700_000_000, model: "test-model" };
const usage = { prompt_tokens: 12, completion_tokens: 200, total_tokens: 212 };
const eventBytes = (data: unknown) => encoder.encode(`data: ${JSON.stringify(data)}\n\n`);
const chunk = eventBytes({
  ...base,
  choices: [{ index: 0, delta: { content: "0123456789abcdef" }, finish_reason: null }],
});
const last = eventBytes({ ...base, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const usageChunk = eventBytes({ ...base, choices: [], usage });
const done = encoder.encode("data: [DONE]\n\n");
const whole = JSON.stringify({
  ...base,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" }],
  usage,
});

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  development: false,
  idleTimeout: 60,
  async fetch(request) {
    if (request.method === "GET") return new Response("OK");
    const { stream, user, stream_options } = (await request.json()) as {
      stream?: boolean;
      user?: string;
      stream_options?: { include_usage?: boolean };
    };
    if (!stream) return new Response(whole, { headers: { "content-type": "application/json" } });
    const isPaced = user === "paced";
    const body = new ReadableStream({
      type: "direct",
      async pull(controller) {
        for (let index = 0; index < (isPaced ? PACED_CHUNKS : CHUNKS); index++) {
          controller.write(chunk);
          controller.flush();
          await (isPaced ? Bun.sleep(PACE_MS) : new Promise(setImmediate));
        }
        controller.write(last);
        if (stream_options?.include_usage) controller.write(usageChunk);
        controller.write(done);
        controller.close();
      },
    } as Bun.DirectUnderlyingSource<Uint8Array> as unknown as UnderlyingSource);
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  },
});
