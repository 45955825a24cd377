import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { DEFAULTS } from "../../src/config/defaults.ts";
import type { Config } from "../../src/config/schema.ts";
import { Generations } from "../../src/generation/generations.ts";
import { createMediaLinks } from "../../src/media/links.ts";
import { createDiskShelf, createMedia, createMemoryShelf } from "../../src/media/media.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { ImageRequest, OpenProvider, VideoRequest, VideoStatus } from "../../src/sdk/provider.ts";
import { providerError } from "../../src/sdk/provider-error.ts";
import { createStores } from "../../src/session/stores.ts";
import { openStore } from "../../src/store/store.ts";
import { Ledger } from "../../src/usage/ledger.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";
import { startGeminiFake } from "../support/providers/gemini.ts";
import { openProvider } from "../support/providers/open.ts";
import { MP4 as FILM, PNG_BASE64, startOpenAiFake } from "../support/providers/openai.ts";
import { until } from "../support/until.ts";

const never = new AbortController().signal;
const OWNER = { grant: OWNER_GRANT, credential: "owner-1" };
const MP4 = { mime: "video/mp4", data: new TextEncoder().encode("a film") };
const GIF = { mime: "image/gif", data: new TextEncoder().encode("GIF89a picture") };

/** Vendors that make something, each with what its models are called. */
const VENDORS = [
  { type: "openai", start: startOpenAiFake, image: "gpt-image-1", video: "sora-2" },
  { type: "gemini", start: startGeminiFake, image: "gemini-2.5-flash-image", video: "veo-3.0" },
] as const;

interface Options {
  readonly models?: Config["models"];
  readonly home?: string;
  readonly budget?: number;
  readonly provider?: Partial<OpenProvider>;
}

/** A provider that makes what the test tells it to. */
function fakeProvider(more: Partial<OpenProvider> = {}) {
  const asked: (ImageRequest | VideoRequest | string)[] = [];
  const statuses: (VideoStatus | Error)[] = [];
  const provider: OpenProvider = {
    id: "p",
    stream: () => {
      throw new Error("not asked for text");
    },
    models: async () => [],
    async generateImage(request) {
      asked.push(request);
      return Array.from({ length: request.count ?? 1 }, () => GIF);
    },
    async startVideo(request) {
      asked.push(request);
      return { job: "job-at-p" };
    },
    async videoStatus(job) {
      asked.push(job);
      const next = statuses.length > 1 ? statuses.shift()! : statuses[0]!;
      if (next instanceof Error) throw next;
      return next;
    },
    ...more,
  };
  return { provider, asked, statuses };
}

