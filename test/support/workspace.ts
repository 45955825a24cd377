/** A home with one agent's workspace in it, and what a tool call there gets. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Home, homeAt } from "../../src/config/home.ts";
import type { CommandSite } from "../../src/policy/command.ts";
import type { ToolContext } from "../../src/sdk/tool.ts";
import { testFolder } from "./folder.ts";
import { testLog } from "./log.ts";

export interface TestWorkspace extends AsyncDisposable {
  /** The folder that holds all: the person's home. */
  readonly userHome: string;
  readonly home: Home;
  readonly path: string;
  readonly site: CommandSite;
  context(override?: Partial<ToolContext>): ToolContext;
  write(name: string, content: string | Uint8Array): Promise<string>;
}

export const PROGRAM_PATH = ["/usr/local/bin", "/usr/bin", "/bin"];
export const SERVER_PID = 4242;

export async function testWorkspace(): Promise<TestWorkspace> {
  const folder = await testFolder();
  const home = homeAt(join(folder.path, ".aleph"));
  const path = join(home.workspaces, "main");
  await mkdir(path, { recursive: true });
  await mkdir(home.credentials);
  await Bun.write(join(home.credentials, "token"), "the owner's token");
  await Bun.write(home.config, "");
  return {
    userHome: folder.path,
    home,
    path,
    site: {
      cwd: path,
      workspace: path,
      path: PROGRAM_PATH,
      guarded: { home, userHome: folder.path, pid: SERVER_PID },
    },
    context: (override = {}) => ({
      workspace: path,
      agent: "main",
      sessionKey: "agent:main:main",
      runId: null,
      callId: "call_1",
      identity: { id: "owner", kind: "owner" },
      tainted: false,
      signal: new AbortController().signal,
      log: testLog().log,
      progress: () => {},
      ...override,
    }),
    async write(name, content) {
      const file = join(path, name);
      await Bun.write(file, content);
      return file;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
