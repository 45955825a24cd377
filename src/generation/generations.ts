/** Pictures and films on request: made by a provider, kept as media, and followed until they are there. */
import type { Config } from "../config/schema.ts";
import { createId } from "../lib/id.ts";
import { describeError, type Log } from "../lib/log.ts";
import { pause } from "../lib/pause.ts";
import type { MediaLink, MediaLinks } from "../media/links.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { MediaPart } from "../protocol/message.ts";
import { canonicalSessionKey } from "../protocol/session-key.ts";
import type { Models } from "../providers/models.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { GeneratedMedia, OpenProvider, VideoStatus } from "../sdk/provider.ts";
import { providerFailureOf } from "../sdk/provider-error.ts";
import type { Stores } from "../session/stores.ts";
import type { Ledger } from "../usage/ledger.ts";
import { type Job, type JobError, Jobs } from "./jobs.ts";

export interface GenerationsOptions {
  readonly models: Pick<Models, "resolve" | "open">;
  readonly media: Pick<Media, "put">;
  readonly links: Pick<MediaLinks, "sign">;
  readonly stores: Stores;
  readonly bus: Publisher;
  readonly usage: Pick<Ledger, "check" | "record">;
  readonly config: () => Config;
  readonly log: Log;
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Between two questions for a job. Default: 5 s. */
  readonly pollMs?: number;
}

export interface ImageWish {
  readonly prompt: string;
  readonly model?: string | undefined;
  readonly size?: string | undefined;
  readonly count?: number | undefined;
  readonly sessionKey?: string | undefined;
}

export interface VideoWish {
  readonly prompt: string;
  readonly model?: string | undefined;
  readonly size?: string | undefined;
  readonly seconds?: number | undefined;
  readonly sessionKey?: string | undefined;
}

/** Who asks. */
export interface Asking {
  readonly grant: Pick<Grant, "identity">;
  readonly credential?: string | undefined;
}

export type LinkedMedia = MediaPart & MediaLink;

export interface MadeImages {
  readonly provider: string;
  readonly model: string;
  readonly media: readonly LinkedMedia[];
}

export interface JobState extends Omit<Job, "media" | "job" | "identity" | "status"> {
  readonly status: "running" | "done" | "failed";
  readonly media: readonly LinkedMedia[] | null;
}

type Kind = "image" | "video";
type Ability = "generateImage" | "startVideo";

interface Chosen<A extends Ability> {
  readonly provider: string;
  readonly model: string;
  readonly open: OpenProvider & Required<Pick<OpenProvider, A>>;
}

/** What a provider made may be larger than what a person attaches. */
const MAX_MADE = 512 * 1024 * 1024;
const POLL_MS = 5_000;
/** A provider that cannot be asked is asked less and less often, and after so many times no more. */
const MAX_FAILURES = 30;
const LONGEST_PAUSE = 12;

export class Generations implements AsyncDisposable {
  readonly #o: GenerationsOptions;
  readonly #jobs: Jobs;
  readonly #stopping = new AbortController();
  readonly #followed = new Set<Promise<void>>();

  constructor(options: GenerationsOptions) {
    this.#o = options;
    this.#jobs = new Jobs(options);
  }

