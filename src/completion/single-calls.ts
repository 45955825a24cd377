/** What is not a conversation: vectors, pictures and transcripts in OpenAI's format, from the one provider of the model. */
import * as z from "zod";
import type { Body } from "../dialects/dialect.ts";
import { readFields, refuseField } from "../dialects/wire/fields.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import type { ResolvedModel } from "../providers/models.ts";
import type { OpenProvider } from "../sdk/provider.ts";
import { providerFailureOf } from "../sdk/provider-error.ts";
import type { SingleCall } from "./call.ts";
import type { CompletionOptions } from "./completion.ts";

type Needs = Pick<CompletionOptions, "models" | "usage" | "now" | "monotonic" | "media" | "mediaLinks">;

const embedding = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string().min(1), z.array(z.string()).min(1).max(2048)]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().positive().nullish(),
  user: z.string().nullish(),
});

const image = z.strictObject({
  model: z.string().min(1),
  prompt: z.string().min(1),
  n: z.int().min(1).max(10).nullish(),
  size: z.string().nullish(),
  response_format: z.enum(["b64_json", "url"]).nullish(),
  user: z.string().nullish(),
  stream: z.literal(false).nullish(),
});

const FORMATS = ["json", "text"] as const;
const transcription = z.strictObject({
  model: z.string().min(1),
  language: z.string().min(2).max(16).optional(),
  response_format: z.enum(FORMATS).optional(),
});

/** `/v1/embeddings`. A model that another would stand in for has other vectors: nobody else is asked. */
export async function embed(needs: Needs, call: SingleCall, body: Body): Promise<Response> {
  const { model, input, encoding_format, dimensions } = readFields(embedding, body);
  const texts = typeof input === "string" ? [input] : input;
  return ask(needs, call, model, "embeddings", async (provider, from) => {
    if (provider.embed === undefined) return undefined;
    const request = { model: from.model, texts, ...(dimensions == null ? {} : { dimensions }) };
    const { vectors, inputTokens } = await provider.embed(request, call.signal);
    const data = vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: encoding_format === "base64" ? base64Of(vector) : vector,
    }));
    const usage = { prompt_tokens: inputTokens, total_tokens: inputTokens };
    return { answer: Response.json({ object: "list", data, model: from.model, usage }), inputTokens };
  });
}

/** `/v1/images/generations`. */
export async function generateImages(needs: Needs, call: SingleCall, body: Body): Promise<Response> {
  const { model, prompt, n, size, response_format } = readFields(image, body);
  return ask(needs, call, model, "images", async (provider, from) => {
    if (provider.generateImage === undefined) return undefined;
    const request = {
      model: from.model,
      prompt,
      ...(size == null || size === "auto" ? {} : { size }),
      ...(n == null ? {} : { count: n }),
    };
    const made = await provider.generateImage(request, call.signal);
    const data = await Promise.all(
      made.map(async ({ data, mime }) => {
        if (response_format !== "url") return { b64_json: Buffer.from(data).toString("base64") };
        const { media_id } = await needs.media.put(data, {
          mime,
          ...(call.sessionKey ? { sessionKey: call.sessionKey } : {}),
        });
        return { url: new URL(needs.mediaLinks.sign(media_id).url, call.origin).href };
      }),
    );
    return { answer: Response.json({ created: Math.floor(needs.now() / 1000), data }), inputTokens: 0 };
  });
}

/** `/v1/audio/transcriptions`, a form. */
export async function transcribe(needs: Needs, call: SingleCall, form: FormData): Promise<Response> {
  const file = form.get("file");
  if (!(file instanceof File)) throw refuseField("file", "is missing; it must be a file of speech");
  const fields = Object.fromEntries([...form.entries()].filter(([name]) => name !== "file"));
  const { model, language, response_format } = readFields(transcription, fields);
  return ask(needs, call, model, "transcripts", async (provider, from) => {
    if (provider.transcribe === undefined) return undefined;
    const audio = {
      type: "media" as const,
      mime: file.type.split(";")[0] || "application/octet-stream",
      name: file.name,
      data: new Uint8Array(await file.arrayBuffer()),
    };
    const request = { model: from.model, audio, ...(language === undefined ? {} : { language }) };
    const { text } = await provider.transcribe(request, call.signal);
    return { answer: response_format === "text" ? new Response(text) : Response.json({ text }), inputTokens: 0 };
  });
}

interface Answered {
  readonly answer: Response;
  readonly inputTokens: number;
}

async function ask(
  { models, usage, monotonic }: Needs,
  { grant, credential, sessionKey, route, signal }: SingleCall,
  model: string,
  what: string,
  work: (provider: OpenProvider, from: ResolvedModel) => Promise<Answered | undefined>,
): Promise<Response> {
  usage.check({ identity: grant.identity.id, sessionKey });
  const began = monotonic();
  const from = await models.resolve(model, signal);
  const { provider } = from;
  const breaker = models.breaker(provider);
  let answered: Answered | undefined;
  try {
    answered = await work(await models.open(provider), from);
  } catch (error) {
    if (providerFailureOf(error) === "auth") models.forget(provider);
    breaker.ended();
    throw error;
  }
  if (answered === undefined) {
    throw new AlephError("invalid_params", `Provider ${JSON.stringify(provider)} does not make ${what}`, {
      data: { param: "model" },
    });
  }
  const price = models.known(provider, from.model).price;
  const cost_usd = price === undefined ? null : (answered.inputTokens * price.input) / 1_000_000;
  const spent: Usage = { input: answered.inputTokens, output: 0, cache_read: 0, cache_write: 0, cost_usd };
  const ms = monotonic() - began;
  usage.record({ identity: grant.identity.id, credential, sessionKey, route, ...from, usage: spent, ms });
  return answered.answer;
}

/** Little-endian 32-bit floats, as OpenAI's clients unpack them. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}
