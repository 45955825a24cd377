/** What a run made for the person besides its text: pictures, speech. */
import type { Database } from "bun:sqlite";
import type { MediaPart } from "../protocol/message.ts";
import { readRunMessages } from "../session/messages.ts";
import type { OutboxFile } from "./outbox.ts";

/** In the order in which they were made, each once. */
export function madeFiles(db: Database, runId: string): readonly OutboxFile[] {
  const made = new Map<string, MediaPart>();
  for (const { parts } of readRunMessages(db, runId)) {
    for (const part of parts) {
      if (part.type !== "tool_result") continue;
      for (const media of part.media ?? []) if (media.for_person) made.set(media.media_id, media);
    }
  }
  return [...made.values()].map(({ media_id, mime, name }, at) => ({
    media_id,
    type: mime,
    name: name ?? nameOf(mime, at),
  }));
}

function nameOf(mime: string, at: number): string {
  const [kind = "", form = ""] = mime.split("/");
  const what = kind === "image" ? "picture" : kind === "audio" ? "speech" : "file";
  const ending = { jpeg: "jpg", mpeg: "mp3", "svg+xml": "svg", plain: "txt" }[form] ?? form;
  return `${what}-${at + 1}.${/^[a-z0-9]{1,8}$/.test(ending) ? ending : "bin"}`;
}
