/** One page of a browser, as its events tell of it. */
import { AlephError } from "../protocol/errors.ts";
import type { DevTools, DevToolsEvent, Params } from "./devtools.ts";
import { type Element, findElement, type KEY_NAMES, type PageCall, pressKey } from "./element.ts";
import { type AxNode, renderSnapshot } from "./snapshot.ts";

export interface TabOptions {
  readonly devtools: DevTools;
  /** Of this browser, for people and models: `t1`. */
  readonly id: string;
  /** The browser's own. */
  readonly target: string;
  /** As in `DevToolsEvent`. */
  readonly page: string;
  /** A number that it never gave before. */
  readonly nextRef: () => number;
  /** Something that whoever reads the next answer should know. */
  readonly onNote: (text: string) => void;
}

interface Frame {
  readonly id: string;
  readonly parentId?: string;
  readonly url: string;
}

interface Dialog {
  readonly type: "alert" | "confirm" | "prompt" | "beforeunload";
  readonly message: string;
}

interface Evaluated {
  readonly result: { readonly value?: unknown; readonly unserializableValue?: string };
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

export interface Picture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Where a page itself may take its tab. Chromium lets it no further; this is the second lock. */
const SCHEMES = /^(?:https?|blob|about|chrome-error):/;
const MAX_ELEMENTS = 20_000;
const MAX_PLAIN = 20_000;
/** Of one page; the next is an attack. */
const MAX_DIALOGS = 20;
/** How long a page may take to begin what a click led to. */
const SETTLE_MS = 150;
const VIEW = { width: 1280, height: 800 };
/** What a model is shown. */
const PICTURE = { width: 1280, height: 1600 };

export class Tab {
  readonly id: string;
  readonly target: string;
  readonly page: string;
  url = "about:blank";
  crashed = false;
  readonly #o: TabOptions;
  /** The browser's numbers of nodes by reference, and the other way round; of the page that is open. */
  #nodes = new Map<string, number>();
  #refs = new Map<number, string>();
  #loading = false;
  #dialogs = 0;
  #waiting: (() => void)[] = [];

  constructor(options: TabOptions) {
    this.#o = options;
    this.id = options.id;
    this.target = options.target;
    this.page = options.page;
  }

  /** To be told of what happens, before the page begins. */
  async prepare(signal: AbortSignal): Promise<void> {
    const call = this.caller(signal);
    await Promise.all([
      call("Page.enable"),
      call("DOM.enable"),
      call("Inspector.enable"),
      call("Emulation.setDeviceMetricsOverride", { ...VIEW, deviceScaleFactor: 1, mobile: false }),
      // Otherwise a click on a file input would wait for a window that nobody sees.
      call("Page.setInterceptFileChooserDialog", { enabled: true }),
      // A page that another opened waits for this, and answers some of the others only then.
      call("Runtime.runIfWaitingForDebugger"),
    ]);
    // It may have gone somewhere before it was listened to.
    const { frameTree } = await call<{ frameTree: { frame: Frame } }>("Page.getFrameTree");
    if (this.url === "about:blank") this.url = frameTree.frame.url || this.url;
  }

  caller(signal: AbortSignal): PageCall {
    return (method, params = {}) => this.#o.devtools.call(method, params, { page: this.page, signal });
  }

  /** Throws `not_found` when nothing came. Resolves also when it is not complete after `patienceMs`. */
  async navigate(url: string, patienceMs: number, signal: AbortSignal): Promise<"loaded" | "download" | "loading"> {
    this.#loading = true;
    const { errorText, loaderId, isDownload } = await this.caller(signal)<{
      errorText?: string;
      loaderId?: string;
      isDownload?: boolean;
    }>("Page.navigate", { url });
    if (isDownload === true || (errorText === "net::ERR_ABORTED" && loaderId !== undefined)) {
      this.#loading = false;
      return "download";
    }
    if (errorText !== undefined) {
      this.#loading = false;
      throw new AlephError("not_found", `"${url}" cannot be loaded (${errorText})`);
    }
    if (loaderId === undefined) this.#loading = false;
    return (await this.loaded(patienceMs, signal)) ? "loaded" : "loading";
  }

