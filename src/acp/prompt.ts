/** What an editor sends as what a run is asked. */
import type { ContentBlock } from "@agentclientprotocol/sdk";
import { AlephError } from "../protocol/errors.ts";
import type { RunParams } from "../protocol/run.ts";

const MAX_FILES = 20;
const MIME = /^[\w.+-]+\/[\w.+-]+$/;

export interface Prompt {
  readonly message: string;
  readonly attachments: NonNullable<RunParams["attachments"]>;
}

/** Throws `invalid_params` for what says nothing. */
export function readPrompt(blocks: readonly ContentBlock[]): Prompt {
  const attachments = blocks.flatMap(fileOf);
  if (attachments.length > MAX_FILES) {
    throw new AlephError("invalid_params", `A message may have ${MAX_FILES} files`);
  }
  const said = joined(blocks);
  const message = said.trim() === "" && attachments.length > 0 ? "See the attached files." : said;
  if (message.trim() === "") throw new AlephError("invalid_params", "The prompt says nothing");
  return { message, attachments };
}

/** Mentions stand in the middle of a sentence, whole files after it. */
function joined(blocks: readonly ContentBlock[]): string {
  const line: string[] = [];
  const after: string[] = [];
  for (const block of blocks) {
    if (block.type === "text") line.push(block.text);
    if (block.type === "resource_link") line.push(`[${block.title ?? block.name}](${block.uri})`);
    if (block.type !== "resource") continue;
    const { resource } = block;
    line.push(`[${nameOf(resource.uri)}](${resource.uri})`);
    if ("text" in resource) after.push(`${resource.uri}\n${fenced(resource.text)}`);
  }
  return [line.join(""), ...after].join("\n\n");
}

function fileOf(block: ContentBlock): NonNullable<RunParams["attachments"]> {
  if (block.type === "image" || block.type === "audio") return [{ mime: typeOf(block.mimeType), data: block.data }];
  if (block.type !== "resource" || !("blob" in block.resource)) return [];
  const { uri, blob, mimeType } = block.resource;
  return [{ mime: typeOf(mimeType ?? ""), data: blob, name: nameOf(uri).slice(0, 255) }];
}

function typeOf(mime: string): string {
  return MIME.test(mime) ? mime : "application/octet-stream";
}

function nameOf(uri: string): string {
  const name =
    uri
      .split(/[?#]/, 1)[0]!
      .split("/")
      .findLast((part) => part !== "") ?? uri;
  try {
    return decodeURIComponent(name);
  } catch {
    // It is not encoded.
    return name;
  }
}

/** A fence longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
