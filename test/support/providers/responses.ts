/** The events of OpenAI's Responses API, in the order in which the vendor sends them. */
import { argumentsText, type Encoder, type FakeUsage, pieces } from "./fake.ts";

export function responsesEncoder(body: { model?: string }): Encoder {
  const output: object[] = [];
  let sequence = 0;
  let open: { kind: "message" | "reasoning"; id: string; text: string } | undefined;
  let calls = 0;

  const event = (type: string, data: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...data })}\n\n`;
  const response = (status: string, more: object = {}) => ({
    id: "resp_fake",
    object: "response",
    created_at: 1_700_000_000,
    model: body.model,
    status,
    error: null,
    incomplete_details: null,
    output,
    usage: null,
    ...more,
  });
  const at = () => ({ output_index: output.length });
  const done = (item: object) => {
    const text = event("response.output_item.done", { ...at(), item });
    output.push(item);
    return text;
  };
  const close = (encrypted_content: string | null = null): string => {
    if (open === undefined) return "";
    const { kind, id, text } = open;
    open = undefined;
    if (kind === "reasoning") {
      const part = { type: "summary_text", text };
      return (
        (text === ""
          ? ""
          : event("response.reasoning_summary_text.done", { item_id: id, ...at(), summary_index: 0, text }) +
            event("response.reasoning_summary_part.done", { item_id: id, ...at(), summary_index: 0, part })) +
        done({ id, type: "reasoning", summary: text === "" ? [] : [part], encrypted_content })
      );
    }
    const part = { type: "output_text", text, annotations: [], logprobs: [] };
    return (
      event("response.output_text.done", { item_id: id, ...at(), content_index: 0, text, logprobs: [] }) +
      event("response.content_part.done", { item_id: id, ...at(), content_index: 0, part }) +
      done({ id, type: "message", role: "assistant", status: "completed", content: [part] })
    );
  };
  const begin = (kind: "message" | "reasoning"): string => {
    if (open?.kind === kind) return "";
    const closed = close();
    const id = `${kind === "message" ? "msg" : "rs"}_${output.length}`;
    open = { kind, id, text: "" };
    if (kind === "reasoning") {
      const item = { id, type: "reasoning", summary: [] };
      return closed + event("response.output_item.added", { ...at(), item });
    }
    const item = { id, type: "message", role: "assistant", status: "in_progress", content: [] };
    const part = { type: "output_text", text: "", annotations: [] };
    return (
      closed +
      event("response.output_item.added", { ...at(), item }) +
      event("response.content_part.added", { item_id: id, ...at(), content_index: 0, part })
    );
  };

  return {
    begin: () =>
      event("response.created", { response: response("in_progress") }) +
      event("response.in_progress", { response: response("in_progress") }),
    step(step) {
      if ("ping" in step) return ": keep-alive\n\n";
      if ("error" in step) {
        return event("error", { code: step.error.type, message: step.error.message, param: null });
      }
      if ("signature" in step) return begin("reasoning") + close(step.signature);
      if ("text" in step) {
        const head = begin("message");
        open!.text += step.text;
        return (
          head + event("response.output_text.delta", { item_id: open!.id, ...at(), content_index: 0, delta: step.text })
        );
      }
      if ("thinking" in step) {
        const head = begin("reasoning");
        const { id, text } = open!;
        open!.text += step.thinking;
        const part = { type: "summary_text", text: "" };
        const place = { item_id: id, ...at(), summary_index: 0 };
        return (
          head +
          (text === "" ? event("response.reasoning_summary_part.added", { ...place, part }) : "") +
          event("response.reasoning_summary_text.delta", { ...place, delta: step.thinking })
        );
      }
      const { id = `call_${++calls}`, name, args } = step.tool_call;
      const closed = close();
      const text = argumentsText(args);
      const item = {
        id: `fc_${output.length}`,
        type: "function_call",
        call_id: id,
        name,
        arguments: "",
        status: "in_progress",
      };
      const place = { item_id: item.id, ...at() };
      return [
        closed,
        event("response.output_item.added", { ...at(), item }),
        ...pieces(text).map((delta) => event("response.function_call_arguments.delta", { ...place, delta })),
        event("response.function_call_arguments.done", { ...place, name, arguments: text }),
        // Whether a call is whole is not known to who scripted it; one that is no JSON was cut off.
        done({ ...item, arguments: text, status: isJson(text) ? "completed" : "incomplete" }),
      ].join("");
    },
    finish(reason, usage) {
      const cut = reason === "length" ? "max_output_tokens" : reason === "refused" ? "content_filter" : undefined;
      const status = cut === undefined ? "completed" : "incomplete";
      const details = { incomplete_details: cut === undefined ? null : { reason: cut } };
      return (
        close() +
        event(`response.${status}`, { response: response(status, { ...details, usage: responsesUsage(usage) }) })
      );
    },
  };
}

/** OpenAI counts tokens that were read from and written to the cache inside of `input_tokens`. */
function responsesUsage({ input, output, cache_read = 0, cache_write = 0 }: FakeUsage) {
  const input_tokens = input + cache_read + cache_write;
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: cache_read, cache_write_tokens: cache_write },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + output,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return text === "";
  }
}
