/** The browser of one session: its tabs, what happens in them unasked, and what it may not do. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unlessAborted } from "../lib/unless-aborted.ts";
import { AlephError } from "../protocol/errors.ts";
import type { DevToolsEvent, Params } from "./devtools.ts";
import { Downloads, safeName } from "./downloads.ts";
import { type Chromium, type ChromiumOptions, startChromium } from "./process.ts";
import { NOWHERE, notPublic, parsePageUrl } from "./reach.ts";
import { Tab } from "./tab.ts";

export interface BrowserConfig {
  readonly allow_hosts: readonly string[];
  readonly executable: string;
  readonly timeout_ms: number;
  readonly max_tabs: number;
}

export interface BrowserOptions extends ChromiumOptions {
  /** Asked each time, so that a reload takes effect at once. */
  readonly config: () => BrowserConfig;
}

interface TargetInfo {
  readonly targetId: string;
  readonly type: string;
  readonly url: string;
}

const START_MS = 30_000;
/** How long a page that did not answer in time has to say that it is there at all. */
const PROBE_MS = 1_500;
const CLOSE_MS = 2_000;
const MAX_NOTES = 20;

/** Disposing ends it with all of its processes and removes what it had stored. */
export class Browser implements AsyncDisposable {
  readonly downloads: Downloads;
  readonly #o: BrowserOptions;
  readonly #chromium: Chromium;
  /** By the browser's own names. */
  readonly #tabs = new Map<string, Tab>();
  /** Those that are not ready yet too, as their events name them. */
  readonly #pages = new Map<string, Tab>();
  readonly #waiting = new Set<() => void>();
  #blocked: string[] = [];
  #notes: string[] = [];
  #current: Tab | undefined;
  #lastTab = 0;
  #lastRef = 0;
  #lastUpload = 0;
  #ended = false;

