/** Every command of the pages, run as it is written, page by page in the order of the page; or named with the reason why not. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLines, readPages } from "../support/docs.ts";
import { executablePath, type Server, startServer, testExecutable } from "../support/executable.ts";
import { fakeHome } from "../support/fake-home.ts";
import { testFolder } from "../support/folder.ts";
import { chatGpt, claudeCode, openClaw } from "../support/foreign-sessions.ts";
import { isAskedForNotes, notesByRule } from "../support/notes.ts";
import type { ProviderFake } from "../support/providers/fake.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { openRawSocket, type RawSocket } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";

const PAGE_MS = 120_000;
const MAIN = "agent:main:main";
const TERMINAL = "needs a terminal: test/e2e/tui.test.ts";
const QUESTIONS = "asks questions at a terminal: test/cli/commands/wizard.test.ts";
const SERVICE = "changes what this machine starts: test/service";
const NODE = "needs a second machine: test/e2e/cluster.test.ts";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a page's commands are run: a server with a model, a person's folder. */
interface Stage {
  readonly home: string;
  readonly user: string;
  readonly server: Server;
  readonly socket: RawSocket;
  readonly fake: ProviderFake;
  run(line: string): Promise<Ended>;
}

/** What a line needs to be run; nothing for one that runs as it stands. */
interface Row {
  readonly not?: string;
  readonly as?: (stage: Stage) => string | Promise<string>;
}

interface Scene {
  /** Behind config.toml. */
  readonly config?: string;
  readonly prepare?: (stage: Stage) => Promise<void>;
  readonly rows?: Readonly<Record<string, Row>>;
}

const not = (reason: string): Row => ({ not: reason });

