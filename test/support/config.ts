/** A home with a config file, in a folder of its own. */
import { readFileSync, writeFileSync } from "node:fs";
import { type ConfigOptions, type ConfigStore, openConfig } from "../../src/config/config.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { ensureHome, type Home, homeAt } from "../../src/config/home.ts";
import type { LogEntry } from "../../src/lib/log.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { testFolder } from "./folder.ts";
import { testLog } from "./log.ts";

export interface ConfigHome extends AsyncDisposable {
  readonly home: Home;
  readonly logged: LogEntry[];
  read(): string;
  write(text: string): void;
  open(options?: Partial<ConfigOptions>): Promise<ConfigStore>;
}

export async function configHome(text?: string): Promise<ConfigHome> {
  const folder = await testFolder();
  const home = homeAt(folder.path);
  ensureHome(home);
  const { log, entries } = testLog();
  const own: ConfigHome = {
    home,
    logged: entries,
    read: () => readFileSync(home.config, "utf8"),
    write: (next) => writeFileSync(home.config, next),
    open: (options) => openConfig({ home, log, env: readEnvironment({}), ...options }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
  if (text !== undefined) own.write(text);
  return own;
}

/** What a call threw, as far as a caller can see it. */
export async function refusal(work: () => unknown): Promise<{ reason: string; message: string; data: unknown }> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof AlephError)) throw thrown;
    return { reason: thrown.reason, message: thrown.message, data: thrown.data };
  }
  throw new Error("nothing was refused");
}
