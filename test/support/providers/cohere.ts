/** A fake of Cohere's chat API, version 2: server-sent events of its own kinds, and the list of models. */
import {
  argumentsText,
  type Encoder,
  type FakeOptions,
  type ProviderFake,
  pieces,
  startFake,
  type Wire,
} from "./fake.ts";

export function startCohereFake(options: FakeOptions = {}): ProviderFake {
  return startFake(cohereWire, options);
}

const FINISH = { stop: "COMPLETE", tool_calls: "TOOL_CALL", length: "MAX_TOKENS", refused: "ERROR" } as const;

const cohereWire: Wire = {
  basePath: "",
  chatPath: "/v2/chat",
  modelsPath: "/v1/models",
  contentType: "text/event-stream",
  key: (headers) => headers.get("authorization")?.replace(/^Bearer /, ""),
  models: (ids) => ({ models: ids.map((name) => ({ name, endpoints: ["chat"], context_length: 256_000 })) }),
  error: (_status, message) => ({ id: "err", message }),
  encoder: cohereEncoder,
};

function cohereEncoder(): Encoder {
  let calls = 0;
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const message = (type: string, content: object) => event(type, { index: 0, delta: { message: content } });
  return {
    begin: () => event("message-start", { id: "msg", delta: { message: { role: "assistant", content: [] } } }),
    step(step) {
      if ("text" in step) return message("content-delta", { content: { text: step.text } });
      if ("thinking" in step) return message("content-delta", { content: { thinking: step.thinking } });
      if ("ping" in step) return ": ping\n\n";
      if ("signature" in step) return "";
      if ("error" in step) return event("message-end", { delta: { error: step.error.message } });
      const { id = `call_${++calls}`, name, args } = step.tool_call;
      const start = { id, type: "function", function: { name, arguments: "" } };
      return [
        message("tool-call-start", { tool_calls: start }),
        ...pieces(argumentsText(args)).map((piece) =>
          message("tool-call-delta", { tool_calls: { function: { arguments: piece } } }),
        ),
        event("tool-call-end", { index: 0 }),
      ].join("");
    },
    finish: (reason, { input, output }) =>
      event("message-end", {
        delta: {
          finish_reason: FINISH[reason],
          usage: { tokens: { input_tokens: input, output_tokens: output } },
        },
      }),
  };
}
