/** A fake of Gemini: its OpenAI-compatible endpoint with its own errors and thought signatures, and its own API for media. */
import { type FakeOptions, type FakeRequest, type ProviderFake, startFake, type Wire } from "./fake.ts";
import { chatEncoder, MP4, openAiVectors, PNG_BASE64 } from "./openai.ts";

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
  key: (headers) => headers.get("x-goog-api-key") ?? headers.get("authorization")?.replace(/^Bearer /, ""),
  models: (ids) => ({
    object: "list",
    data: ids.map((id) => ({ id: `models/${id}`, object: "model", owned_by: "google", display_name: id })),
  }),
  error: (status, message) => [{ error: { code: status, message, status: STATUS[status] ?? "UNKNOWN" } }],
  encoder: (body) => chatEncoder(body, { thinkingKey: "reasoning_content", wholeCalls: true }),
  more: geminiMedia,
};

/** A video is done at the second look; its file lies behind a redirect. */
function geminiMedia() {
  const looks = new Map<string, number>();
  return ({ path, method, body, headers }: FakeRequest, url: URL): Response | undefined => {
    if (path === "/v1beta/openai/embeddings") return Response.json({ ...openAiVectors(body), usage: undefined });
    const [, model = "", action] = /^\/v1beta\/models\/([^/:]+):(\w+)$/.exec(path) ?? [];
    if (method === "POST" && action === "generateContent") {
      const parts = [{ inlineData: { mimeType: "image/png", data: PNG_BASE64 } }];
      return Response.json({ candidates: [{ content: { role: "model", parts }, finishReason: "STOP", index: 0 }] });
    }
    if (method === "POST" && action === "predictLongRunning") {
      const name = `models/${model}/operations/op${looks.size + 1}`;
      looks.set(name, 0);
      return Response.json({ name });
    }
    const name = path.replace("/v1beta/", "");
    const seen = looks.get(name);
    if (seen !== undefined) {
      looks.set(name, seen + 1);
      if (seen === 0) return Response.json({ name });
      const video = { uri: `${url.origin}/v1beta/files/one:download?alt=media` };
      return Response.json({
        name,
        done: true,
        response: { generateVideoResponse: { generatedSamples: [{ video }] } },
      });
    }
    if (path === "/v1beta/files/one:download" && headers.get("x-goog-api-key") !== null) {
      return Response.redirect(`${url.origin}/storage/one.mp4`, 302);
    }
    return path === "/storage/one.mp4" ? new Response(MP4, { headers: { "content-type": "video/mp4" } }) : undefined;
  };
}
