/** One server: opened at its first use, started again with growing pauses, held when its tools are not those that were seen. */

import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { Failures, MAX_FAILURES } from "../lib/failures.ts";
import { describeError, type Log } from "../lib/log.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import { AlephError } from "../protocol/errors.ts";
import type { McpStatus } from "../protocol/mcp-state.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import { digestOf, type ToolDefinition } from "./definitions.ts";
import type { Pin, Pins } from "./pins.ts";
import type { Session, ToolCall } from "./session.ts";

export interface Opened {
  readonly session: Session;
  readonly pid?: number;
  readonly sandbox?: SandboxLevel;
}

export interface McpServerOptions {
  readonly name: string;
  /** False leaves it as it is. */
  readonly isEnabled: boolean;
  /** Resolves when it takes requests; the signal ends it. */
  readonly open: (signal: AbortSignal) => Promise<Opened>;
  readonly pins: Pins;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onStatus: (status: McpStatus) => void;
  /** How long whoever wants to know its tools waits for one that has never been seen. Default: 15 s. */
  readonly listingMs?: number;
}

const LISTING_MS = 15_000;
const NOT_OFFERED: ReadonlySet<McpStatus> = new Set(["held", "stopped", "disabled", "failed", "login_required"]);

export class McpServer implements AsyncDisposable {
  readonly #o: McpServerOptions;
  #failures = new Failures();
  readonly #ending = new AbortController();
  #opened: Opened | undefined;
  #opening: Promise<Opened> | undefined;
  /** Somebody waited for it in vain, and it is still being opened. */
  #isSlow = false;
  #status: McpStatus;
  #error: AlephError | undefined;

  constructor(options: McpServerOptions) {
    this.#o = options;
    this.#status = options.isEnabled ? (this.pin?.pending ? "held" : "idle") : "disabled";
  }

  get status(): McpStatus {
    return this.#status;
  }

  /** Why it failed last. */
  get error(): AlephError | undefined {
    return this.#error;
  }

  get opened(): Opened | undefined {
    return this.#opened;
  }

  get pin(): Pin | undefined {
    return this.#o.pins.find(this.#o.name);
  }

