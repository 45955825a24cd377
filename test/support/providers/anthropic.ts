/** A fake of Anthropic's API: Messages over SSE with named events, and the list of models. */
import {
  argumentsText,
  type Encoder,
  type FakeOptions,
  type FakeUsage,
  type ProviderFake,
  pieces,
  startFake,
  type Wire,
} from "./fake.ts";

/** `base_url` for type `anthropic`. */
export function startAnthropicFake(options: FakeOptions = {}): ProviderFake {
  return startFake(anthropicWire, options);
}

const ERROR_TYPE: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  529: "overloaded_error",
};

const FINISH = { stop: "end_turn", tool_calls: "tool_use", length: "max_tokens", refused: "refusal" } as const;

const anthropicWire: Wire = {
  basePath: "",
  chatPath: "/v1/messages",
  modelsPath: "/v1/models",
  contentType: "text/event-stream; charset=utf-8",
  key: (headers) => headers.get("x-api-key") ?? headers.get("authorization")?.replace(/^Bearer /, ""),
  models: (ids) => ({
    data: ids.map((id) => ({
      type: "model",
      id,
      display_name: id,
      created_at: "2026-01-01T00:00:00Z",
      max_input_tokens: 200_000,
      max_tokens: 64_000,
    })),
    has_more: false,
    first_id: ids[0] ?? null,
    last_id: ids.at(-1) ?? null,
  }),
  error: (status, message) => ({
    type: "error",
    error: { type: ERROR_TYPE[status] ?? "api_error", message },
    request_id: "req_fake",
  }),
  encoder: (body) => messagesEncoder(body),
};

function messagesEncoder(body: { model?: string }): Encoder {
  let index = -1;
  let open: "text" | "thinking" | undefined;
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const stopBlock = () => {
    if (open === undefined) return "";
    open = undefined;
    return event("content_block_stop", { index });
  };
  const startBlock = (content_block: object) => {
    index++;
    return event("content_block_start", { index, content_block });
  };
  const delta = (value: object) => event("content_block_delta", { index, delta: value });
  const into = (kind: "text" | "thinking") => {
    if (open === kind) return "";
    const closed = stopBlock();
    open = kind;
    const block = kind === "text" ? { type: "text", text: "" } : { type: "thinking", thinking: "", signature: "" };
    return closed + startBlock(block);
  };
  return {
    begin: () =>
      event("message_start", {
        message: {
          id: "msg_fake",
          type: "message",
          role: "assistant",
          model: body.model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
        },
      }) + event("ping", {}),
    step(step) {
      if ("text" in step) return into("text") + delta({ type: "text_delta", text: step.text });
      if ("thinking" in step) return into("thinking") + delta({ type: "thinking_delta", thinking: step.thinking });
      if ("signature" in step) {
        return into("thinking") + delta({ type: "signature_delta", signature: step.signature }) + stopBlock();
      }
      if ("ping" in step) return event("ping", {});
      if ("error" in step) return event("error", { error: step.error });
      const { id = `toolu_${index + 2}`, name, args } = step.tool_call;
      const start = stopBlock() + startBlock({ type: "tool_use", id, name, input: {} });
      const input = pieces(argumentsText(args)).map((partial_json) =>
        delta({ type: "input_json_delta", partial_json }),
      );
      return `${start}${delta({ type: "input_json_delta", partial_json: "" })}${input.join("")}${event("content_block_stop", { index })}`;
    },
    finish: (reason, usage) =>
      stopBlock() +
      event("message_delta", {
        delta: { stop_reason: FINISH[reason], stop_sequence: null },
        usage: messagesUsage(usage),
      }) +
      event("message_stop", {}),
  };
}

function messagesUsage({ input, output, cache_read = 0, cache_write = 0 }: FakeUsage) {
  return {
    input_tokens: input,
    output_tokens: output,
    cache_read_input_tokens: cache_read,
    cache_creation_input_tokens: cache_write,
  };
}
