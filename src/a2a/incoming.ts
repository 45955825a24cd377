/** A message of another agent as what a run is asked. */
import { type Message, type Part, Part as PartCodec, Role } from "@a2a-js/sdk";
import { ContentTypeNotSupportedError, RequestMalformedError } from "@a2a-js/sdk/errors";
import type { RunParams } from "../protocol/run.ts";

export interface Incoming {
  readonly messageId: string;
  readonly contextId: string;
  readonly taskId: string;
  readonly text: string;
  readonly attachments: NonNullable<RunParams["attachments"]>;
  /** The same for the same message. */
  readonly digest: string;
}

const MAX_TEXT = 1_000_000;
const MAX_FILES = 20;
const MAX_ID = 256;
const MIME = /^[\w.+-]+\/[\w.+-]+$/;

/** Throws the protocol's own errors. */
export function readMessage(message: Message | undefined): Incoming {
  if (!message) throw new RequestMalformedError("A message is needed");
  const { messageId, contextId, taskId, role, parts } = message;
  if (typeof messageId !== "string" || messageId === "") throw new RequestMalformedError("messageId is needed");
  for (const id of [messageId, contextId, taskId]) {
    if (id.length > MAX_ID) throw new RequestMalformedError(`An id may have ${MAX_ID} characters`);
  }
  if (role !== Role.ROLE_USER) throw new RequestMalformedError("The role of a message to an agent is the user's");
  if (parts.length === 0) throw new RequestMalformedError("A message needs at least one part");
  const attachments = parts.flatMap(fileOf);
  if (attachments.length > MAX_FILES) throw new RequestMalformedError(`A message may have ${MAX_FILES} files`);
  const said = parts.flatMap(textOf).join("\n\n");
  const text = said === "" && attachments.length > 0 ? "See the attached files." : said;
  if (text.trim() === "") throw new RequestMalformedError("The message says nothing");
  if (text.length > MAX_TEXT) throw new RequestMalformedError(`The text may have ${MAX_TEXT} characters`);
  const told = JSON.stringify([contextId, taskId, parts.map((part) => PartCodec.toJSON(part))]);
  const digest = new Bun.CryptoHasher("sha256").update(told).digest("hex");
  return { messageId, contextId, taskId, text, attachments, digest };
}

function textOf({ content }: Part): string[] {
  if (content?.$case === "text") return [content.value];
  if (content?.$case === "data") return [`\`\`\`json\n${JSON.stringify(content.value, null, 2)}\n\`\`\``];
  return [];
}

function fileOf({ content, filename, mediaType }: Part): NonNullable<RunParams["attachments"]> {
  switch (content?.$case) {
    case "raw": {
      const mime = MIME.test(mediaType) ? mediaType : "application/octet-stream";
      const name = filename === "" ? {} : { name: filename.slice(0, 255) };
      return [{ mime, data: content.value.toString("base64"), ...name }];
    }
    case "url":
      // What it leads to may be anything, also something in our own network.
      throw new ContentTypeNotSupportedError("A file must be sent as bytes, not as an address");
    case "text":
    case "data":
      return [];
    default:
      throw new RequestMalformedError("A part needs a text, bytes or data");
  }
}