const SCENES: Readonly<Record<string, Scene>> = {
  "README.md": {
    rows: {
      "aleph wizard": not(QUESTIONS),
      aleph: not(TERMINAL),
      "aleph open": { as: () => "aleph open --print" },
      "aleph-server node --center http://box:18790 --name builder": not(NODE),
      "aleph nodes approve CODE": not(NODE),
    },
  },
  "docs/approvals.md": {
    async prepare({ socket }) {
      for (const name of ["one", "two", "three"]) {
        const args = { command: `touch ${name}` };
        void socket.call("tool.call", { tool: "exec", args, session_key: MAIN }).catch(() => "the server ended first");
        await until(async () => (await pending(socket)).some(({ plan }) => plan.command === args.command));
      }
    },
    rows: {
      "aleph approvals approve ID": {
        as: async ({ socket }) => `aleph approvals approve ${await firstPending(socket)}`,
      },
      "aleph approvals deny ID": { as: async ({ socket }) => `aleph approvals deny ${await firstPending(socket)}` },
      "aleph approvals revoke ID": {
        async as({ socket, run }) {
          const id = await firstPending(socket);
          await run(`aleph approvals approve ${id} --session`);
          return `aleph approvals revoke ${id}`;
        },
      },
    },
  },
  "docs/cluster.md": {
    rows: {
      "aleph-server node --center http://box:18790 --name builder --tag linux --tag gpu": not(NODE),
      "aleph nodes approve CODE": not(NODE),
      "aleph nodes invoke builder exec 'uname -a'": not(NODE),
    },
  },
  "docs/cron.md": {
    rows: {
      'aleph cron add "What is new? Say it in five lines." --cron "0 8 * * *" --tz Europe/Berlin --to telegram:12345': {
        as: () => `aleph cron add "What is new?" --cron "0 8 * * *" --tz Europe/Berlin --to ${MAIN}`,
      },
      ...Object.fromEntries(
        ["run", "pause", "resume", "history", "remove"].map((word) => [
          `aleph cron ${word} ID`,
          { as: async ({ socket }: Stage) => `aleph cron ${word} ${await firstJob(socket)}` },
        ]),
      ),
    },
  },
  "docs/import-export.md": {
    async prepare({ user, run }) {
      await run("aleph chat hello");
      writeIn(user, ".claude/projects/p/one.jsonl", without(claudeCode(), 6));
      writeIn(user, ".openclaw/agents/main/sessions/one.jsonl", without(openClaw(), 7));
      writeIn(user, "Downloads/chatgpt-export/conversations.json", JSON.stringify(JSON.parse(chatGpt()).slice(0, 1)));
    },
    rows: {
      "aleph backup /mnt/usb/aleph.tar.gz --credentials": { as: () => "aleph backup ./usb.tar.gz --credentials" },
      "aleph restore ~/backups/aleph-20261121-151000.tar.gz": {
        async as({ user, server }) {
          server.kill("SIGTERM");
          await server.finished;
          return `aleph restore ~/backups/${readdirSync(join(user, "backups"))[0]} --yes`;
        },
      },
    },
  },
  "docs/install.md": {
    rows: {
      ...Object.fromEntries(
        ["install", "status", "restart", "uninstall"].map((word) => [`aleph service ${word}`, not(SERVICE)]),
      ),
      "sudo aleph-server service install --system": not(SERVICE),
      "aleph --url http://127.0.0.1:18790 chat": { as: ({ server }) => `aleph --url ${server.url} chat hello` },
    },
  },
  "docs/logs.md": {
    prepare: async ({ run }) => void (await run("aleph chat hello")),
    rows: {
      "aleph logs --follow": not("goes on until Ctrl-C: test/cli/commands/logs.test.ts"),
      'aleph events "agent.*" --count 1': { as: () => 'aleph events "agent.*" --count 1 --after 0' },
    },
  },
  "docs/models.md": {
    prepare: async ({ run }) => void (await run("aleph chat hello")),
    rows: {
      "aleph wizard": not(QUESTIONS),
      "aleph models add openai --key env:OPENAI_API_KEY --model gpt-5 --default": {
        as: ({ fake }) =>
          `aleph models add openai --key env:OPENAI_API_KEY --model gpt-5 --default --base-url ${fake.url}`,
      },
      "aleph models remove openai": { as: () => "aleph models remove openai --yes" },
    },
  },
  "docs/plugins.md": {
    rows: { "aleph plugins install ./weather": { as: () => "aleph plugins install ./weather --yes" } },
  },
  "docs/remote.md": {
    rows: {
      "aleph-server --remote": not("needs a tailnet: test/e2e/remote.test.ts"),
      "aleph remote add box ws://box:18790/ws": {
        async as({ socket, server }) {
          const { code } = await socket.call<{ code: string }>("auth.pairing.invite", {});
          return elsewhere(`aleph remote add box "${server.url}/#pair=${code}"`);
        },
      },
      "aleph remote use box": { as: () => elsewhere("aleph remote use box") },
      "aleph --remote-name box chat": { as: () => elsewhere("aleph --remote-name box chat hello") },
      "aleph remote use local": { as: () => elsewhere("aleph remote use local") },
      "aleph --url ws://box:18790/ws chat": {
        as: ({ server }) => `aleph --url ${server.url.replace("http", "ws")}/ws chat hello`,
      },
    },
  },
  "docs/sessions.md": {
    config: "[sessions.compaction]\nkeep_recent = 1000\n",
    async prepare({ fake, run }) {
      fake.answer(({ body }) => (isAskedForNotes(body) ? notesByRule(body) : "A long answer. ".repeat(1000)));
      for (const word of ["one", "two", "three"]) await run(`aleph chat ${word}`);
    },
    rows: {
      "aleph sessions fork agent:main:main --at 120": {
        as: async ({ socket }) => `aleph sessions fork ${MAIN} --at ${(await messages(socket)).at(-1)}`,
      },
      "aleph sessions rewind agent:main:main --before 121": {
        as: async ({ socket }) => `aleph sessions rewind ${MAIN} --before ${(await messages(socket))[0]}`,
      },
    },
  },
  "docs/tui.md": {
    rows: Object.fromEntries(
      [
        "aleph",
        "aleph tui",
        "aleph tui --new",
        "aleph tui --session agent:main:chat:4k2 --theme light",
        "aleph --url ws://box:18790/ws",
      ].map((line) => [line, not(TERMINAL)]),
    ),
  },
  "plugins/slack/README.md": {
    rows: { "aleph plugins approve slack": { as: () => "aleph plugins approve slack --yes" } },
  },
  "docs/webhooks.md": {
    config: '[webhooks.in.github]\nsecret = "0123456789abcdef0123"\nmessage = "{{issue.title}}"\n',
  },
};