  /** Those that may be offered: as they were seen first or approved. Waits a while for one that nobody has seen. */
  async tools(): Promise<readonly ToolDefinition[]> {
    if (NOT_OFFERED.has(this.#status)) return [];
    const known = this.pin;
    if (known) return known.tools;
    // Nobody waits for one that failed a moment ago, and nobody twice for one that is slow.
    if (this.#isSlow || (this.#error && !this.#opening && this.#failures.pause(this.#o.now()) > 0)) return [];
    const late = AbortSignal.timeout(this.#o.listingMs ?? LISTING_MS);
    try {
      await this.#ready(late);
    } catch (thrown) {
      this.#isSlow = this.#opening !== undefined;
      this.#o.log.debug("mcp server has no tools yet", describeError(thrown));
    }
    return this.status === "running" ? this.#pinned() : [];
  }

  /** Opens it now, whatever failed before. Throws what keeps it from it; one that is held is no failure. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#status === "disabled") throw this.#refusal("is switched off", "Set enabled = true in its table");
    this.#failures = new Failures();
    if (this.#status === "stopped" || this.#status === "failed" || this.#status === "login_required") {
      this.#become("idle");
    }
    if (this.#status === "held") return;
    try {
      await this.#ready(signal);
    } catch (thrown) {
      if (!(thrown instanceof AlephError && thrown.data.code === "held")) throw thrown;
    }
  }

  /** Ends it; it stays so until `start`. */
  async stop(): Promise<void> {
    if (this.#status !== "held" && this.#status !== "disabled") this.#become("stopped");
    await this.#close();
  }

  /** As `Session.call`; throws `forbidden` while it is held or stopped, `not_found` for a tool that it does not have. */
  async call(call: ToolCall): Promise<CallToolResult> {
    return this.use(call.signal, async (session) => {
      if (!this.pin?.tools.some(({ name }) => name === call.tool)) {
        const message = `MCP server "${this.#o.name}" has no tool ${JSON.stringify(call.tool)}`;
        throw new AlephError("not_found", message, { data: { server: this.#o.name } });
      }
      return session.call(call);
    });
  }

  /** Its tools are looked at before each use: what changed without a word is found as well. */
  async use<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#current(signal);
    try {
      return await work(session);
    } catch (thrown) {
      if (thrown instanceof AlephError && thrown.reason === "timeout") void this.#endIfDead(session);
      throw thrown;
    }
  }

  /** Takes what it says now for what is allowed. Throws `conflict` when that is not what was looked at. */
  async approve(by: string, sha256: string | undefined): Promise<void> {
    const pending = this.pin?.pending;
    if (!pending) {
      throw new AlephError("conflict", `MCP server "${this.#o.name}" does not wait for an approval`);
    }
    if (sha256 !== undefined && sha256 !== pending.sha256) {
      throw new AlephError("conflict", `The tools of MCP server "${this.#o.name}" changed again`, {
        data: { hint: "Look at them once more: aleph mcp get" },
      });
    }
    await this.#o.pins.pin(this.#o.name, pending.tools, by);
    if (this.#status === "held") this.#become("idle");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(this.#refusal("is not in use any more"));
    await this.#close();
  }

  #pinned(): readonly ToolDefinition[] {
    return this.pin?.tools ?? [];
  }

  /** A session whose tools are those of the pin: a new one where the server has forgotten the one that was open. */
  async #current(signal: AbortSignal): Promise<Session> {
    const opened = await this.#ready(signal);
    try {
      await this.#compare(opened.session, signal);
      return opened.session;
    } catch (thrown) {
      if (!(thrown instanceof AlephError && thrown.data.code === "session_lost")) throw thrown;
      this.#o.log.info("mcp server forgot its session and gets a new one", { server: this.#o.name });
      // Whoever came first has begun it already.
      if (this.#opened === opened) await this.#close();
      return (await this.#ready(signal)).session;
    }
  }

  #ready(signal: AbortSignal): Promise<Opened> {
    this.assertUsable();
    if (this.#opened) return Promise.resolve(this.#opened);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
      this.#isSlow = false;
    });
    return unlessAborted(this.#opening, signal, stopped);
  }

  /** Throws what keeps it from being used: it is switched off, stopped, held, failed too often, or waits for a login. */
  assertUsable(): void {
    const { name } = this.#o;
    switch (this.#status) {
      case "disabled":
        throw this.#refusal("is switched off", "Set enabled = true in its table");
      case "stopped":
        throw this.#refusal("is stopped", `Start it with: aleph mcp start ${name}`);
      case "held":
        throw this.#held();
      case "login_required":
        throw this.#error ?? this.#refusal("asks for a login");
      case "failed":
        throw this.#refusal(
          `failed ${MAX_FAILURES} times within a few minutes and is not started again: ${this.#error?.message ?? ""}`,
          `Start it with: aleph mcp start ${name}`,
        );
    }
    if (this.#ending.signal.aborted) throw this.#refusal("is not in use any more");
  }

  async #open(): Promise<Opened> {
    const { now, wait, open } = this.#o;
    const { signal } = this.#ending;
    const pause = this.#failures.pause(now());
    if (pause > 0) {
      this.#become("waiting");
      await wait(pause, signal);
      // Somebody may have stopped it meanwhile.
      this.assertUsable();
    }
    this.#become("starting");
    let opened: Opened;
    try {
      opened = await open(signal);
    } catch (thrown) {
      this.#failed(AlephError.from(thrown), thrown);
      throw thrown;
    }
    try {
      await this.#compare(opened.session, signal);
      this.assertUsable();
    } catch (thrown) {
      await opened.session[Symbol.asyncDispose]();
      const isHeld = thrown instanceof AlephError && thrown.data.code === "held";
      if (!isHeld && this.#status === "starting") this.#failed(AlephError.from(thrown), thrown);
      throw thrown;
    }
    this.#opened = opened;
    this.#error = undefined;
    this.#become("running");
    this.#watch(opened);
    return opened;
  }

  #watch(opened: Opened): void {
    const { session } = opened;
    let isLooking = false;
    session.onToolsChanged = () => {
      // However often it says so; the next use looks again anyway.
      if (isLooking) return;
      isLooking = true;
      this.#compare(session, this.#ending.signal)
        .catch((thrown: unknown) => this.#o.log.debug("mcp server changed its tools", describeError(thrown)))
        .finally(() => {
          isLooking = false;
        });
    };
    void session.closed.then(() => {
      if (this.#opened !== opened) return;
      this.#opened = undefined;
      const message = `MCP server "${this.#o.name}" ended${session.reason === undefined ? "" : `: ${session.reason}`}`;
      this.#failed(new AlephError("mcp_error", message, { data: { server: this.#o.name, code: "crashed" } }));
      void session[Symbol.asyncDispose]();
    });
  }

  /** Throws, and holds the server, when its tools are not those of the pin. Pins those of one that nobody has seen. */
  async #compare(session: Session, signal: AbortSignal): Promise<void> {
    const { pins, name, log } = this.#o;
    const tools = await session.tools(signal);
    const pin = this.pin;
    if (!pin) return pins.pin(name, tools);
    if (digestOf(tools) === pin.sha256) return;
    await pins.hold(name, tools);
    if (this.#status !== "held") {
      log.warn("mcp server changed its tools and is held", { server: name });
      this.#become("held");
    }
    void this.#close();
    throw this.#held();
  }

  /** After an answer did not come in time. */
  async #endIfDead(session: Session): Promise<void> {
    if (this.#opened?.session !== session || (await session.isAlive())) return;
    // `closed` tells the rest.
    await session[Symbol.asyncDispose]();
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.session[Symbol.asyncDispose]();
  }

  #failed(error: AlephError, thrown: unknown = error): void {
    const { log, now, name } = this.#o;
    if (this.#ending.signal.aborted) return;
    this.#error = error;
    if (error.reason === "unauthenticated") {
      this.#become("login_required");
      return;
    }
    this.#failures.add(now());
    const { tooMany } = this.#failures;
    if (this.#status !== "stopped" && this.#status !== "held") this.#become(tooMany ? "failed" : "idle");
    const next = tooMany ? {} : { retry_in_ms: this.#failures.pause(now()) };
    log.warn("mcp server failed", { server: name, ...next, ...describeError(thrown) });
  }

  #become(status: McpStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#o.onStatus(status);
  }

  #held(): AlephError {
    const { name } = this.#o;
    return new AlephError("forbidden", `MCP server "${name}" is held: its tools are not those that were approved`, {
      data: { server: name, code: "held", hint: `A person looks at what changed with: aleph mcp approve ${name}` },
    });
  }

  #refusal(why: string, hint?: string): AlephError {
    const { name } = this.#o;
    return new AlephError("mcp_error", `MCP server "${name}" ${why}`, {
      data: { server: name, code: "unavailable", ...(hint ? { hint } : {}) },
    });
  }
}

function stopped(reason: unknown): AlephError {
  if (reason instanceof AlephError) return reason;
  const isLate = reason instanceof DOMException && reason.name === "TimeoutError";
  return isLate
    ? new AlephError("timeout", "The server did not start in time")
    : new AlephError("cancelled", "The call was cancelled");
}
