/** What pages had a browser download: kept beside its profile, within bounds, until it is wanted or the browser ends. */
import { basename, join } from "node:path";
import { openFile } from "../lib/open-file.ts";
import { AlephError } from "../protocol/errors.ts";

export interface Download {
  /** For people and models: `d1`. */
  readonly id: string;
  readonly url: string;
  /** As the page named it, made safe. */
  readonly name: string;
  readonly state: "running" | "done" | "refused" | "failed";
  readonly size: number;
}

export interface DownloadsOptions {
  readonly folder: string;
  readonly cancel: (guid: string) => void;
  readonly onNote: (text: string) => void;
}

/** Bytes of one. */
export const MAX_DOWNLOAD = 64 * 1024 * 1024;
const MAX_RUNNING = 3;
/** Characters of a name, from its end, that are looked at. */
const MAX_NAME = 1000;
/** Of one browser, whatever became of them. */
const MAX_KEPT = 20;
const MAX_TOTAL = 256 * 1024 * 1024;

export class Downloads {
  readonly #o: DownloadsOptions;
  readonly #all = new Map<string, { -readonly [K in keyof Download]: Download[K] }>();
  #refused = 0;

  constructor(options: DownloadsOptions) {
    this.#o = options;
  }

  get all(): readonly Download[] {
    return [...this.#all.values()];
  }

  begin({ guid, url, suggestedFilename }: { guid: string; url: string; suggestedFilename: string }): void {
    const kept = this.all.filter(({ state }) => state === "running" || state === "done");
    const running = kept.filter(({ state }) => state === "running").length;
    if (running >= MAX_RUNNING || this.#all.size >= MAX_KEPT) {
      this.#o.cancel(guid);
      this.#refused++;
      if (this.#refused === 1) this.#o.onNote("The page wanted to download more than is allowed; that was refused");
      return;
    }
    const download = {
      id: `d${this.#all.size + 1}`,
      url: url.slice(0, 1000),
      name: safeName(suggestedFilename),
      state: "running" as const,
      size: 0,
    };
    this.#all.set(guid, download);
    this.#o.onNote(`The page began download "${download.id}": ${JSON.stringify(download.name)}`);
  }

  progress(event: { guid: string; totalBytes: number; receivedBytes: number; state: string }): void {
    const download = this.#all.get(event.guid);
    if (download?.state !== "running") return;
    download.size = event.receivedBytes;
    const total = this.all.reduce((sum, { state, size }) => (state === "refused" ? sum : sum + size), 0);
    if (Math.max(event.receivedBytes, event.totalBytes) > MAX_DOWNLOAD || total > MAX_TOTAL) {
      download.state = "refused";
      this.#o.cancel(event.guid);
      this.#o.onNote(`Download "${download.id}" is too large and was refused`);
    } else if (event.state === "completed") {
      download.state = "done";
      this.#o.onNote(`Download "${download.id}" is complete: ${download.size} bytes; browser_download saves it`);
    } else if (event.state === "canceled") download.state = "failed";
  }

  /** Throws `not_found` when there is none, `conflict` when it is not complete. */
  async read(id: string): Promise<{ readonly download: Download; readonly bytes: Uint8Array }> {
    const [guid, download] = [...this.#all].find(([, each]) => each.id === id) ?? [];
    if (guid === undefined || download === undefined) throw new AlephError("not_found", `There is no download "${id}"`);
    if (download.state !== "done")
      throw new AlephError("conflict", `Download "${id}" is not complete: ${download.state}`);
    // The browser may write there whatever it likes, links to other places too, if a page has taken it over.
    await using file = await openFile(join(this.#o.folder, basename(guid))).catch(() => undefined); // A link, or gone.
    if (!file) throw new AlephError("conflict", `Download "${id}" is no file`);
    if ((await file.stat()).size > MAX_DOWNLOAD)
      throw new AlephError("payload_too_large", `Download "${id}" is too large`);
    return { download, bytes: new Uint8Array(await file.readFile()) };
  }
}

/** A name for a file on any system that leads nowhere, hides nothing and says nothing to a shell. */
export function safeName(suggested: string): string {
  // The page decides how long it is, and the last of these expressions may look at each of its blanks again and again.
  const name = suggested
    .slice(-MAX_NAME)
    .normalize("NFC")
    .replace(/^.*[/\\]/s, "")
    .replace(/[^\p{L}\p{N}._ ()+,@=-]+/gu, "_")
    .replace(/^[\s.-]+|[\s.]+$/g, "");
  const isReserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name);
  const [, stem = "", ending = ""] = /^(.*?)(\.[^.]{1,12})?$/s.exec(isReserved ? `_${name}` : name) ?? [];
  return `${stem.slice(0, 100).toWellFormed()}${ending}` || "download";
}
