/** What an MCP tool answered, as the agent takes it: text for the model, pictures and sounds as media. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Media } from "../media/media.ts";
import type { MediaPart } from "../protocol/message.ts";
import type { ToolResult } from "../sdk/tool.ts";
import { visible } from "./definitions.ts";

type Block = CallToolResult["content"][number];

interface Attachment {
  readonly data: string;
  readonly mime: string;
  readonly name?: string;
}

export interface ResultOptions {
  readonly media: Pick<Media, "put">;
  readonly sessionKey: string;
}

/** Never throws for what the server sent: what cannot be kept is said in words. */
export async function toToolResult(
  { content, structuredContent, isError }: CallToolResult,
  { media, sessionKey }: ResultOptions,
): Promise<ToolResult> {
  const texts: string[] = [];
  const parts: MediaPart[] = [];
  for (const block of content) {
    const { text, attachment } = readBlock(block);
    if (text !== undefined) texts.push(text);
    if (!attachment) continue;
    try {
      const bytes = Uint8Array.fromBase64(attachment.data);
      const name = attachment.name === undefined ? {} : { name: attachment.name };
      parts.push(await media.put(bytes, { mime: attachment.mime, sessionKey, ...name }));
    } catch (thrown) {
      texts.push(`[${attachment.mime} that cannot be used: ${thrown instanceof Error ? thrown.message : "not valid"}]`);
    }
  }
  if (texts.length === 0 && structuredContent !== undefined) texts.push(JSON.stringify(structuredContent, null, 2));
  const empty = parts.length > 0 ? "" : "(no content)";
  return {
    ok: isError !== true,
    text: texts.join("\n").trim() || empty,
    ...(parts.length > 0 ? { media: parts } : {}),
    untrusted: true,
  };
}

function readBlock(block: Block): { readonly text?: string; readonly attachment?: Attachment } {
  switch (block.type) {
    case "text":
      return { text: block.text };
    case "image":
    case "audio":
      return { attachment: { data: block.data, mime: block.mimeType.toLowerCase() } };
    case "resource_link":
      return { text: `[resource ${visible(block.uri)}: ${visible(block.name)}]` };
    case "resource": {
      const { resource } = block;
      const uri = visible(resource.uri).slice(0, 500);
      if ("text" in resource) return { text: `[resource ${uri}]\n${resource.text}` };
      const name = nameIn(resource.uri);
      const mime = resource.mimeType?.toLowerCase() ?? "application/octet-stream";
      return {
        text: `[resource ${uri}]`,
        attachment: { data: resource.blob, mime, ...(name === undefined ? {} : { name }) },
      };
    }
  }
}

function nameIn(uri: string): string | undefined {
  return /([\w.-]{1,100})$/.exec(uri)?.[1];
}
