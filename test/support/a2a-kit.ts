/**
 * A server for the protocol's own test kit. The kit tells the agent what to do by the beginning of a message's id, which no
 * model sees: a front keeps the ids of what goes through it, and the scripted model looks its message up. The kit for 1.0
 * gives one id to many messages, against the protocol (§4.1.4, messageId is unique), and would be answered with the task that
 * the first of them began: the front tells them apart.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { a2aApp } from "./a2a.ts";
import type { FakeRequest, Scripted, Step } from "./providers/fake.ts";

export interface KitServerOptions {
  /** Whether a token is asked for, which the kit does not have. */
  readonly isGuarded: boolean;
  /** Where webhooks may be, besides public hosts. */
  readonly webhooks: readonly string[];
}

export interface KitServer extends AsyncDisposable {
  /** Of the front: any path but the card's is that of the requests. */
  readonly url: string;
}

interface Seen {
  readonly messageId: string;
  readonly text: string;
}

/** Twice what the kit waits for the next part of a stream, and some more: so long lasts a task that it comes back to. */
const LONG_MS = 6_000;

export async function startKitServer({ isGuarded, webhooks }: KitServerOptions): Promise<KitServer> {
  await using stack = new AsyncDisposableStack();
  const seen: Seen[] = [];
  let target = "";
  const front = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    development: false,
    error: (error) => new Response(error.message, { status: 502 }),
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const body = request.method === "POST" ? note(await request.text(), seen) : undefined;
      const headers = new Headers(request.headers);
      headers.delete("host");
      const path = pathname === "/" ? "/a2a" : pathname.replace(/(.)\/$/, "$1");
      return fetch(target + path, {
        method: request.method,
        headers,
        signal: request.signal,
        ...(body === undefined ? {} : { body }),
      });
    },
  });
  stack.defer(() => front.stop(true));
  const app = stack.use(
    await a2aApp({
      config: {
        auth: { mode: isGuarded ? "token" : "none" },
        // The kit asks as fast as it can.
        limits: { rate: { run: 0 } },
        a2a: { url: front.url.origin, webhooks: ["connect:https://*", ...webhooks] },
      },
    }),
  );
  target = app.url;
  const workspace = join(app.home.workspaces, "main");
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, "output.txt"), "What the tool wrote\n");
  app.fake.answer((request) => script(request, seen));
  const owned = stack.move();
  return { url: front.url.origin, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Keeps which message it carries; gives the request as it goes on. */
function note(request: string, seen: Seen[]): string {
  let body: { params?: { message?: { messageId?: unknown; parts?: unknown } } } | undefined;
  try {
    body = JSON.parse(request) as typeof body;
  } catch {
    // The kit also sends what is no JSON.
    return request;
  }
  const { messageId, parts } = body?.params?.message ?? {};
  if (typeof messageId !== "string" || !Array.isArray(parts)) return request;
  const text = parts.flatMap((part) => (typeof part?.text === "string" ? [part.text] : [])).join("\n\n");
  const isUsed = seen.some((each) => each.messageId === messageId);
  seen.push({ messageId, text });
  if (!isUsed) return request;
  return JSON.stringify({
    ...body,
    params: { ...body!.params, message: { ...body!.params!.message, messageId: `${messageId}-${seen.length}` } },
  });
}

function script({ body }: FakeRequest, seen: readonly Seen[]): Scripted {
  const messages = body.messages as readonly { role: string; content: unknown }[];
  const last = JSON.stringify(messages.at(-1)?.content ?? "");
  const isAfterTool = messages.at(-1)?.role === "tool";
  const { messageId = "" } = seen.findLast(({ text }) => last.includes(JSON.stringify(text).slice(1, -1))) ?? {};
  const is = (...prefixes: readonly string[]) => prefixes.some((prefix) => messageId.startsWith(prefix));
  if (isAfterTool && /"name":"send_file"/.test(JSON.stringify(messages.at(-2)))) return "";
  if (is("test-resubscribe-message-id")) return ["I begin", { wait: Bun.sleep(LONG_MS) }, " and end"];
  if (is("tck-artifact-file-url")) return "There is no address to give";
  if (is("tck-artifact-file", "tck-stream-artifact-file")) return [call("send_file", { path: "output.txt" })];
  if (is("tck-artifact-text")) return "Generated text content";
  if (is("tck-stream-artifact-chunked")) return ["chunk-1 ", "chunk-2"];
  if (is("tck-stream-artifact-text")) return ["Streamed ", "text content"];
  if (is("tck-stream-003")) return "Stream task lifecycle";
  if (is("tck-stream-ordering-001")) return "Ordered output";
  if (is("tck-stream-001")) return "Stream hello from TCK";
  // The kit for 0.3 names no behaviour, and expects of every task that it can be gone on with once, or cancelled.
  const isOld = !messageId.startsWith("tck-");
  if (is("tck-input-required") || (isOld && !isAfterTool)) return [call("ask_user", { question: "What else?" })];
  return "Hello from TCK";
}

function call(name: string, args: object): Step {
  return { tool_call: { id: `call_${Bun.randomUUIDv7()}`, name, args } };
}
