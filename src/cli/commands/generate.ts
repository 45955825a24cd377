/** `aleph generate`: pictures and videos from a description, into files. */
import type { Client, Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { EventFrame } from "../../protocol/events.ts";
import { defineCommand, defineGroup, type Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import { toCount } from "../count.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { SERVER_ONLY } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { openProgress } from "../progress.ts";
import { saveMedia } from "../save-media.ts";
import { writeFacts } from "../table.ts";

type Job = Result<"generation.status">;

const words = { type: "positional", required: true, rest: true, description: "what is to be seen" } as const;
const common = {
  model: { type: "string", valueHint: "name", description: "another model than the config's", completion: "models" },
  size: { type: "string", valueHint: "WxH", description: "such as 1024x1024" },
  output: {
    type: "string",
    alias: "o",
    valueHint: "folder",
    description: "where the files go; here if left out",
    completion: "folder",
  },
  ...jsonFlag,
  ...serverFlags,
} as const;

const image = defineCommand({
  summary: "Make pictures from a description and save them",
  args: { words, count: { type: "string", valueHint: "n", description: "how many", default: "1" }, ...common },
  examples: [['aleph generate image "a lighthouse in fog, woodcut" -o pictures', "saved in the folder pictures"]],
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => {
        const params = {
          prompt: args._.join(" "),
          count: toCount("count", args.count, 10),
          ...wishOf(args),
        };
        using progress = openProgress(invocation.terminal, "Making pictures");
        const made = await client.call("generation.image", params);
        if (args.json) return writeJson(invocation.terminal.out, made);
        progress.say("Saving");
        const paths = await saveMedia(made.media, args, invocation);
        progress[Symbol.dispose]();
        for (const path of paths) invocation.terminal.out.write(`${path}\n`);
      },
      SERVER_ONLY,
    ),
});

const video = defineCommand({
  summary: "Make a video from a description, wait for it and save it",
  details: "With --json or --detach it answers once the provider has taken it; aleph generate status tells the rest.",
  args: {
    words,
    seconds: { type: "string", valueHint: "n", description: "how long" },
    detach: { type: "boolean", description: "do not wait until it is there" },
    ...common,
  },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }): Promise<number> => {
        const { terminal, program } = invocation;
        const job = await client.call("generation.video", {
          prompt: args._.join(" "),
          ...(args.seconds === undefined ? {} : { seconds: toCount("seconds", args.seconds, 120) }),
          ...wishOf(args),
        });
        if (args.json) writeJson(terminal.out, job);
        else if (args.detach) {
          terminal.err.write(`See how it stands: ${program} generate status ${job.job_id}\n`);
          terminal.out.write(`${job.job_id}\n`);
        } else {
          const ended = await waitFor(client, job, invocation);
          if (ended.status === "failed") throw failureOf(ended);
          for (const path of await saveMedia(ended.media ?? [], args, invocation)) terminal.out.write(`${path}\n`);
        }
        return EXIT.ok;
      },
      { ...SERVER_ONLY, reconnect: true },
    ),
});

const status = defineCommand({
  summary: "Tell how a video stands; save it when it is there",
  args: {
    job: { type: "positional", required: true, description: "id of the job, as aleph generate video gave it" },
    output: common.output,
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }): Promise<number> => {
        const { out } = invocation.terminal;
        const job = await client.call("generation.status", { job_id: args.job });
        if (args.json) writeJson(out, job);
        else if (job.status === "done") {
          for (const path of await saveMedia(job.media ?? [], args, invocation)) out.write(`${path}\n`);
        } else {
          writeFacts(out, [
            ["job", job.job_id],
            ["status", job.status],
            ["done", job.progress === null ? undefined : `${Math.round(job.progress * 100)} %`],
            ["model", job.model],
            ["error", job.error?.message],
          ]);
        }
        return job.status === "failed" ? EXIT.failure : EXIT.ok;
      },
      SERVER_ONLY,
    ),
});

export const generate = defineGroup({
  summary: "Make pictures and videos from a description",
  commands: { image, video, status },
});

function wishOf({ model, size }: { readonly model?: string | undefined; readonly size?: string | undefined }) {
  return { ...(model === undefined ? {} : { model }), ...(size === undefined ? {} : { size }) };
}

/** Follows it over events; a look at the job closes the gap before the first and after a lost connection. */
async function waitFor(client: Client, begun: Job, { terminal }: Invocation): Promise<Job> {
  using progress = openProgress(terminal, "Making the video");
  const ended = Promise.withResolvers<void>();
  const look = async () => {
    const { status: now } = await client.call("generation.status", { job_id: begun.job_id });
    if (now !== "running") ended.resolve();
  };
  const onTruncated = () => void look().catch(ended.reject);
  using _watch = await client.subscribe(
    "generation.*",
    (event) => {
      const { data } = event as EventFrame<"generation.progress" | "generation.done" | "generation.failed">;
      if (data.job_id !== begun.job_id) return;
      if (event.topic !== "generation.progress") ended.resolve();
      else if ("progress" in data && typeof data.progress === "number") progress.set(data.progress);
    },
    { onTruncated },
  );
  await look();
  await ended.promise;
  return client.call("generation.status", { job_id: begun.job_id });
}

function failureOf({ error, job_id }: Job): AlephError {
  return new AlephError("provider_error", printableLine(error?.message ?? "The video could not be made"), {
    data: { job_id },
  });
}
