/** OpenAI, over the Responses API where a model needs it, else over Chat Completions. */
import * as z from "zod";
import type { AlephError } from "../../protocol/errors.ts";
import type { ModelRequest, OpenProvider, ProviderHost } from "../../sdk/provider.ts";
import { defineProvider } from "../../sdk/provider.ts";
import {
  type ChatVendor,
  createChatReply,
  type Effort,
  openAiTarget,
  openChatProvider,
} from "../wire/chat-completions.ts";
import { createEfforts, isAboutThinking } from "../wire/effort.ts";
import { createForward } from "../wire/forward.ts";
import { embedTexts, generateImages, speak, startVideo, transcribe, videoStatus } from "../wire/openai-media.ts";
import { connectionOptions, endpointOf } from "../wire/options.ts";
import { createResponsesReply, type ResponsesWay } from "./responses.ts";

/** Listed models that are for something else than chat. */
const NOT_CHAT =
  /^(text-embedding|text-moderation|omni-moderation|whisper|tts|dall-e|gpt-image|chatgpt-image|sora|babbage|davinci|computer-use)|-(transcribe|tts|realtime|embedding)|^gpt-(realtime|audio)/;
const WITHOUT_THINKING = /^(gpt-3|gpt-4|gpt-audio|chatgpt)|chat-latest$/;
/** Models that answer over the Responses API only, with tools or without. */
const RESPONSES_ONLY = /^(o1-pro|o3-pro|codex)|-(pro|codex|codex-max|deep-research|cyber|rosalind)(-\d{4}-\d\d-\d\d)?$/;

const options = connectionOptions.extend({
  api: z
    .enum(["auto", "responses", "chat"])
    .optional()
    .describe("which API answers; auto asks over the Responses API what needs it"),
});
type Options = z.output<typeof options>;

export const openai = defineProvider({
  type: "openai",
  defaultModel: "gpt-5.6-terra",
  needsKey: true,
  facts: () => import("../models/catalogue.ts").then(({ catalogue }) => catalogue.openai),
  options,
  open: openOpenAi,
});

const BASE_URL = "https://api.openai.com/v1";

type Way = { readonly api: "chat"; readonly effort: Effort } | ({ readonly api: "responses" } & ResponsesWay);

function openOpenAi(given: Options, host: ProviderHost): OpenProvider {
  const { api = "auto", ...table } = given;
  const vendor: ChatVendor = {
    baseUrl: BASE_URL,
    maxTokensKey: "max_completion_tokens",
    files: true,
    oneCall: true,
    efforts: chatEfforts,
    modelId: (listed) => (NOT_CHAT.test(listed) ? undefined : listed),
  };
  const base = table.base_url ?? BASE_URL;
  const own = new URL(base).hostname === "api.openai.com";
  const chat = openChatProvider(table, host, vendor);
  const overChat = createChatReply(table, host, vendor);
  const overResponses = createResponsesReply(table, host, base);
  /** Ways by their JSON, since they are made for each request. */
  const efforts = createEfforts<string>();
  const target = openAiTarget(table, host, BASE_URL);
  return {
    ...chat,
    stream(request, signal) {
      const { model, thinking, tools } = request;
      return efforts.stream(
        `${model} ${thinking} ${tools.length > 0} ${chatOnly(request)}`,
        waysFor(request, api, own).map((way) => JSON.stringify(way)),
        (text) => {
          const way = JSON.parse(text) as Way;
          return way.api === "chat" ? overChat(request, way.effort, signal) : overResponses(request, way, signal);
        },
        undefined,
        (error, text) => isAboutThinking(error) || isAboutApi(error, JSON.parse(text) as Way, api === "auto" && !own),
      );
    },
    forward: {
      ...chat.forward,
      responses: createForward(endpointOf(table, host), { url: `${target.base}/responses`, headers: target.headers }),
    },
    takes: (model) => (/audio/.test(model) ? ["pdf", "audio"] : ["pdf"]),
    embed: (request, signal) => embedTexts(target, request, signal),
    generateImage: (request, signal) => generateImages(target, request, signal),
    // OpenAI announced the end of this API for September 2026; servers that copy it go on.
    startVideo: (request, signal) => startVideo(target, request, signal),
    videoStatus: (job, signal) => videoStatus(target, job, signal),
    transcribe: (request, signal) => transcribe(target, request, signal),
    speak: (request, signal) => speak(target, request, signal),
  };
}

/** What only Chat Completions can carry out. */
function chatOnly({ seed, stop = [] }: ModelRequest): boolean {
  return seed !== undefined || stop.length > 0;
}

/** At OpenAI's own address both APIs are there; a server that copies it has Chat Completions at least. */
function waysFor(request: ModelRequest, api: NonNullable<Options["api"]>, own: boolean): Way[] {
  const [bestEffort = null, ...otherEfforts] = chatEfforts(request);
  const best: Way = { api: "chat", effort: bestEffort };
  const others = otherEfforts.map((effort): Way => ({ api: "chat", effort }));
  const responses = responsesWays(request);
  if (api === "chat") return [best, ...others];
  if (api === "responses" || RESPONSES_ONLY.test(request.model)) return responses;
  if (chatOnly(request)) return [best, ...others];
  if (own) return WITHOUT_THINKING.test(request.model) ? [best, ...others] : responses;
  // The server may have both. Asked without a summary, which it may refuse where it would take the rest.
  return [best, ...responses.filter((way) => way.api === "responses" && !way.summary).slice(0, 1), ...others];
}

/**
 * Newer models refuse tools on this API unless `reasoning_effort` is `none`; older ones do not know `none`; models that
 * do not think refuse the key.
 */
function chatEfforts({ model, thinking }: ModelRequest): readonly Effort[] {
  if (WITHOUT_THINKING.test(model)) return [null];
  return thinking === "off" ? ["none", "minimal", "low", null] : [thinking, "none", null];
}

function responsesWays({ model, thinking }: ModelRequest): Way[] {
  const way = (effort: Effort, summary: boolean): Way => ({ api: "responses", effort, summary });
  if (WITHOUT_THINKING.test(model)) return [way(null, false)];
  if (thinking !== "off") return [way(thinking, true), way(thinking, false), way(null, false)];
  return [way("none", false), way("minimal", false), way("low", false), way(null, false)];
}

/** The model wants the other API, or the server, if it is a copy, does not have this one. */
function isAboutApi({ message, data }: AlephError, { api }: Way, copied: boolean): boolean {
  if (data.failure !== "bad_request") return false;
  return api === "chat" ? message.includes("v1/responses") : copied && (data.status === 404 || data.status === 405);
}
