/** Checks Ollama's NDJSON before its SDK reads it, which prints lines that it cannot parse and goes on. */
import { type FailureSource, halfStream, malformedFailure, streamFailure } from "../wire/failure.ts";

/** The same body; it fails at a line that is not JSON, at an error line, and at an end before the last line. */
export function checkLines(body: ReadableStream<Uint8Array>, source: FailureSource): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  let rest = "";
  let lines = 0;
  let done = false;
  const check = (line: string) => {
    if (line.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw malformedFailure(source, "what is not its format", error);
    }
    if (typeof value !== "object" || value === null) throw malformedFailure(source, "what is not its format");
    if ("error" in value) throw streamFailure(source, value);
    lines++;
    done ||= "done" in value && value.done === true;
  };
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = parts.pop() ?? "";
        for (const line of parts) check(line);
        controller.enqueue(chunk);
      },
      flush() {
        if (done) return;
        if (lines === 0) throw malformedFailure(source, rest === "" ? "an empty reply" : "what is not its format");
        throw halfStream(source);
      },
    }),
  );
}