  /**
   * Resolves when the pictures are stored. Throws `no_provider` when no model is set or its provider makes none,
   * `budget_exceeded`, and what the provider throws.
   */
  async image(wish: ImageWish, asking: Asking, signal: AbortSignal): Promise<MadeImages> {
    const sessionKey = keyOf(wish);
    const chosen = await this.#choose("image", "generateImage", wish.model, { asking, sessionKey, signal });
    const { provider, model, open } = chosen;
    const began = this.#o.monotonic();
    const made = await open.generateImage(
      {
        model,
        prompt: wish.prompt,
        ...(wish.size === undefined ? {} : { size: wish.size }),
        ...(wish.count === undefined ? {} : { count: wish.count }),
      },
      AbortSignal.any([signal, this.#stopping.signal]),
    );
    this.#record("image", chosen, asking, sessionKey, this.#o.monotonic() - began);
    const media = await Promise.all(made.map((each) => this.#keep(each, sessionKey)));
    return { provider, model, media: media.map((part) => this.#linked(part)) };
  }

  /** Resolves when the provider has taken the job; it goes on by itself. Throws as `image`. */
  async video(wish: VideoWish, asking: Asking, signal: AbortSignal): Promise<JobState> {
    const sessionKey = keyOf(wish);
    const chosen = await this.#choose("video", "startVideo", wish.model, { asking, sessionKey, signal });
    const { provider, model, open } = chosen;
    const id = createId("job");
    // On disk before the provider is asked: a job that is paid for is known, whatever happens next.
    await this.#jobs.add({
      id,
      identity: asking.grant.identity.id,
      sessionKey: sessionKey ?? null,
      provider,
      model,
    });
    const began = this.#o.monotonic();
    try {
      const { job } = await open.startVideo(
        {
          model,
          prompt: wish.prompt,
          ...(wish.size === undefined ? {} : { size: wish.size }),
          ...(wish.seconds === undefined ? {} : { seconds: wish.seconds }),
        },
        // Not the caller's: a provider that is already at work would be at work for nobody.
        this.#stopping.signal,
      );
      await this.#jobs.change({ id, sessionKey: sessionKey ?? null }, { job, status: "running" });
    } catch (thrown) {
      const { reason, message } = AlephError.from(thrown);
      await this.#jobs.change({ id, sessionKey: sessionKey ?? null }, { status: "failed", error: { reason, message } });
      throw thrown;
    }
    this.#record("video", chosen, asking, sessionKey, this.#o.monotonic() - began);
    const job = this.#jobs.find(id)!;
    this.#announceProgress(job, null);
    this.#follow(job);
    return this.#stateOf(job);
  }

  /** Throws `not_found`, also for what a guest may not see. */
  status(jobId: string, { identity, role }: Grant): JobState {
    const job = this.#jobs.find(jobId);
    if (!job || (role === "guest" && job.identity !== identity.id)) {
      throw new AlephError("not_found", `No job ${JSON.stringify(jobId)}`);
    }
    return this.#stateOf(job);
  }

  /** Takes up what an earlier process left open. */
  async resume(): Promise<void> {
    for (const job of this.#jobs.open()) {
      if (job.job !== null) this.#follow(job);
      else {
        await this.#fail(job, {
          reason: "internal",
          message: "Aleph stopped while the job was handed over: whether it was begun is not known",
        });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new AlephError("cancelled", "Server stops"));
    await Promise.all(this.#followed);
  }

  async #choose<A extends Ability>(
    kind: Kind,
    ability: A,
    wanted: string | undefined,
    { asking, sessionKey, signal }: { asking: Asking; sessionKey: string | undefined; signal: AbortSignal },
  ): Promise<Chosen<A>> {
    const { models, usage, config } = this.#o;
    usage.check({ identity: asking.grant.identity.id, sessionKey });
    const name = wanted ?? config().models[kind];
    if (name === undefined) {
      throw new AlephError("no_provider", `No model for ${kind}s is set`, {
        data: { hint: `Name one, or set models.${kind} in config.toml` },
      });
    }
    const { provider, model } = await models.resolve(name, signal);
    const open = await models.open(provider);
    if (!makes(open, ability)) {
      throw new AlephError("no_provider", `Provider ${JSON.stringify(provider)} makes no ${kind}s`, {
        data: { provider, hint: `Name a model of a provider that does, or set models.${kind} in config.toml` },
      });
    }
    return { provider, model, open };
  }

  /** What it costs no provider tells: it counts as one reply without a price. */
  #record(
    kind: Kind,
    { provider, model }: Pick<Chosen<never>, "provider" | "model">,
    { grant, credential }: Asking,
    sessionKey: string | undefined,
    ms: number,
  ): void {
    const usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, cost_usd: null };
    const who = { identity: grant.identity.id, credential, sessionKey };
    this.#o.usage.record({ ...who, route: `generation.${kind}`, provider, model, usage, ms });
  }

  #keep({ data, mime }: GeneratedMedia, sessionKey: string | undefined): Promise<MediaPart> {
    return this.#o.media.put(data, {
      mime,
      maxBytes: MAX_MADE,
      ...(sessionKey === undefined ? {} : { sessionKey }),
    });
  }

  #follow(job: Job): void {
    const followed = this.#watch(job)
      .catch((thrown: unknown) =>
        this.#o.log.error("a job cannot be followed", { job_id: job.id, ...describeError(thrown) }),
      )
      .finally(() => this.#followed.delete(followed));
    this.#followed.add(followed);
  }

  /** Ends when the job has, or when the server stops. */
  async #watch(job: Job): Promise<void> {
    const { pollMs = POLL_MS, log } = this.#o;
    const { signal } = this.#stopping;
    let { progress } = job;
    let failures = 0;
    for (;;) {
      await pause(pollMs * Math.min(2 ** failures, LONGEST_PAUSE), signal);
      if (signal.aborted) return;
      try {
        const status = await this.#ask(job, signal);
        if (status.state === "failed")
          return await this.#fail(job, { reason: "provider_error", message: status.message });
        if (status.state === "done") return await this.#finish(job, status.media);
        failures = 0;
        if (status.progress === null || status.progress === progress) continue;
        progress = status.progress;
        await this.#jobs.change(job, { progress });
        this.#announceProgress(job, progress);
      } catch (thrown) {
        if (signal.aborted) return;
        const { reason, message } = AlephError.from(thrown);
        failures++;
        log.warn("a job could not be asked for", { job_id: job.id, failures, error: message });
        if (failures >= MAX_FAILURES || isFinal(thrown)) return await this.#fail(job, { reason, message });
      }
    }
  }

  async #ask(job: Job, signal: AbortSignal): Promise<VideoStatus> {
    const open = await this.#o.models.open(job.provider);
    if (open.videoStatus) return open.videoStatus(job.job!, signal);
    throw new AlephError("no_provider", `Provider ${JSON.stringify(job.provider)} makes no videos`);
  }

  async #finish(job: Job, made: GeneratedMedia): Promise<void> {
    const media = [await this.#keep(made, job.sessionKey ?? undefined)];
    await this.#jobs.change(job, { status: "done", progress: 1, media });
    this.#o.bus.publish("generation.done", { ...aboutOf(job), media }, toOf(job));
  }

  async #fail(job: Job, error: JobError): Promise<void> {
    await this.#jobs.change(job, { status: "failed", error });
    this.#o.bus.publish("generation.failed", { ...aboutOf(job), error: { ...error } }, toOf(job));
  }

  #announceProgress(job: Job, progress: number | null): void {
    this.#o.bus.publish("generation.progress", { ...aboutOf(job), progress }, toOf(job));
  }

  #stateOf({ identity: _identity, job: _job, status, media, ...rest }: Job): JobState {
    return {
      ...rest,
      status: status === "starting" ? "running" : status,
      media: media?.map((part) => this.#linked(part)) ?? null,
    };
  }

  #linked(part: MediaPart): LinkedMedia {
    return { ...part, ...this.#o.links.sign(part.media_id) };
  }
}

function makes<A extends Ability>(open: OpenProvider, ability: A): open is Chosen<A>["open"] {
  return typeof open[ability] === "function";
}

function keyOf({ sessionKey }: { readonly sessionKey?: string | undefined }): string | undefined {
  return sessionKey === undefined ? undefined : canonicalSessionKey(sessionKey);
}

/** Asking again would not help. */
function isFinal(thrown: unknown): boolean {
  const { reason } = AlephError.from(thrown);
  const failure = providerFailureOf(thrown);
  return failure === "bad_request" || failure === "refused" || reason === "payload_too_large" || reason === "internal";
}

function aboutOf(job: Job): { job_id: string; session_key: string | null } {
  return { job_id: job.id, session_key: job.sessionKey };
}

function toOf({ sessionKey }: Job): { sessionKey?: string } {
  return sessionKey === null ? {} : { sessionKey };
}