const pages = (await readPages())
  .map((page) => ({ path: page.path, lines: [...new Set(commandLines(page))] }))
  // Its commands are those of the program itself, each of which is tested where it stands.
  .filter(({ path, lines }) => lines.length > 0 && path !== "docs/cli.md");

describe("commands of the pages", () => {
  test.each(Object.entries(SCENES))("%s has each line that is prepared for it", (path, { rows = {} }) => {
    const lines = pages.find((page) => page.path === path)?.lines ?? [];
    expect(Object.keys(rows).filter((line) => !lines.includes(line))).toEqual([]);
  });

  for (const { path, lines } of pages) {
    testExecutable(
      `${path}: what it says to run, runs`,
      async () => {
        const { rows = {}, prepare, config = "" } = SCENES[path] ?? {};
        await using stage = await openStage(config);
        await prepare?.(stage);
        for (const line of lines) {
          const row = rows[line];
          if (row?.not !== undefined) continue;
          const ended = await stage.run((await row?.as?.(stage)) ?? line);
          expect({ line, ...ended }).toEqual({ line, ...ended, code: 0 });
        }
      },
      PAGE_MS,
    );
  }
});

async function openStage(config: string): Promise<Stage & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const fake = stack.use(startOpenAiFake({ models: ["m", "n", "gpt-5"] }));
  fake.answer(() => "Hello.");
  const { path: home } = stack.use(await fakeHome(fake, { more: config }));
  const { path: user } = stack.use(await testFolder());
  const { path: bin } = stack.use(await testFolder());
  for (const name of ["aleph", "aleph-server"]) symlinkSync(executablePath(), join(bin, name));
  const server = stack.use(await startServer({ home, env: { HOME: user, OPENAI_API_KEY: "k" } }));
  const socket = stack.use(await openRawSocket(server.url, server.token));
  const owned = stack.move();
  return {
    home,
    user,
    server,
    socket,
    fake,
    async run(line) {
      const child = Bun.spawn(["/bin/sh", "-c", line], {
        cwd: user,
        env: { PATH: `${bin}:${process.env.PATH}`, HOME: user, ALEPH_HOME: home, NO_COLOR: "1", OPENAI_API_KEY: "k" },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      const [stdout, stderr, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { code, stdout, stderr };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** As another machine's terminal does it, whose home is another one. */
function elsewhere(line: string): string {
  return `ALEPH_HOME="$HOME/terminal" ${line}`;
}

/** The fixtures have a line on purpose that cannot be read, counted from 1. */
function without(lines: string, line: number): string {
  return lines
    .split("\n")
    .toSpliced(line - 1, 1)
    .join("\n");
}

function writeIn(folder: string, path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

interface Pending {
  readonly approval_id: string;
  readonly plan: { readonly command?: string };
}

async function pending(socket: RawSocket): Promise<readonly Pending[]> {
  return (await socket.call<{ approvals: readonly Pending[] }>("approvals.list", { status: "pending" })).approvals;
}

async function firstPending(socket: RawSocket): Promise<string> {
  return (await pending(socket))[0]?.approval_id ?? "none";
}

async function firstJob(socket: RawSocket): Promise<string> {
  const { jobs } = await socket.call<{ jobs: readonly { readonly cron_id: string }[] }>("cron.list", {});
  return jobs[0]?.cron_id ?? "none";
}

async function messages(socket: RawSocket): Promise<readonly string[]> {
  const answer = await socket.call<{ messages: readonly { readonly id: string }[] }>("session.history", {
    session_key: MAIN,
  });
  return answer.messages.map(({ id }) => id);
}
