/** Checks Ollama's NDJSON before its SDK reads it, which prints lines that it cannot parse and goes on. */
import { type FailureSource, halfStream, malformedFailure, streamFailure } from "../wire/failure.ts";

/**
 * The same lines, whole. Fails behind the last good one: at a line that is not JSON, at an error line, and at an end
 * before the line that says `done`.
 */
export function checkLines(body: ReadableStream<Uint8Array>, source: FailureSource): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  let lines = 0;
  let done = false;
  let failure: unknown;

  const check = (line: string): void => {
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

  /** The good lines of `text`; what is wrong with the next one waits until they are read. */
  const goodLines = (text: string): string => {
    let good = "";
    for (const line of text.split("\n")) {
      if (line.trim() === "") continue;
      try {
        check(line);
      } catch (error) {
        failure = error;
        break;
      }
      good += `${line}\n`;
    }
    return good;
  };

  const endFailure = (): unknown => {
    if (lines === 0) return malformedFailure(source, rest === "" ? "an empty reply" : "what is not its format");
    return done ? undefined : halfStream(source);
  };

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            if (failure !== undefined) throw failure;
            const { done: ended, value } = await reader.read();
            if (ended) {
              // The last line may lack its line feed.
              const last = isJson(rest) ? goodLines(rest) : "";
              if (last !== "") {
                rest = "";
                controller.enqueue(encoder.encode(last));
                return;
              }
              failure ??= endFailure();
              if (failure !== undefined) throw failure;
              controller.close();
              return;
            }
            rest += decoder.decode(value, { stream: true });
            const end = rest.lastIndexOf("\n") + 1;
            const good = goodLines(rest.slice(0, end));
            rest = rest.slice(end);
            if (good === "") continue;
            controller.enqueue(encoder.encode(good));
            return;
          }
        } catch (error) {
          controller.error(error);
          await reader.cancel(error);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Empty, or half a line.
    return false;
  }
}
