/** A command in a terminal as people have one: tmux with a server of its own, typed at and looked at. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./until.ts";

/** A start of the executable on a busy machine. */
const WAIT_MS = 40_000;

export interface TmuxOptions {
  /** As a shell takes it. Behind its end the pane says `ended` with the exit code, and how the terminal was left. */
  readonly command: string;
  readonly columns: number;
  readonly rows: number;
  /** All that the command's environment has besides PATH and what tmux sets. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What the terminal calls itself. Default: tmux-256color. */
  readonly term?: string;
}

export interface Tmux extends AsyncDisposable {
  /** Keys as tmux calls them: `Enter`, `C-c`, `PPage`; text is typed as it stands. */
  press(...keys: string[]): Promise<void>;
  type(text: string): Promise<void>;
  /** What is on the screen now, without the spaces at the ends of lines. */
  screen(): Promise<string>;
  /** With the sequences for colours. */
  coloured(): Promise<string>;
  /** Waits until the screen holds it, and gives the screen. */
  shows(what: string | RegExp): Promise<string>;
  gone(what: string | RegExp): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** The command's process. */
  pid(): Promise<number>;
  /** What tmux knows of the pane, such as `alternate_on`. */
  ask(format: string): Promise<string>;
}

/** Undefined where it is not installed. */
export function findTmux(): string | undefined {
  return Bun.which("tmux") ?? undefined;
}

export async function openTmux(options: TmuxOptions): Promise<Tmux> {
  const { command, columns, rows, env, cwd, term = "tmux-256color" } = options;
  const folder = mkdtempSync(join(tmpdir(), "aleph-tmux-"));
  const socket = join(folder, "socket");
  const config = join(folder, "tmux.conf");
  writeFileSync(
    config,
    `set -g default-terminal "${term}"\nset -g status off\nset -g escape-time 10\nset -g history-limit 2000\n`,
  );
  const run = async (...args: string[]): Promise<string> => {
    const child = Bun.spawn(["tmux", "-S", socket, "-f", config, ...args], {
      cwd,
      env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", SHELL: "/bin/sh", ...env },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code !== 0) throw new Error(`tmux ${args[0]} failed: ${err}`);
    return out;
  };
  const size = ["-x", String(columns), "-y", String(rows)];
  await run("new-session", "-d", ...size, `${command}; echo "ended $?"; stty -a; exec cat`);
  const screen = async () => (await run("capture-pane", "-p")).replace(/ +$/gm, "");
  const holds = (text: string, what: string | RegExp) =>
    typeof what === "string" ? text.includes(what) : what.test(text);
  const waitFor = async (what: string | RegExp, wanted: boolean): Promise<string> => {
    let text = "";
    try {
      return await until(async () => {
        text = await screen();
        return holds(text, what) === wanted && text;
      }, WAIT_MS);
    } catch (cause) {
      throw new Error(`${what} ${wanted ? "did not show" : "did not go"}. What is shown:\n${text}`, { cause });
    }
  };
  return {
    async press(...keys) {
      await run("send-keys", ...keys);
    },
    async type(text) {
      await run("send-keys", "-l", "--", text);
    },
    screen,
    coloured: () => run("capture-pane", "-p", "-e"),
    shows: (what) => waitFor(what, true),
    gone: (what) => waitFor(what, false),
    async resize(width, height) {
      await run("resize-window", "-x", String(width), "-y", String(height));
    },
    async pid() {
      const shell = (await run("display-message", "-p", "#{pane_pid}")).trim();
      const children = await Bun.file(`/proc/${shell}/task/${shell}/children`).text();
      return Number(children.trim().split(" ")[0]);
    },
    ask: async (format) => (await run("display-message", "-p", format)).trim(),
    async [Symbol.asyncDispose]() {
      await run("kill-server").catch(() => "it has ended already");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
