/** All that stands around the processes of one command: its temporary folder, its proxy, its limits, what it may not leave behind. */
import { parseSize } from "../lib/size.ts";
import type { commandFiles } from "./command-files.ts";
import type { ConfinedChild, Sandbox } from "./confinement.ts";
import type { LauncherConfig, SetUpOptions } from "./launcher.ts";
import { watchOveruse } from "./overuse.ts";
import type { CommandProxy } from "./proxy.ts";
import type { GuardedRun } from "./workspace-guard.ts";

const OPEN_FILES = 4096;

interface SetUpParts {
  /** Undefined: switched off. */
  readonly sandbox: Sandbox | undefined;
  readonly options: SetUpOptions;
  readonly files: ReturnType<typeof commandFiles>;
  readonly guarded: GuardedRun | undefined;
  readonly proxy: CommandProxy | undefined;
  readonly temporary: string;
  readonly limits: Omit<LauncherConfig["sandbox"], "enabled">;
  readonly env: Readonly<Record<string, string>>;
  readonly held: AsyncDisposableStack;
}

export class SetUp implements AsyncDisposable {
  readonly #p: SetUpParts;
  readonly #watches = new DisposableStack();
  #end: Promise<readonly string[]> | undefined;
  overuse: string | undefined;

  constructor(parts: SetUpParts) {
    this.#p = parts;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#p.env;
  }

  async start(
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    streams: { readonly stdin?: "pipe" | "ignore"; readonly terminal?: Bun.Terminal },
  ): Promise<ConfinedChild> {
    const { sandbox, options, files, proxy, temporary, limits } = this.#p;
    const { keep, hide, ...paths } = files;
    const memoryBytes = parseSize(limits.memory_limit);
    const confined = sandbox ?? (await unconfined());
    const child = await confined.start({
      argv,
      cwd: options.cwd,
      env,
      ...streams,
      mayRunUnsandboxed: options.mayRunUnsandboxed ?? false,
      confinement: {
        ...paths,
        commands: { keep, hide, temporary },
        processes: limits.processes,
        network: proxy ? { proxyPort: proxy.port } : "none",
        memoryBytes,
        fileBytes: parseSize(limits.file_limit),
        openFiles: OPEN_FILES,
      },
    });
    const watch = watchOveruse({
      pid: child.pid,
      memoryBytes,
      processes: limits.processes,
      onOveruse: (what) => {
        this.overuse ??= what;
        child.kill("SIGKILL");
      },
    });
    this.#watches.use(watch);
    void child.exited.then(() => watch[Symbol.dispose]());
    return child;
  }

  /** After all of its processes are gone. */
  end(): Promise<readonly string[]> {
    this.#end ??= (async () => {
      this.#watches.dispose();
      await using _ = this.#p.held;
      return (await this.#p.guarded?.end()) ?? [];
    })();
    return this.#end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

async function unconfined(): Promise<Sandbox> {
  const { createSandbox } = await import("./sandbox.ts");
  return createSandbox({ methods: () => [] });
}
