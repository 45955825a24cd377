/** A launcher of commands with the machine's own sandbox, made once for all tests of a file. */
import { DEFAULTS } from "../../src/config/defaults.ts";
import type { Home } from "../../src/config/home.ts";
import type { Sandbox } from "../../src/sandbox/confinement.ts";
import { createLauncher, type Launcher, type LauncherConfig } from "../../src/sandbox/launcher.ts";
import { commandMethods, createSandbox } from "../../src/sandbox/sandbox.ts";
import { PROGRAM_PATH } from "./workspace.ts";

export interface TestLauncherOptions {
  readonly home: Home;
  readonly userHome: string;
  readonly exec?: Partial<Omit<LauncherConfig, "sandbox">>;
  readonly limits?: Partial<LauncherConfig["sandbox"]>;
  readonly sandbox?: Sandbox;
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  readonly onDenied?: (target: string) => void;
}

export const commandSandbox = createSandbox({ methods: commandMethods });
/** As on a machine that cannot confine anything. */
export const noSandbox = createSandbox({ methods: () => [] });

export function testExecConfig({ exec, limits }: Pick<TestLauncherOptions, "exec" | "limits"> = {}) {
  return {
    ...DEFAULTS.exec,
    timeout_ms: 20_000,
    max_output: 10_000,
    path: PROGRAM_PATH,
    ...exec,
    sandbox: { ...DEFAULTS.exec.sandbox, ...limits },
  };
}

export function testLauncher(options: TestLauncherOptions): Launcher {
  const { home, userHome, sandbox = commandSandbox, addresses = {}, onDenied = () => {} } = options;
  return createLauncher({
    config: () => ({ exec: testExecConfig(options) }),
    sandbox: async () => sandbox,
    home,
    userHome,
    lookup: async (host) => addresses[host] ?? [],
    onDenied,
  });
}
