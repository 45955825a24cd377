/** Pictures over Gemini's own API: a model that draws answers with the bytes. */
import type { GeneratedMedia, ImageRequest } from "../../sdk/provider.ts";
import { providerError } from "../../sdk/provider-error.ts";
import { callJson, listOf, objectOf } from "../wire/call.ts";
import { malformedFailure } from "../wire/failure.ts";
import { mediaOf, type OpenAiTarget } from "../wire/openai-media.ts";
import { cannotCarryOut } from "../wire/request-fields.ts";

/** Shapes that the models take; the pixels are theirs to choose. */
const RATIOS = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];

export async function generateImages(
  target: OpenAiTarget,
  request: ImageRequest,
  signal: AbortSignal,
): Promise<readonly GeneratedMedia[]> {
  const { model, prompt, size, count = 1 } = request;
  const aspectRatio = size === undefined ? undefined : ratioOf(size);
  if (aspectRatio !== undefined && !RATIOS.includes(aspectRatio)) {
    throw cannotCarryOut(target.endpoint.provider, "size", `its shape must be one of ${RATIOS.join(", ")}`);
  }
  const body = {
    contents: [{ role: "user", parts: [{ text: prompt }] }],
    generationConfig: {
      responseModalities: ["IMAGE"],
      ...(aspectRatio === undefined ? {} : { imageConfig: { aspectRatio } }),
    },
  };
  const url = `${target.base}/models/${encodeURIComponent(model)}:generateContent`;
  const one = () =>
    callJson(target.endpoint, signal, { url, headers: target.headers, body }, (json) => readImages(json, target));
  // One request draws one picture.
  return (await Promise.all(Array.from({ length: count }, one))).flat();
}

function readImages(json: unknown, { endpoint }: OpenAiTarget): GeneratedMedia[] {
  const { candidates, promptFeedback } = objectOf(json);
  const [candidate] = listOf(candidates).map(objectOf);
  const images = listOf(objectOf(candidate?.content).parts).flatMap((part) => {
    const { mimeType, data } = objectOf(objectOf(part).inlineData);
    return typeof mimeType === "string" ? [mediaOf(data, mimeType, endpoint)] : [];
  });
  if (images.length > 0) return images;
  const reason = objectOf(promptFeedback).blockReason ?? candidate?.finishReason;
  if (typeof reason !== "string" || reason === "STOP") throw malformedFailure(endpoint, "no picture");
  throw providerError(`Provider "${endpoint.provider}" drew no picture (${reason.slice(0, 60)})`, {
    provider: endpoint.provider,
    failure: "refused",
  });
}

/** `16:9` of `1920x1080`; the text itself when it is no size. */
export function ratioOf(size: string): string {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(size) ?? [];
  if (width === undefined || height === undefined) return size;
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  const common = divisor(Number(width), Number(height)) || 1;
  return `${Number(width) / common}:${Number(height) / common}`;
}
