/** Cuts a body into the JSON values that it consists of: server-sent events, lines, or one value. */
import { type FailureSource, malformedFailure } from "../wire/failure.ts";

export type Format = "sse" | "ndjson" | "json";

/**
 * `done` is the data of the event that ends a stream and is no JSON. Throws `malformed` for anything else that is none,
 * and the body's own error when it breaks.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  format: Format,
  done: string | undefined,
  source: FailureSource,
): AsyncGenerator<unknown, void, undefined> {
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw malformedFailure(source, "what is not its format", error);
    }
  };
  if (format === "json") {
    const text = await new Response(body).text();
    if (text.trim() !== "") yield parse(text);
    return;
  }
  let data: string[] = [];
  for await (const line of readLines(body)) {
    if (format === "ndjson") {
      if (line.trim() === done) return;
      if (line.trim() !== "") yield parse(line);
      continue;
    }
    // An empty line ends an event; what is not data names it, or is a comment (HTML standard, 9.2.6).
    if (line.startsWith("data:")) data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
    if (line !== "" || data.length === 0) continue;
    const text = data.join("\n");
    data = [];
    if (text === done) return;
    yield parse(text);
  }
}

/** The last line counts only when it is whole: half of one is half a stream, which the reader will see. */
async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
  if (isJson(rest)) yield rest;
}

function isJson(text: string): boolean {
  if (text.trim() === "") return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Half a line, or the line of an event.
    return false;
  }
}
