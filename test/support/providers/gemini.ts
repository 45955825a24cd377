/** A fake of Gemini's OpenAI-compatible endpoint, with its own errors and thought signatures. */
import { type FakeOptions, type ProviderFake, startFake, type Wire } from "./fake.ts";
import { chatEncoder } from "./openai.ts";

/** `base_url` for type `gemini`. */
export function startGeminiFake(options: FakeOptions = {}): ProviderFake {
  return startFake(geminiWire, options);
}

const STATUS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

const geminiWire: Wire = {
  basePath: "/v1beta/openai/",
  chatPath: "/v1beta/openai/chat/completions",
  modelsPath: "/v1beta/openai/models",
  contentType: "text/event-stream",
  key: (headers) => headers.get("authorization")?.replace(/^Bearer /, ""),
  models: (ids) => ({
    object: "list",
    data: ids.map((id) => ({ id: `models/${id}`, object: "model", owned_by: "google", display_name: id })),
  }),
  error: (status, message) => [{ error: { code: status, message, status: STATUS[status] ?? "UNKNOWN" } }],
  encoder: (body) => chatEncoder(body, { thinkingKey: "reasoning_content", wholeCalls: true }),
};
