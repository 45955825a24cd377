/** A fake of Ollama's API: /api/chat over NDJSON, OpenAI's form of it, /api/tags and /api/embed. */
import { type Encoder, type FakeOptions, type ProviderFake, startFake, type Wire } from "./fake.ts";
import { chatEncoder, vectorOf, wordsOf } from "./openai.ts";

/** `base_url` for type `ollama`. */
export function startOllamaFake(options: FakeOptions = {}): ProviderFake {
  return startFake(ollamaWire, options);
}

const ollamaWire: Wire = {
  basePath: "",
  chatPath: "/api/chat",
  modelsPath: "/api/tags",
  contentType: "application/x-ndjson",
  chats: {
    "/v1/chat/completions": { encoder: (body) => chatEncoder(body, { thinkingKey: "reasoning", wholeCalls: true }) },
  },
  more:
    () =>
    ({ path, body }) => {
      if (path === "/api/version") return Response.json({ version: "0.12.6" });
      if (path !== "/api/embed") return undefined;
      const embeddings = body.input.map((text: string) => vectorOf(text, body.dimensions));
      return Response.json({
        model: body.model,
        embeddings,
        total_duration: 1,
        prompt_eval_count: wordsOf(body.input),
      });
    },
  key: (headers) => headers.get("authorization")?.replace(/^Bearer /, ""),
  models: (ids) => ({
    models: ids.map((id) => ({
      name: id,
      model: id,
      modified_at: "2026-01-01T00:00:00Z",
      size: 1,
      digest: "0",
      details: { format: "gguf", family: "fake", families: ["fake"], parameter_size: "1B", quantization_level: "Q4_0" },
    })),
  }),
  error: (_status, message) => ({ error: message }),
  encoder: (body) => ollamaEncoder(body),
};

function ollamaEncoder(body: { model?: string }): Encoder {
  const line = (data: object) =>
    `${JSON.stringify({ model: body.model, created_at: "2026-01-01T00:00:00.000Z", ...data })}\n`;
  const message = (content: object) => line({ message: { role: "assistant", content: "", ...content }, done: false });
  return {
    begin: () => "",
    step(step) {
      if ("text" in step) return message({ content: step.text });
      if ("thinking" in step) return message({ thinking: step.thinking });
      if ("error" in step) return `${JSON.stringify({ error: step.error.message })}\n`;
      if ("ping" in step || "signature" in step) return "";
      const { id, name, args } = step.tool_call;
      return message({ tool_calls: [{ ...(id === undefined ? {} : { id }), function: { name, arguments: args } }] });
    },
    finish: (reason, usage) =>
      line({
        message: { role: "assistant", content: "" },
        done: true,
        done_reason: reason === "length" ? "length" : "stop",
        total_duration: 1,
        load_duration: 1,
        prompt_eval_count: usage.input,
        prompt_eval_duration: 1,
        eval_count: usage.output,
        eval_duration: 1,
      }),
  };
}