async function setUp({ models = DEFAULTS.models, home, budget = 0, provider: more }: Options = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = home ?? stack.use(await testFolder()).path;
  const { log, entries } = testLog();
  const store = stack.use(openStore(join(folder, "aleph.db"), { log }));
  const ephemeral = stack.use(openStore(":memory:", { log }));
  const fake = fakeProvider(more);
  const published: { topic: string; data: unknown; sessionKey: string | undefined }[] = [];
  const config = () => ({
    ...DEFAULTS,
    models,
    limits: { ...DEFAULTS.limits, budget: { ...DEFAULTS.limits.budget, day: { tokens: budget, cost_usd: 0 } } },
    providers: {},
    agents: {},
  });
  const usage = stack.use(new Ledger({ store, config, log, now: Date.now, timeZone: () => "UTC" }));
  const media = createMedia({ durable: createDiskShelf(join(folder, "media")), ephemeral: createMemoryShelf() });
  const generations = stack.use(
    new Generations({
      models: {
        resolve: async (name) => ({ provider: "p", model: name.replace(/^p\//, ""), ref: name }),
        open: async () => fake.provider,
      },
      media,
      links: createMediaLinks({ credentials: folder, now: Date.now }),
      stores: createStores(store, () => ephemeral),
      bus: { publish: (topic, data, options) => published.push({ topic, data, sessionKey: options?.sessionKey }) },
      usage,
      config,
      log,
      now: Date.now,
      monotonic: () => performance.now(),
      pollMs: 1,
    }),
  );
  const owned = stack.move();
  return {
    generations,
    media,
    usage,
    store,
    published,
    entries,
    ...fake,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe("generation of images", () => {
  test("stores what the provider makes and answers with links", async () => {
    await using t = await setUp({ models: { ...DEFAULTS.models, image: "p/painter" } });
    const made = await t.generations.image({ prompt: "a cat", size: "64x64", count: 1 }, OWNER, never);
    expect(t.asked).toEqual([{ model: "painter", prompt: "a cat", size: "64x64", count: 1 }]);
    expect(made).toEqual({
      provider: "p",
      model: "painter",
      media: [
        {
          type: "media",
          media_id: expect.stringMatching(/^media_[0-9a-f]{64}$/),
          mime: "image/gif",
          size: 14,
          url: expect.stringMatching(/^\/media\/media_[0-9a-f]{64}\?exp=\d+&sig=[\w-]{43}$/),
          expires_at: expect.any(Number),
        },
      ],
    });
    expect((await t.media.get(made.media[0]!.media_id)).bytes).toEqual(GIF.data);
    const { rows } = t.usage.summary({ by: "model", limit: 9 });
    expect(rows).toMatchObject([{ key: "p/painter", replies: 1, unpriced: 1 }]);
  });

  test("takes the model that is named before the config's", async () => {
    await using t = await setUp({ models: { ...DEFAULTS.models, image: "p/painter" } });
    await t.generations.image({ prompt: "a cat", model: "p/other" }, OWNER, never);
    expect(t.asked).toEqual([{ model: "other", prompt: "a cat" }]);
  });

  test("is refused without a model, without a provider that can, and over a budget", async () => {
    await using t = await setUp();
    expect(await refusal(() => t.generations.image({ prompt: "a" }, OWNER, never))).toEqual({
      reason: "no_provider",
      message: "No model for images is set",
      data: { hint: "Name one, or set models.image in config.toml" },
    });
    await using mute = await setUp({ provider: { generateImage: undefined as never } });
    expect(await refusal(() => mute.generations.image({ prompt: "a", model: "p/x" }, OWNER, never))).toMatchObject({
      reason: "no_provider",
      message: 'Provider "p" makes no images',
    });
    await using spent = await setUp({ budget: 1 });
    const usage = { input: 1, output: 0, cache_read: 0, cache_write: 0, cost_usd: null };
    spent.usage.record({ identity: "owner", route: "agent", provider: "p", model: "m", usage, ms: 1 });
    expect(await refusal(() => spent.generations.image({ prompt: "a", model: "p/x" }, OWNER, never))).toMatchObject({
      reason: "budget_exceeded",
    });
    expect(spent.asked).toEqual([]);
  });

  test("is refused for what is no session key, and keeps nothing of an ephemeral session on disk", async () => {
    await using t = await setUp();
    const wish = { prompt: "a", model: "p/x" };
    const wrong = await refusal(() => t.generations.image({ ...wish, sessionKey: "x" }, OWNER, never));
    expect(wrong.reason).toBe("invalid_params");
    const { media } = await t.generations.image({ ...wish, sessionKey: "agent:main:ephemeral:a" }, OWNER, never);
    expect((await t.media.get(media[0]!.media_id)).mime).toBe("image/gif");
    const { rows } = t.usage.summary({ by: "session", limit: 9 });
    expect(rows).toMatchObject([{ key: null }]);
  });

  test("says what the provider says", async () => {
    const failed = providerError("Content was refused", { provider: "p", failure: "refused" });
    await using t = await setUp({ provider: { generateImage: () => Promise.reject(failed) } });
    expect(await refusal(() => t.generations.image({ prompt: "a", model: "p/x" }, OWNER, never))).toMatchObject({
      reason: "provider_error",
      message: "Content was refused",
    });
  });
});

describe("generation of videos", () => {
  const SESSION = "agent:main:main";
  const wish = { prompt: "a cat runs", model: "p/filmer", seconds: 4, sessionKey: SESSION };

  test("follows the job, tells its progress and stores the film", async () => {
    await using t = await setUp();
    t.statuses.push(
      { state: "running", progress: null },
      { state: "running", progress: 0.5 },
      { state: "running", progress: 0.5 },
      { state: "done", media: MP4 },
    );
    const begun = await t.generations.video(wish, OWNER, never);
    expect(begun).toMatchObject({ status: "running", progress: null, provider: "p", model: "filmer", media: null });
    await until(() => t.published.some(({ topic }) => topic === "generation.done"));
    const ended = t.generations.status(begun.id, OWNER_GRANT);
    expect(ended).toMatchObject({ id: begun.id, status: "done", progress: 1, sessionKey: SESSION, error: null });
    const [film] = ended.media!;
    expect((await t.media.get(film!.media_id)).bytes).toEqual(MP4.data);
    const { url: _url, expires_at: _end, ...part } = film!;
    const about = { job_id: begun.id, session_key: SESSION };
    expect(t.published).toEqual([
      { topic: "generation.progress", data: { ...about, progress: null }, sessionKey: SESSION },
      { topic: "generation.progress", data: { ...about, progress: 0.5 }, sessionKey: SESSION },
      { topic: "generation.done", data: { ...about, media: [part] }, sessionKey: SESSION },
    ]);
    expect(t.asked).toEqual([{ model: "filmer", prompt: "a cat runs", seconds: 4 }, ...Array(4).fill("job-at-p")]);
  });

  test("goes on after a restart, and says of a job whose beginning is unknown that it is", async () => {
    await using folder = await testFolder();
    let id: string;
    {
      await using t = await setUp({ home: folder.path });
      t.statuses.push({ state: "running", progress: 0.25 });
      id = (await t.generations.video(wish, OWNER, never)).id;
      await until(() => t.generations.status(id, OWNER_GRANT).progress === 0.25);
      await t.store.write((db) =>
        db.run(`INSERT INTO generation (id, identity, provider, model, status, created_at, updated_at)
          VALUES ('job_lost', 'owner', 'p', 'filmer', 'starting', 1, 1)`),
      );
    }
    await using t = await setUp({ home: folder.path });
    t.statuses.push({ state: "done", media: MP4 });
    await t.generations.resume();
    await until(() => t.generations.status(id, OWNER_GRANT).status === "done");
    expect(t.asked).toEqual(["job-at-p"]);
    expect(t.generations.status("job_lost", OWNER_GRANT)).toMatchObject({
      status: "failed",
      error: {
        reason: "internal",
        message: "Aleph stopped while the job was handed over: whether it was begun is not known",
      },
    });
  });

  test("asks again when the provider cannot be asked, and gives up when that does not help", async () => {
    await using t = await setUp();
    const down = providerError("No connection", { provider: "p", failure: "network" });
    t.statuses.push(down, down, { state: "done", media: MP4 });
    const { id } = await t.generations.video(wish, OWNER, never);
    await until(() => t.generations.status(id, OWNER_GRANT).status === "done");
    t.statuses.splice(0, 9, providerError("No such job", { provider: "p", failure: "bad_request", status: 404 }));
    const second = await t.generations.video(wish, OWNER, never);
    await until(() => t.generations.status(second.id, OWNER_GRANT).status === "failed");
    expect(t.generations.status(second.id, OWNER_GRANT).error).toEqual({
      reason: "provider_error",
      message: "No such job",
    });
  });

  test("fails with the provider's words", async () => {
    await using t = await setUp();
    t.statuses.push({ state: "failed", message: "The prompt was refused" });
    const { id } = await t.generations.video(wish, OWNER, never);
    await until(() => t.published.at(-1)?.topic === "generation.failed");
    expect(t.published.at(-1)!.data).toEqual({
      job_id: id,
      session_key: SESSION,
      error: { reason: "provider_error", message: "The prompt was refused" },
    });
  });

  test("that the provider does not take is an error, and no job goes on", async () => {
    const failed = providerError("Quota", { provider: "p", failure: "quota" });
    await using t = await setUp({ provider: { startVideo: () => Promise.reject(failed) } });
    expect(await refusal(() => t.generations.video(wish, OWNER, never))).toMatchObject({ message: "Quota" });
    expect(t.store.db.query("SELECT status, error FROM generation").all()).toEqual([
      { status: "failed", error: '{"reason":"provider_error","message":"Quota"}' },
    ]);
    expect(t.asked).toEqual([]);
  });

  test("is not there for a guest who did not ask for it", async () => {
    await using t = await setUp();
    t.statuses.push({ state: "running", progress: null });
    const { id } = await t.generations.video(wish, OWNER, never);
    const guest = { identity: { id: "g", kind: "guest" }, role: "guest", scopes: ["read"] } as const;
    expect(await refusal(() => t.generations.status(id, guest))).toMatchObject({ reason: "not_found" });
    expect(await refusal(() => t.generations.status("job_x", OWNER_GRANT))).toMatchObject({ reason: "not_found" });
  });

  test("of an ephemeral session is not on disk", async () => {
    await using t = await setUp();
    t.statuses.push({ state: "done", media: MP4 });
    const { id } = await t.generations.video({ ...wish, sessionKey: "agent:main:ephemeral:a" }, OWNER, never);
    await until(() => t.generations.status(id, OWNER_GRANT).status === "done");
    expect(t.store.db.query("SELECT * FROM generation").all()).toEqual([]);
  });
});

describe.each(VENDORS)("generation by $type", ({ type, start, image, video }) => {
  test("of pictures and of a film goes over the vendor's own wire", async () => {
    await using fake = start({ key: "k" });
    const provider = await openProvider(type, { api_key: "k", base_url: fake.url });
    await using t = await setUp({ provider });
    const made = await t.generations.image({ prompt: "a cat", model: `p/${image}` }, OWNER, never);
    expect(made.media).toMatchObject([{ mime: "image/png" }]);
    expect(Buffer.from((await t.media.get(made.media[0]!.media_id)).bytes).toString("base64")).toBe(PNG_BASE64);
    const { id } = await t.generations.video({ prompt: "a cat runs", model: `p/${video}` }, OWNER, never);
    await until(() => t.generations.status(id, OWNER_GRANT).status !== "running");
    const { status, media } = t.generations.status(id, OWNER_GRANT);
    expect([status, media![0]!.mime]).toEqual(["done", "video/mp4"]);
    expect((await t.media.get(media![0]!.media_id)).bytes).toEqual(FILM);
  });
});