  /** By one page of its history. */
  async goBack(patienceMs: number, signal: AbortSignal): Promise<void> {
    const call = this.caller(signal);
    const { currentIndex, entries } = await call<{ currentIndex: number; entries: readonly { id: number }[] }>(
      "Page.getNavigationHistory",
    );
    const entry = entries[currentIndex - 1];
    if (!entry || currentIndex < 2) throw new AlephError("conflict", "There is no page before this one");
    await call("Page.navigateToHistoryEntry", { entryId: entry.id });
    await this.settled(patienceMs, signal);
  }

  /** Whether it was complete before `patienceMs` were over. */
  async loaded(patienceMs: number, signal: AbortSignal): Promise<boolean> {
    const late = AbortSignal.timeout(patienceMs);
    while (this.#loading && !this.crashed && !late.aborted) {
      signal.throwIfAborted();
      await this.#change(AbortSignal.any([signal, late]));
    }
    this.assertAlive();
    return !this.#loading;
  }

  /** After something was done to the page: what that led to has been loaded. */
  async settled(patienceMs: number, signal: AbortSignal): Promise<void> {
    await this.#change(AbortSignal.any([signal, AbortSignal.timeout(SETTLE_MS)]));
    await this.loaded(patienceMs, signal);
  }

  async title(signal: AbortSignal): Promise<string> {
    const title = await this.#inWorld<string>("document.title", signal);
    return String(title ?? "")
      .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
      .slice(0, 300);
  }

