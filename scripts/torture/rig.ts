/** A home to be ill-treated: canaries for its secrets, a provider, and a watch over all that its servers print. */
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Finished,
  runExecutable,
  type Server,
  type ServerOptions,
  startServer,
} from "../../test/support/executable.ts";
import { testFolder } from "../../test/support/folder.ts";
import type { ProviderFake } from "../../test/support/providers/fake.ts";
import { startOpenAiFake } from "../../test/support/providers/openai.ts";
import { seededRandom } from "../../test/support/random.ts";
import { TELEGRAM } from "../../test/support/telegram.ts";

/** What no log and no output may show; the owner's token and the bot's are such too. */
const CANARIES = {
  CANARY_API_KEY: "sk-canary-5f1d0c7a9b3e",
  CANARY_HOOK_SECRET: "whsec-canary-83a61c20d4",
} as const;

export const HOOK_SECRET = CANARIES.CANARY_HOOK_SECRET;

type StartOptions = Partial<ServerOptions>;

export interface Rig extends AsyncDisposable {
  /** For what is beside the home: shims, mounts. */
  readonly folder: string;
  /** `ALEPH_HOME`; a scenario may use one elsewhere. */
  home: string;
  readonly seed: number;
  readonly random: () => number;
  readonly provider: ProviderFake;
  readonly problems: string[];
  problem(what: string): void;
  /** Makes the home with a config of the provider, its key as a reference, and `more`. */
  furnish(more?: string): void;
  start(options?: StartOptions): Promise<Server>;
  /** Starts a server that has to refuse; what it says and its code. */
  refuse(options?: StartOptions): Promise<Finished>;
  /** Stops in good order; another code than 0 is a problem. */
  stop(server: Server): Promise<void>;
  /** That the database of the home is whole; `quick` leaves the indexes out. */
  checkDatabase(when: string, quick?: boolean): void;
  /** Looks for canaries in all that was printed and logged, and for processes that were left behind. */
  finish(): Promise<void>;
}

export const FAKE_MODEL = "fake/test-model";

export async function openRig(seed: number): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder()).path;
  const provider = stack.use(startOpenAiFake({ key: CANARIES.CANARY_API_KEY }));
  provider.answer(() => ["It ", "is ", "done."]);
  const problems: string[] = [];
  const printed: (() => string)[] = [];
  const tokens = new Set<string>([...Object.values(CANARIES), TELEGRAM.token]);
  const owned = stack.move();
  const rig: Rig = {
    folder,
    home: join(folder, "home"),
    seed,
    random: seededRandom(seed),
    provider,
    problems,
    problem: (what) => void problems.push(what),
    furnish(more = "") {
      mkdirSync(rig.home, { recursive: true, mode: 0o700 });
      const config = [
        "[providers.fake]",
        'type = "openai-compatible"',
        `base_url = "${provider.url}"`,
        'api_key = "env:CANARY_API_KEY"',
        'models = ["test-model"]',
        "[models]",
        `default = "${FAKE_MODEL}"`,
        "[memory.extract]",
        "enabled = false",
        "[limits.rate]",
        "read = 0",
        "write = 0",
        "run = 0",
      ];
      writeFileSync(join(rig.home, "config.toml"), `${[...config, more].join("\n")}\n`, { mode: 0o600 });
    },
    async start(options = {}) {
      const server = await startServer({ home: rig.home, ...options, env: { ...CANARIES, ...options.env } });
      tokens.add(server.token);
      printed.push(() => server.output());
      return server;
    },
    async refuse({ command = ["serve"], ...options } = {}) {
      const env = { ...CANARIES, ...options.env };
      const finished = await runExecutable({ home: rig.home, ...options, args: [...command, "--port", "0"], env });
      printed.push(() => finished.stdout + finished.stderr);
      return finished;
    },
    async stop(server) {
      server.kill("SIGTERM");
      const { code, signal } = await server.finished;
      if (code !== 0) rig.problem(`an orderly stop ended with code ${code} ${signal ?? ""}`);
    },
    checkDatabase(when, quick = false) {
      using db = new Database(join(rig.home, "aleph.db"), { readonly: true });
      const check = quick ? "quick_check" : "integrity_check";
      const found = db
        .query<Record<string, string>, []>(`PRAGMA ${check}`)
        .all()
        .map((row) => row[check]);
      if (found.join() !== "ok") rig.problem(`${when}: ${check} says ${found.join("; ")}`);
      const dangling = db.query("PRAGMA foreign_key_check").all();
      if (dangling.length > 0) rig.problem(`${when}: ${dangling.length} foreign keys point nowhere`);
    },
    async finish() {
      const logs = join(rig.home, "logs");
      const files = existsSync(logs) ? readdirSync(logs, { recursive: true, encoding: "utf8" }) : [];
      const texts = files.map((name) => join(logs, name)).filter((path) => statSync(path).isFile());
      const said = [...printed.map((read) => read()), ...texts.map((path) => readFileSync(path, "utf8"))].join("\n");
      for (const secret of tokens) {
        const at = said.indexOf(secret);
        if (at >= 0) rig.problem(`a secret was logged: ${JSON.stringify(said.slice(Math.max(0, at - 80), at))}…`);
      }
      for (const pid of await left(folder)) rig.problem(`process ${pid} was left behind`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return rig;
}

/** Processes of this home that no server holds any more; they get a moment to notice. */
async function left(folder: string): Promise<string[]> {
  const find = () =>
    readdirSync("/proc").filter((pid) => {
      if (!/^\d+$/.test(pid)) return false;
      try {
        if (Number(pid) === process.pid) return false;
        return (
          readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) ||
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder)
        );
      } catch {
        // Gone meanwhile, or another user's.
        return false;
      }
    });
  if (process.platform !== "linux") return [];
  for (let tries = 0; tries < 100 && find().length > 0; tries++) await Bun.sleep(50);
  return find();
}