  private constructor(options: BrowserOptions, chromium: Chromium) {
    this.#o = options;
    this.#chromium = chromium;
    this.downloads = new Downloads({
      folder: chromium.downloads,
      cancel: (guid) => this.#tell("Browser.cancelDownload", { guid }),
      onNote: (text) => this.#note(text),
    });
    void chromium.exited.then(() => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Throws what `startChromium` throws, and `timeout`. */
  static async open(options: BrowserOptions): Promise<Browser> {
    let made: Browser | undefined;
    const chromium = await startChromium(options, {
      onEvent(event) {
        if (made) made.#handle(event);
      },
      onDenied(target) {
        if (made) made.#block(target);
      },
    });
    const browser = new Browser(options, chromium);
    made = browser;
    try {
      await browser.#begin(AbortSignal.timeout(START_MS));
      return browser;
    } catch (thrown) {
      await browser[Symbol.asyncDispose]();
      if (!(thrown instanceof AlephError) || thrown.reason !== "not_found") throw thrown;
      throw new AlephError("internal", "Chromium ended as soon as it began", { cause: thrown });
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  get tabs(): readonly Tab[] {
    return [...this.#tabs.values()];
  }

  get current(): Tab | undefined {
    return this.#current;
  }

  /** The tab that is worked in, a new one where there is none. */
  async tab(signal: AbortSignal): Promise<Tab> {
    if (this.#current && !this.#current.crashed) return this.#current;
    if (this.#current) await this.close(this.#current, signal);
    return this.#current ?? (await this.openTab(signal));
  }

  /** Throws `conflict` when there are as many as may be. */
  async openTab(signal: AbortSignal): Promise<Tab> {
    const { max_tabs } = this.#o.config();
    if (this.#pages.size >= max_tabs)
      throw new AlephError("conflict", `There are ${max_tabs} tabs already`, { data: { hint: "Close one first" } });
    const { targetId } = await this.#call<{ targetId: string }>("Target.createTarget", { url: "about:blank" }, signal);
    await this.#until(() => this.#tabs.has(targetId), signal);
    const tab = this.#tabs.get(targetId);
    if (!tab) throw new AlephError("conflict", "The tab was closed");
    this.#current = tab;
    return tab;
  }

  async select(id: string, signal: AbortSignal): Promise<Tab> {
    const tab = this.find(id);
    await this.#call("Target.activateTarget", { targetId: tab.target }, signal);
    this.#current = tab;
    return tab;
  }

  /** Throws `not_found`. */
  find(id: string): Tab {
    const tab = this.tabs.find((each) => each.id === id);
    if (!tab) throw new AlephError("not_found", `There is no tab "${id}"`);
    return tab;
  }

  async close(tab: Tab, signal: AbortSignal): Promise<void> {
    await this.#call("Target.closeTarget", { targetId: tab.target }, signal);
    await this.#until(() => !this.#tabs.has(tab.target), signal);
  }

  /** Throws `forbidden` for what is not public, wherever it came from, `not_found` when nothing answers. */
  async navigate(text: string, signal: AbortSignal): Promise<void> {
    const { allow_hosts, timeout_ms } = this.#o.config();
    const url = parsePageUrl(text, allow_hosts);
    const tab = await this.tab(signal);
    this.#blocked = [];
    let failure: unknown;
    const outcome = await tab.navigate(url.href, timeout_ms / 2, signal).catch((thrown: unknown) => {
      failure = thrown;
      return "failed" as const;
    });
    const blocked = this.#blocked.find((target) => outcome === "failed" || target === originOf(tab.url));
    if (blocked !== undefined && !signal.aborted) {
      await tab.navigate("about:blank", timeout_ms / 2, signal);
      throw notPublic(new URL(blocked).host);
    }
    if (outcome === "failed") throw failure;
    if (outcome === "loading") this.#note("The page is not complete yet");
  }

  /** What a model reads after each call. Notes are told once. */
  async describe(signal: AbortSignal, { snapshot }: { readonly snapshot: boolean }): Promise<string> {
    const tab = await this.tab(signal);
    const title = await tab.title(signal);
    const shown = snapshot ? await tab.snapshot(signal) : undefined;
    const blocked = [...new Set(this.#blocked)].slice(0, 5);
    const notes = [...this.#notes, ...blocked.map((target) => `Refused: ${target} is not on the public internet`)];
    this.#notes = [];
    this.#blocked = [];
    const heading = [`Tab: ${tab.id}${this.#tabs.size > 1 ? ` of ${this.#tabs.size}` : ""}`, `URL: ${tab.url}`];
    if (title !== "") heading.push(`Title: ${title}`);
    return [...heading, ...notes.map((note) => `Note: ${note}`), ...(shown === undefined ? [] : ["", shown])].join(
      "\n",
    );
  }

  /** Where the browser can read it, and nothing else of the workspace. */
  async lend(name: string, content: Uint8Array | { readonly path: string }): Promise<string> {
    const folder = join(this.#chromium.uploads, String(++this.#lastUpload));
    await mkdir(folder, { mode: 0o700 });
    const path = join(folder, safeName(name));
    if ("path" in content) await copyFile(content.path, path);
    else await writeFile(path, content, { mode: 0o600 });
    return path;
  }

  /** After something took too long: closes a page that does not answer at all. False when the browser does not either. */
  async recover(): Promise<boolean> {
    const tab = this.#current;
    if (!tab || this.#ended) return !this.#ended;
    const probe = tab.caller(AbortSignal.timeout(PROBE_MS))("Runtime.evaluate", { expression: "1" });
    const answers = await probe.then(() => true).catch(() => false); // Whatever keeps it: it does not answer.
    if (answers) return true;
    return this.close(tab, AbortSignal.timeout(CLOSE_MS))
      .then(() => true)
      .catch(() => false); // Nor does the browser.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#chromium[Symbol.asyncDispose]();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    await this.#call(
      "Target.setAutoAttach",
      { autoAttach: true, waitForDebuggerOnStart: true, flatten: true, filter: [{ type: "page" }] },
      signal,
    );
    await this.#call(
      "Browser.setDownloadBehavior",
      { behavior: "allowAndName", downloadPath: this.#chromium.downloads, eventsEnabled: true },
      signal,
    );
    await this.#until(() => this.#tabs.size > 0, signal);
    this.#current ??= this.tabs[0];
    await this.#introduce(await this.tab(signal), signal);
  }

  /** To the proxy, once: the browser keeps what it said, for all that it asks of the proxy later. */
  async #introduce(tab: Tab, signal: AbortSignal): Promise<void> {
    const call = tab.caller(signal);
    await call("Fetch.enable", { handleAuthRequests: true, patterns: [{ urlPattern: `http://${NOWHERE}/*` }] });
    await tab.navigate(`http://${NOWHERE}/`, START_MS, signal);
    await call("Fetch.disable");
    await tab.navigate("about:blank", START_MS, signal);
    await call("Page.resetNavigationHistory");
    this.#blocked = [];
  }

  #handle(event: DevToolsEvent): void {
    const { method, params, page } = event;
    if (method === "Target.attachedToTarget") this.#attach(params);
    else if (method === "Target.detachedFromTarget") this.#detach(String(params.sessionId));
    else if (method === "Browser.downloadWillBegin") this.downloads.begin(params as Parameters<Downloads["begin"]>[0]);
    else if (method === "Browser.downloadProgress")
      this.downloads.progress(params as Parameters<Downloads["progress"]>[0]);
    else if (method === "Fetch.requestPaused")
      this.#tell("Fetch.continueRequest", { requestId: params.requestId }, page);
    else if (method === "Fetch.authRequired") this.#authorise(params, page);
    else if (page !== undefined) this.#pages.get(page)?.handle(event);
  }

  #authorise({ requestId, authChallenge }: Params, page: string | undefined): void {
    const isProxy = (authChallenge as { source?: string }).source === "Proxy";
    const authChallengeResponse = isProxy
      ? { response: "ProvideCredentials", ...this.#chromium.credentials }
      : { response: "CancelAuth" };
    this.#tell("Fetch.continueWithAuth", { requestId, authChallengeResponse }, page);
  }

  #attach(params: Params): void {
    const page = String(params.sessionId);
    const { targetId, url } = params.targetInfo as TargetInfo;
    if (this.#pages.size >= this.#o.config().max_tabs) {
      this.#note("A page wanted to open a tab more than there may be; that was refused");
      this.#tell("Target.closeTarget", { targetId });
      return;
    }
    const id = `t${++this.#lastTab}`;
    const tab = new Tab({
      devtools: this.#chromium.devtools,
      id,
      target: targetId,
      page,
      nextRef: () => ++this.#lastRef,
      onNote: (text) => this.#note(text),
    });
    this.#pages.set(page, tab);
    void tab
      .prepare(AbortSignal.timeout(START_MS))
      .then(() => {
        // It may be gone again.
        if (this.#pages.has(page)) this.#tabs.set(targetId, tab);
        if (this.#current && this.#current.target !== targetId && url !== "about:blank")
          this.#note(`Tab "${id}" was opened by a page`);
        this.#wake();
      })
      .catch(() => this.#tell("Target.closeTarget", { targetId })); // Gone again, or not to be worked with.
  }

  #detach(page: string): void {
    this.#chromium.devtools.endPage(page);
    const tab = this.#pages.get(page);
    this.#pages.delete(page);
    if (!tab) return;
    this.#tabs.delete(tab.target);
    if (this.#current === tab) this.#current = this.tabs.at(-1);
    this.#wake();
  }

  #block(target: string): void {
    // That is asked for so as to be refused.
    if (this.#blocked.length < 100 && !target.includes(NOWHERE)) this.#blocked.push(target);
  }

  #note(text: string): void {
    if (this.#notes.length < MAX_NOTES) this.#notes.push(text);
  }

  #call<T>(method: string, params: Params, signal: AbortSignal): Promise<T> {
    return this.#chromium.devtools.call<T>(method, params, { signal });
  }

  #tell(method: string, params: Params, page?: string): void {
    // What it is about is gone, then there is nothing to do.
    void this.#chromium.devtools.call(method, params, page === undefined ? {} : { page }).catch(() => undefined);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  async #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isSo()) {
      signal.throwIfAborted();
      if (this.#ended) throw new AlephError("not_found", "The browser has ended");
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await unlessAborted(promise, signal).finally(() => this.#waiting.delete(resolve));
    }
  }
}

/** As the proxy names what it refuses. */
function originOf(text: string): string {
  const url = URL.parse(text);
  if (!url) return "";
  return `${url.protocol}//${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}
