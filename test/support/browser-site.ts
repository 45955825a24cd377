/** A site for the browser tools, a private server beside it that nobody may reach, and the tools' needs. */
import { join } from "node:path";
import { Browsers } from "../../src/browser/browsers.ts";
import { once } from "../../src/lib/once.ts";
import { createMedia, createMemoryShelf, type Media } from "../../src/media/media.ts";
import { createFiles } from "../../src/sandbox/files.ts";
import { commandMethods, createSandbox } from "../../src/sandbox/sandbox.ts";
import type { AnyTool, ToolContext, ToolResult } from "../../src/sdk/tool.ts";
import { testLog } from "./log.ts";
import { callTool } from "./tool-call.ts";
import { type TestWorkspace, testWorkspace } from "./workspace.ts";

export type Answers = (request: Request, private_: string) => Response | Promise<Response>;

export interface SiteOptions {
  readonly answers: Answers;
  readonly timeoutMs?: number;
  readonly maxTabs?: number;
  readonly idleMs?: number;
  readonly executable?: string;
  /** Addresses of names besides the site's. */
  readonly names?: Readonly<Record<string, () => readonly string[]>>;
}

export interface BrowserSite extends AsyncDisposable {
  /** `http://site.test:port` */
  readonly url: string;
  /** `127.0.0.1:port` of the server that must not be reached. */
  readonly canary: string;
  /** What reached it. */
  readonly reached: readonly string[];
  /** Names that were looked up. */
  readonly lookups: readonly string[];
  /** Paths that the site was asked for. */
  readonly requests: readonly string[];
  readonly browsers: Browsers;
  readonly media: Media;
  readonly workspace: TestWorkspace;
  readonly profiles: string;
  readonly needs: object;
  call(tool: AnyTool, input: unknown, more?: Partial<ToolContext>): Promise<ToolResult>;
}

export async function browserSite(options: SiteOptions): Promise<BrowserSite> {
  const { answers, timeoutMs = 20_000, maxTabs = 4, idleMs, executable = "", names = {} } = options;
  const stack = new AsyncDisposableStack();
  const workspace = stack.use(await testWorkspace());
  const profiles = join(workspace.home.run, "browsers");
  const requests: string[] = [];
  const reached: string[] = [];
  const lookups: string[] = [];
  const canary = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      reached.push(`${request.method} ${request.url}`);
      return new Response("the secret of the private server", { headers: { "access-control-allow-origin": "*" } });
    },
  });
  stack.defer(() => canary.stop(true));
  const private_ = `127.0.0.1:${canary.port}`;
  const site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      requests.push(new URL(request.url).pathname);
      return answers(request, private_);
    },
  });
  stack.defer(() => site.stop(true));
  const config = {
    allow_hosts: [`site.test:${site.port}`],
    executable,
    timeout_ms: timeoutMs,
    max_tabs: maxTabs,
  };
  const { log } = testLog();
  const browsers = stack.use(
    new Browsers({
      config: () => config,
      sandbox: once(async () => createSandbox({ methods: commandMethods })),
      folder: profiles,
      onPath: (name) => Bun.which(name),
      async lookup(host) {
        lookups.push(host);
        return names[host]?.() ?? ["127.0.0.1"];
      },
      log,
      ...(idleMs === undefined ? {} : { idleMs }),
    }),
  );
  const media = createMedia({ durable: createMemoryShelf(), ephemeral: createMemoryShelf() });
  const needs = {
    browsers,
    media,
    files: createFiles({ home: workspace.home }),
    config: () => ({ tools: { browser: config } }),
  };
  return {
    url: `http://site.test:${site.port}`,
    canary: private_,
    reached,
    lookups,
    requests,
    browsers,
    media,
    workspace,
    profiles,
    needs,
    call: (tool, input, more) => callTool(tool, needs, input, workspace.context(more)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function html(body: string, head = ""): Response {
  return new Response(`<!doctype html><html lang=en><title>Test</title>${head}<body>${body}`, {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}
