/** The part of the composition root that waits for the first tool call: what tools need to do their work. */

import { join } from "node:path";
import { Browsers } from "./browser/browsers.ts";
import type { Interfaces } from "./channel/interfaces.ts";
import type { Environment } from "./config/environment.ts";
import type { Home } from "./config/home.ts";
import type { Config } from "./config/schema.ts";
import { createDocuments } from "./document/documents.ts";
import type { Generations } from "./generation/generations.ts";
import type { Voice } from "./generation/voice.ts";
import type { Log } from "./lib/log.ts";
import { lookupAll } from "./lib/lookup-all.ts";
import { once } from "./lib/once.ts";
import type { Media } from "./media/media.ts";
import { createCommandPolicy } from "./policy/command-policy.ts";
import { createEgress } from "./sandbox/egress.ts";
import { createFiles } from "./sandbox/files.ts";
import { type JobState, Jobs } from "./sandbox/jobs.ts";
import type { Launcher } from "./sandbox/launcher.ts";
import { openLauncher } from "./sandbox/open-launcher.ts";
import type { Bus } from "./sdk/bus.ts";
import type { Cluster } from "./sdk/cluster.ts";
import type { CronShelf } from "./sdk/cron.ts";
import type { KeptResults } from "./sdk/kept-results.ts";
import type { MemoryShelf } from "./sdk/memory.ts";
import type { Questions } from "./sdk/questions.ts";
import type { SkillShelf } from "./sdk/skill.ts";
import type { Subagents } from "./sdk/subagents.ts";
import type { MessageIndex } from "./session/message-index.ts";
import { createSessionReader } from "./session/reader.ts";
import type { Sessions } from "./session/sessions.ts";
import { SessionStates } from "./session/state.ts";
import type { Stores } from "./session/stores.ts";
import type { ToolNeeds } from "./tools/index.ts";

export interface ToolNeedsOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly config: () => Config;
  readonly media: Media;
  readonly stores: Stores;
  readonly skills: SkillShelf;
  readonly memory: MemoryShelf;
  readonly messageIndex: () => Promise<MessageIndex>;
  readonly subagents: Subagents;
  readonly cluster: () => Promise<Cluster>;
  readonly cron: CronShelf;
  readonly now: () => number;
  readonly fetch: typeof fetch;
  readonly bus: Bus;
  readonly log: Log;
  /** Ends with the server what tools have left running. */
  readonly held: AsyncDisposableStack;
  readonly resolveSecret: (value: string) => Promise<string>;
  readonly questions: Questions;
  readonly results: KeptResults;
  readonly sessions: Sessions;
  readonly voice: Voice;
  readonly generations: Pick<Generations, "image">;
  readonly interfaces: Pick<Interfaces, "send">;
}

export function makeToolNeeds(options: ToolNeedsOptions): ToolNeeds & { readonly jobs: Jobs } {
  const { home, env, config, media, stores, skills, subagents, now, fetch, log, generations, sessions } = options;
  const { bus, held, resolveSecret, questions, results, voice, interfaces } = options;
  const { launcher, sandbox } = openLauncher({ config, home, userHome: env.userHome, log });
  const browsers = held.use(
    new Browsers({
      config: () => config().tools.browser,
      sandbox,
      folder: join(home.run, "browsers"),
      onPath: (name) => Bun.which(name, { PATH: config().exec.path.join(":") }),
      lookup: lookupAll,
      log,
    }),
  );
  held.use(
    bus.attach({
      deliver({ event: { topic }, sessionKey }) {
        if (topic === "session.deleted" && sessionKey !== undefined) void browsers.end(sessionKey);
      },
    }),
  );
  return {
    browsers,
    files: createFiles({ home }),
    media,
    egress: createEgress({ lookup: lookupAll, fetch, allowHosts: () => config().tools.web_fetch.allow_hosts }),
    commands: createCommandPolicy({ guarded: { home, userHome: env.userHome, pid: process.pid }, config }),
    launcher,
    jobs: makeJobs(launcher, options),
    sessionState: new SessionStates({ stores, now }),
    config,
    skills,
    memory: options.memory,
    subagents,
    cluster: options.cluster,
    cron: options.cron,
    transfers: join(home.run, "transfers"),
    now,
    fetch,
    resolveSecret,
    questions,
    results,
    voice,
    interfaces,
    documents: createDocuments({ sandbox: once(async () => (await import("./sandbox/sandbox.ts")).createSandbox()) }),
    conversations: createSessionReader({ sessions, stores, index: options.messageIndex }),
    pictures: {
      async image(wish, identity, signal) {
        const { provider, model, media } = await generations.image(wish, { grant: { identity } }, signal);
        return { provider, model, media: media.map(({ url: _url, expires_at: _expires, ...part }) => part) };
      },
    },
  };
}

function makeJobs(launcher: Launcher, { bus, now, held, log }: ToolNeedsOptions): Jobs {
  const about = ({ job_id, session_key, command }: JobState) => ({ job_id, session_key, command });
  const jobs = held.use(
    new Jobs({
      launcher,
      now,
      log,
      onStarted: (job) => bus.publish("job.started", { ...about(job), pty: job.pty }, { sessionKey: job.session_key }),
      onEnded: (job) => {
        const { exitCode = null, signal = null } = job.end ?? {};
        bus.publish("job.ended", { ...about(job), exit_code: exitCode, signal }, { sessionKey: job.session_key });
      },
    }),
  );
  held.use(
    bus.attach({
      deliver({ event: { topic }, sessionKey }) {
        if (topic === "session.deleted" && sessionKey !== undefined) void jobs.endSession(sessionKey);
      },
    }),
  );
  return jobs;
}