  async snapshot(signal: AbortSignal): Promise<string> {
    const count = await this.#inWorld<number>('document.getElementsByTagName("*").length', signal);
    if (count > MAX_ELEMENTS) {
      const script = `(document.body?.textContent ?? "").slice(0, ${MAX_PLAIN * 3}).replace(/\\s+/g, " ").slice(0, ${MAX_PLAIN})`;
      const text = await this.#inWorld<string>(script, signal);
      return `[${count} elements are too many for a snapshot; this is the beginning of the text, act by CSS selectors]\n${text}`;
    }
    const { nodes } = await this.caller(signal)<{ nodes: readonly AxNode[] }>("Accessibility.getFullAXTree");
    return renderSnapshot(nodes, (node) => this.#refOf(node));
  }

  async find(target: string, signal: AbortSignal): Promise<Element> {
    return findElement(this.caller(signal), target, { world: await this.#world(signal), refs: this.#nodes });
  }

  async press(key: (typeof KEY_NAMES)[number], signal: AbortSignal): Promise<void> {
    await pressKey(this.caller(signal), key);
  }

  /** Of JavaScript, in the page's own world; JSON. Throws `conflict` with what the script threw. */
  async evaluate(script: string, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
    const call = this.caller(signal);
    // Only so it takes `await` outside of functions; but then it does not wait for the promise that is the result.
    await call("Runtime.enable");
    const compiled = await call<Evaluated>("Runtime.compileScript", {
      expression: script,
      sourceURL: "",
      persistScript: false,
    });
    await call("Runtime.disable");
    const { result, exceptionDetails } = await call<Evaluated>("Runtime.evaluate", {
      expression: script,
      awaitPromise: true,
      returnByValue: true,
      replMode: compiled.exceptionDetails !== undefined,
      timeout: timeoutMs,
    });
    if (exceptionDetails) {
      const { text, exception } = exceptionDetails;
      throw new AlephError("conflict", `The script failed: ${(exception?.description ?? text).slice(0, 2000)}`);
    }
    return result.value ?? result.unserializableValue ?? null;
  }

  async screenshot(target: string | undefined, full: boolean, signal: AbortSignal): Promise<Picture> {
    const call = this.caller(signal);
    const metrics = await call<{
      cssVisualViewport: { pageX: number; pageY: number; clientWidth: number; clientHeight: number };
      cssContentSize: { width: number; height: number };
    }>("Page.getLayoutMetrics");
    const { pageX, pageY, clientWidth, clientHeight } = metrics.cssVisualViewport;
    let area = { x: pageX, y: pageY, width: clientWidth, height: clientHeight };
    if (full) area = { x: 0, y: 0, ...metrics.cssContentSize };
    if (target !== undefined) {
      const { x, y, width, height } = await (await this.find(target, signal)).box();
      // Scrolling to it may have moved what is seen.
      const { cssVisualViewport: now } = await call<typeof metrics>("Page.getLayoutMetrics");
      area = { x: x + now.pageX, y: y + now.pageY, width, height };
    }
    area.height = Math.min(area.height, 8 * PICTURE.height);
    area.width = Math.min(area.width, 8 * PICTURE.width);
    const scale = Math.min(1, PICTURE.width / area.width, PICTURE.height / area.height);
    const { data } = await call<{ data: string }>("Page.captureScreenshot", {
      format: "jpeg",
      quality: 80,
      clip: { ...area, scale },
      captureBeyondViewport: full || target !== undefined,
    });
    const size = { width: Math.round(area.width * scale), height: Math.round(area.height * scale) };
    return { bytes: Buffer.from(data, "base64"), ...size };
  }

  assertAlive(): void {
    if (this.crashed)
      throw new AlephError("conflict", `The page in tab "${this.id}" crashed`, {
        data: { hint: "browser_navigate opens another" },
      });
  }

  handle({ method, params }: DevToolsEvent): void {
    if (method === "Page.frameNavigated") this.#navigated((params as { frame: Frame }).frame);
    else if (method === "Page.navigatedWithinDocument" && this.#isMain(params)) this.url = String(params.url);
    else if (method === "Page.frameStartedLoading" && this.#isMain(params)) this.#loading = true;
    else if (method === "Page.frameStoppedLoading" && this.#isMain(params)) this.#loading = false;
    else if (method === "Page.javascriptDialogOpening") this.#answer(params as unknown as Dialog);
    else if (method === "Inspector.targetCrashed") this.crashed = true;
    else return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The same for as long as the page is open. */
  #refOf(node: number): string {
    const known = this.#refs.get(node);
    if (known !== undefined) return known;
    const ref = `e${this.#o.nextRef()}`;
    this.#refs.set(node, ref);
    this.#nodes.set(ref, node);
    return ref;
  }

  /** The number of a frame is that of its page when it is the outermost. */
  #isMain(params: Params): boolean {
    return params.frameId === this.target;
  }

  #navigated({ parentId, url }: Frame): void {
    if (parentId !== undefined) return;
    this.url = url;
    this.#nodes = new Map();
    this.#refs = new Map();
    this.#dialogs = 0;
    if (SCHEMES.test(url)) return;
    this.#o.onNote(`The page went to "${url.slice(0, 100)}", which is not allowed, and was left`);
    this.#tell("Page.navigate", { url: "about:blank" });
  }

  /** Nobody is there to answer: what asks for consent gets none. */
  #answer({ type, message }: Dialog): void {
    this.#dialogs++;
    if (this.#dialogs <= 3)
      this.#o.onNote(`The page showed a dialog (${type}): ${JSON.stringify(message.slice(0, 300))}`);
    this.#tell("Page.handleJavaScriptDialog", { accept: type === "alert" || type === "beforeunload" });
    if (this.#dialogs !== MAX_DIALOGS) return;
    this.#o.onNote(`Tab "${this.id}" was closed, because its page shows one dialog after the other`);
    void this.#o.devtools.call("Target.closeTarget", { targetId: this.target }).catch(() => "it is gone already");
  }

  #tell(method: string, params: Params): void {
    // When the page is gone there is nothing to answer any more.
    void this.#o.devtools.call(method, params, { page: this.page }).catch(() => undefined);
  }

  async #inWorld<T>(expression: string, signal: AbortSignal): Promise<T> {
    const { result } = await this.caller(signal)<{ result: { value?: unknown } }>("Runtime.evaluate", {
      expression,
      contextId: await this.#world(signal),
      returnByValue: true,
    });
    return result.value as T;
  }

  async #world(signal: AbortSignal): Promise<number> {
    const { executionContextId } = await this.caller(signal)<{ executionContextId: number }>(
      "Page.createIsolatedWorld",
      { frameId: this.target, worldName: "aleph" },
    );
    return executionContextId;
  }

  /** The next thing that happens, or `signal`. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener("abort", wake, { once: true });
      if (signal.aborted) wake();
    });
  }
}
