/** The part of the composition root that brings files, speech and pictures into runs. */
import { ModelMediaFitter, type ModelMediaOptions } from "./agent/model-media.ts";
import type { RunnerOptions } from "./agent/runner.ts";
import type { Config } from "./config/schema.ts";
import type { Media } from "./media/media.ts";
import type { makeToolNeeds } from "./tool-needs.ts";

export interface RunMediaOptions extends Pick<ModelMediaOptions, "voice" | "log"> {
  readonly toolNeeds: () => Promise<Pick<ReturnType<typeof makeToolNeeds>, "documents" | "files">>;
  readonly media: Media;
  readonly workspace: (agent: string) => string;
  readonly config: () => Config;
}

export function runMedia(options: RunMediaOptions): Pick<RunnerOptions, "modelMedia" | "attachments"> {
  const { toolNeeds, voice, log, media, workspace, config } = options;
  return {
    modelMedia: new ModelMediaFitter({
      documents: async () => (await toolNeeds()).documents,
      voice,
      hears: () => config().models.transcription !== undefined,
      log,
    }),
    attachments: async (given, sessionKey) => {
      const { takeAttachments } = await import("./agent/attachments.ts");
      const files = async () => (await toolNeeds()).files;
      return takeAttachments({ media, files, workspace }, given, sessionKey);
    },
  };
}
