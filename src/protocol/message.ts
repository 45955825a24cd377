/** What a conversation is made of: messages and their parts, as stored, as sent to clients and as given to models. */
import * as z from "zod";

export const textPart = z.object({
  type: z.literal("text"),
  text: z.string(),
  /** Not the words of the person: what a stranger may have written came in with it. */
  untrusted: z.literal(true).optional(),
  /** Of untrusted text: which pieces of it are not the owner's, as the offsets where they begin and end. Left out: all of it. */
  outside: z.array(z.tuple([z.number(), z.number()])).optional(),
});
/** `signature` is the provider's seal that must be sent back unchanged with the thinking. */
export const thinkingPart = z.object({
  type: z.literal("thinking"),
  text: z.string(),
  signature: z.string().optional(),
  duration_ms: z.number().optional(),
});
/** An attachment; `media_id` names the stored bytes. */
export const mediaPart = z.object({
  type: z.literal("media"),
  media_id: z.string(),
  mime: z.string(),
  name: z.string().optional(),
  size: z.number(),
  /** Where it lies in the agent's workspace, if it does. */
  path: z.string().optional(),
  /** Of a tool's result: made for the person, so that it goes out with the answer wherever that goes. */
  for_person: z.literal(true).optional(),
});
export const toolCallPart = z.object({
  type: z.literal("tool_call"),
  call_id: z.string(),
  tool: z.string(),
  /** As the model wrote them, parsed; a string when it was not JSON. */
  args: z.unknown(),
});
/** `status` is `unknown` when the process ended while the tool ran: it may or may not have had its effect. */
export const toolResultPart = z.object({
  type: z.literal("tool_result"),
  call_id: z.string(),
  tool: z.string(),
  status: z.enum(["ok", "error", "denied", "cancelled", "unknown"]),
  text: z.string(),
  media: z.array(mediaPart).optional(),
  /** A stranger may have written it. */
  untrusted: z.literal(true).optional(),
  /** Of untrusted text: its owner lets it guide the work. */
  guidance: z.literal(true).optional(),
  /** For the rest of the run no tools but these are there. */
  narrows: z.array(z.string()).optional(),
  /** What the tool really got, where a plugin changed what was asked. */
  args: z.record(z.string(), z.unknown()).optional(),
  duration_ms: z.number().optional(),
});
export const messagePart = z.discriminatedUnion("type", [
  textPart,
  thinkingPart,
  mediaPart,
  toolCallPart,
  toolResultPart,
]);

export type TextPart = z.output<typeof textPart>;
export type ThinkingPart = z.output<typeof thinkingPart>;
export type MediaPart = z.output<typeof mediaPart>;
export type ToolCallPart = z.output<typeof toolCallPart>;
export type ToolResultPart = z.output<typeof toolResultPart>;
export type MessagePart = z.output<typeof messagePart>;

export const messageRole = z.enum(["user", "assistant", "tool", "system"]);
export type MessageRole = z.output<typeof messageRole>;

/** `streaming` is being written now; `interrupted` is what was there when the process ended or the run was stopped. */
export const messageStatus = z.enum(["complete", "streaming", "interrupted", "failed"]);
export type MessageStatus = z.output<typeof messageStatus>;

/** `content` is the plain text of the parts; `ts` is Unix milliseconds. */
export const message = z.object({
  id: z.string(),
  role: messageRole,
  content: z.string(),
  parts: z.array(messagePart),
  run_id: z.string().nullable(),
  status: messageStatus,
  ts: z.number(),
  /** `provider/model` that wrote it; assistant messages only. */
  model: z.string().nullable(),
});
export type Message = z.output<typeof message>;

/** Tokens and money of one reply or run. `cost_usd` is null when the price of the model is not known. */
export const usage = z.object({
  input: z.number(),
  output: z.number(),
  cache_read: z.number(),
  cache_write: z.number(),
  cost_usd: z.number().nullable(),
});
export type Usage = z.output<typeof usage>;

export const THINKING_LEVELS = ["off", "low", "medium", "high"] as const;
export type ThinkingLevel = (typeof THINKING_LEVELS)[number];
