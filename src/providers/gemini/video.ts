/** Videos over Gemini's own API: an operation that is asked for until it is done, then a file to fetch. */
import { AlephError } from "../../protocol/errors.ts";
import type { VideoRequest, VideoStatus } from "../../sdk/provider.ts";
import { callBytes, callJson, listOf, objectOf, type VendorBytes } from "../wire/call.ts";
import { malformedFailure, vendorMessage } from "../wire/failure.ts";
import type { OpenAiTarget } from "../wire/openai-media.ts";
import { cannotCarryOut } from "../wire/request-fields.ts";

/** What a size means here. */
const SIZES: Readonly<Record<string, { readonly aspectRatio: string; readonly resolution: string }>> = {
  "1280x720": { aspectRatio: "16:9", resolution: "720p" },
  "720x1280": { aspectRatio: "9:16", resolution: "720p" },
  "1920x1080": { aspectRatio: "16:9", resolution: "1080p" },
  "1080x1920": { aspectRatio: "9:16", resolution: "1080p" },
};
/** The name of an operation goes into a path: nothing that climbs out of it. */
const OPERATION = /^models\/[\w.-]+\/operations\/[\w.-]+$/;

export async function startVideo(
  { endpoint, base, headers }: OpenAiTarget,
  { model, prompt, size, seconds }: VideoRequest,
  signal: AbortSignal,
): Promise<{ readonly job: string }> {
  const shape = size === undefined ? {} : SIZES[size];
  if (shape === undefined) {
    throw cannotCarryOut(endpoint.provider, "size", `it must be one of ${Object.keys(SIZES).join(", ")}`);
  }
  const parameters = { ...shape, ...(seconds === undefined ? {} : { durationSeconds: seconds }) };
  const body = { instances: [{ prompt }], ...(Object.keys(parameters).length === 0 ? {} : { parameters }) };
  const url = `${base}/models/${encodeURIComponent(model)}:predictLongRunning`;
  return callJson(endpoint, signal, { url, headers, body }, (json) => {
    const { name } = objectOf(json);
    if (typeof name !== "string" || !OPERATION.test(name)) throw malformedFailure(endpoint, "a video without a name");
    return { job: name };
  });
}

export async function videoStatus(target: OpenAiTarget, job: string, signal: AbortSignal): Promise<VideoStatus> {
  const { endpoint, base, headers } = target;
  if (!OPERATION.test(job)) throw new AlephError("not_found", `Video ${JSON.stringify(job)} is not known`);
  const operation = await callJson(endpoint, signal, { url: `${base}/${job}`, headers }, objectOf);
  if (operation.error !== undefined) {
    return { state: "failed", message: vendorMessage(endpoint, { error: operation.error }) };
  }
  if (operation.done !== true) return { state: "running", progress: null };
  const { generatedSamples, raiMediaFilteredReasons } = objectOf(objectOf(operation.response).generateVideoResponse);
  const { uri } = objectOf(objectOf(listOf(generatedSamples)[0]).video);
  if (typeof uri === "string") return { state: "done", media: await download(target, uri, signal) };
  const [reason] = listOf(raiMediaFilteredReasons);
  if (typeof reason === "string") return { state: "failed", message: vendorMessage(endpoint, { message: reason }) };
  throw malformedFailure(endpoint, "a video without a file");
}

/** The key goes to the provider's own address only, which may send us on to where the file is. */
async function download(
  { endpoint, base, headers }: OpenAiTarget,
  uri: string,
  signal: AbortSignal,
): Promise<VendorBytes> {
  const own = new URL(base).origin;
  let url = URL.parse(uri);
  const redirects: string[] = [];
  const following = {
    ...endpoint,
    fetch: Object.assign(
      async (...[input, init]: Parameters<typeof fetch>) => {
        const response = await endpoint.fetch(input, init);
        const location = response.headers.get("location");
        if (response.status < 300 || response.status >= 400 || location === null) return response;
        redirects.push(location);
        await response.body?.cancel();
        return new Response("", { status: 200 });
      },
      { preconnect: endpoint.fetch.preconnect },
    ),
  };
  for (let hops = 0; hops < 4; hops++) {
    if (url === null || (url.origin !== own && url.protocol !== "https:")) break;
    const file = await callBytes(following, signal, { url: url.href, headers: url.origin === own ? headers : {} });
    const next = redirects.pop();
    if (next === undefined) return file;
    url = URL.parse(next, url.href);
  }
  throw malformedFailure(endpoint, "a video at an address that cannot be used");
}
