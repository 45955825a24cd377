/** Vectors, pictures, videos, transcripts and speech over OpenAI's API, for OpenAI and those who copy it. */
import type {
  EmbedRequest,
  EmbedResult,
  GeneratedMedia,
  ImageRequest,
  SpeechRequest,
  TranscribeRequest,
  VideoRequest,
  VideoStatus,
} from "../../sdk/provider.ts";
import { callBytes, callJson, listOf, numberOf, objectOf } from "./call.ts";
import { malformedFailure, vendorMessage } from "./failure.ts";
import type { Endpoint } from "./guard.ts";

/** Where, with which headers, and how long a call may take. */
export interface OpenAiTarget {
  readonly endpoint: Endpoint;
  /** Without a slash at its end. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function embedTexts(
  { endpoint, base, headers }: OpenAiTarget,
  { model, texts, dimensions }: EmbedRequest,
  signal: AbortSignal,
): Promise<EmbedResult> {
  const body = { model, input: texts, ...(dimensions === undefined ? {} : { dimensions }) };
  return callJson(endpoint, signal, { url: `${base}/embeddings`, headers, body }, (json) => {
    const { data, usage } = objectOf(json);
    const vectors: (readonly number[])[] = [];
    for (const [at, item] of listOf(data).entries()) {
      const { index, embedding } = objectOf(item);
      vectors[typeof index === "number" ? index : at] = vectorOf(embedding, endpoint);
    }
    checkCount(vectors, texts.length, endpoint);
    return { vectors, inputTokens: numberOf(objectOf(usage).prompt_tokens) };
  });
}

export function vectorOf(value: unknown, endpoint: Endpoint): readonly number[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value;
  throw malformedFailure(endpoint, "what is no vector");
}

/** A vector for each text; a list with holes has fewer entries than its length says. */
export function checkCount(vectors: readonly (readonly number[])[], count: number, endpoint: Endpoint): void {
  if (Object.keys(vectors).length !== count || vectors.length !== count) {
    throw malformedFailure(endpoint, `${vectors.length} vectors for ${count} texts`);
  }
}

export function generateImages(
  { endpoint, base, headers }: OpenAiTarget,
  { model, prompt, size, count }: ImageRequest,
  signal: AbortSignal,
): Promise<readonly GeneratedMedia[]> {
  const body = {
    model,
    prompt,
    ...(size === undefined ? {} : { size }),
    ...(count === undefined ? {} : { n: count }),
    // The newer models send nothing else and refuse the key.
    ...(model.startsWith("dall-e") ? { response_format: "b64_json" } : {}),
  };
  return callJson(endpoint, signal, { url: `${base}/images/generations`, headers, body }, (json) => {
    const { data, output_format } = objectOf(json);
    const mime = `image/${typeof output_format === "string" ? output_format.replace("svg", "svg+xml") : "png"}`;
    const images = listOf(data).map((item) => mediaOf(objectOf(item).b64_json, mime, endpoint));
    if (images.length === 0) throw malformedFailure(endpoint, "no picture");
    return images;
  });
}

export function mediaOf(base64: unknown, mime: string, endpoint: Endpoint): GeneratedMedia {
  if (typeof base64 !== "string" || base64 === "") throw malformedFailure(endpoint, "no picture");
  return { mime, data: new Uint8Array(Buffer.from(base64, "base64")) };
}

export function startVideo(
  { endpoint, base, headers }: OpenAiTarget,
  { model, prompt, size, seconds }: VideoRequest,
  signal: AbortSignal,
): Promise<{ readonly job: string }> {
  const body = {
    model,
    prompt,
    ...(size === undefined ? {} : { size }),
    ...(seconds === undefined ? {} : { seconds: String(seconds) }),
  };
  return callJson(endpoint, signal, { url: `${base}/videos`, headers, body }, (json) => {
    const { id } = objectOf(json);
    if (typeof id !== "string" || id === "") throw malformedFailure(endpoint, "a video without an id");
    return { job: id };
  });
}

export async function videoStatus(
  { endpoint, base, headers }: OpenAiTarget,
  job: string,
  signal: AbortSignal,
): Promise<VideoStatus> {
  const url = `${base}/videos/${encodeURIComponent(job)}`;
  const { status, progress, error } = await callJson(endpoint, signal, { url, headers }, objectOf);
  if (status === "completed") {
    return { state: "done", media: await callBytes(endpoint, signal, { url: `${url}/content`, headers }) };
  }
  if (status === "failed") return { state: "failed", message: vendorMessage(endpoint, { error }) };
  if (status !== "queued" && status !== "in_progress") {
    throw malformedFailure(endpoint, "a video of unknown status");
  }
  return { state: "running", progress: typeof progress === "number" ? Math.min(1, Math.max(0, progress / 100)) : null };
}

export async function speak(
  { endpoint, base, headers }: OpenAiTarget,
  { model, text, voice }: SpeechRequest,
  signal: AbortSignal,
): Promise<GeneratedMedia> {
  const body = { model, input: text, voice, response_format: "mp3" };
  const { mime, data } = await callBytes(endpoint, signal, { url: `${base}/audio/speech`, headers, body });
  const isSound = mime.startsWith("audio/");
  // Some who copy it do not say what they send.
  if (data.byteLength === 0 || !(isSound || mime === "application/octet-stream")) {
    throw malformedFailure(endpoint, "no speech");
  }
  return { mime: isSound ? mime : "audio/mpeg", data };
}

const AUDIO_NAMES: Readonly<Record<string, string>> = {
  "audio/mpeg": "mp3",
  "audio/mp3": "mp3",
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/ogg": "ogg",
  "audio/opus": "ogg",
  "audio/webm": "webm",
  "audio/mp4": "m4a",
  "audio/x-m4a": "m4a",
  "audio/flac": "flac",
};

export function transcribe(
  { endpoint, base, headers }: OpenAiTarget,
  { model, audio, language }: TranscribeRequest,
  signal: AbortSignal,
): Promise<{ readonly text: string }> {
  const body = new FormData();
  body.set("model", model);
  body.set("response_format", "json");
  if (language !== undefined) body.set("language", language);
  // The vendor tells the format by the ending of the name.
  const name = audio.name ?? `audio.${AUDIO_NAMES[audio.mime.toLowerCase()] ?? "bin"}`;
  body.set("file", new Blob([Uint8Array.from(audio.data)], { type: audio.mime }), name);
  return callJson(endpoint, signal, { url: `${base}/audio/transcriptions`, headers, body }, (json) => {
    const { text } = objectOf(json);
    if (typeof text !== "string") throw malformedFailure(endpoint, "a transcript without text");
    return { text };
  });
}
