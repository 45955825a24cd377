/**
 * A stand-in for a model that makes vectors, over HTTP in OpenAI's format. It is no model: each word becomes a direction of its own,
 * words that the test calls the same one direction. So it knows what the test tells it, and is the same on every machine.
 */
import { foldTerm, termsOf } from "../../src/lib/search-text.ts";
import { seededRandom } from "./random.ts";

export interface Embeddings extends Disposable {
  /** `base_url`. */
  readonly url: string;
  /** Texts that vectors were asked for, in order. */
  readonly texts: string[];
  /** Answers with this status instead, until it is set back to undefined. */
  failing: number | undefined;
  /** Requests wait for it. */
  gate: Promise<unknown>;
}

const DIMENSIONS = 256;

/** `same`: groups of words that mean the same. */
export function startEmbeddings(same: readonly (readonly string[])[] = [], dimensions = DIMENSIONS): Embeddings {
  const meaning = new Map(same.flatMap((group) => group.map((word) => [foldTerm(word), group[0]!] as const)));
  const texts: string[] = [];
  const state = { failing: undefined as number | undefined, gate: Promise.resolve() as Promise<unknown> };
  const vectorOf = (text: string) => {
    const vector = new Float32Array(dimensions);
    for (const term of termsOf(text)) {
      const word = meaning.get(foldTerm(term)) ?? foldTerm(term);
      const random = seededRandom(Bun.hash.crc32(word));
      for (let index = 0; index < dimensions; index++) vector[index]! += random() - 0.5;
    }
    return vector;
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { input, encoding_format, model } = (await request.json()) as {
        input: string | string[];
        encoding_format?: string;
        model: string;
      };
      await state.gate;
      if (state.failing !== undefined) {
        return Response.json(
          { error: { message: "It fails", type: "invalid_request_error" } },
          { status: state.failing },
        );
      }
      const asked = [input].flat();
      texts.push(...asked);
      const data = asked.map((text, index) => {
        const vector = vectorOf(text);
        const embedding = encoding_format === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
        return { object: "embedding", index, embedding };
      });
      const tokens = asked.join(" ").split(" ").length;
      return Response.json({ object: "list", model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    texts,
    get failing() {
      return state.failing;
    },
    set failing(status) {
      state.failing = status;
    },
    get gate() {
      return state.gate;
    },
    set gate(gate) {
      state.gate = gate;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}
