/**
 * `bun scripts/lighthouse.ts`: Lighthouse over the panel of the compiled executable, as a phone and as a desktop sees it: the
 * login page, the first page behind it and a conversation. Performance is the median of three runs. Exit code 1 when one
 * is below the bar. Lighthouse is too large for the lock file; it is fetched once, in this version, into .cache/lighthouse.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findChromium } from "../test/browser/page.ts";
import { openRawSocket } from "../test/support/raw-socket.ts";
import { until } from "../test/support/until.ts";
import { makeHome, median, startReadyAleph } from "./bench/bench.ts";
import { buildExecutable, ENTRY } from "./bundle.ts";

const VERSION = "13.5.0";
const BAR = 95;
const RUNS = 3;
const SHAPES = ["mobile", "desktop"] as const;
const CATEGORIES = ["performance", "accessibility", "best-practices"] as const;
type Category = (typeof CATEGORIES)[number];
/** Best practices are told, and have no bar. */
const HELD: readonly Category[] = ["performance", "accessibility"];

interface Audit {
  readonly title: string;
  readonly score: number | null;
  readonly displayValue?: string;
}

interface Report {
  /** The page was not painted, or the browser did not answer: such a run says nothing. */
  readonly runtimeError?: { readonly code: string };
  readonly categories: Readonly<
    Record<Category, { readonly score: number; readonly auditRefs: readonly { id: string; weight: number }[] }>
  >;
  readonly audits: Readonly<Record<string, Audit>>;
}

interface PuppetPage {
  goto(url: string): Promise<unknown>;
  bringToFront(): Promise<void>;
  type(selector: string, text: string): Promise<void>;
  waitForSelector(selector: string): Promise<unknown>;
  keyboard: { press(key: string): Promise<void> };
}

/** What is used of the two packages, which have no types here. */
interface Tools {
  readonly lighthouse: (url: string, flags: object, config: object, page: PuppetPage) => Promise<{ lhr: Report }>;
  readonly desktop: object;
  readonly puppeteer: {
    connect(options: object): Promise<{ newPage(): Promise<PuppetPage>; disconnect(): Promise<void> }>;
  };
}

const chromium = findChromium();
if (!chromium) {
  console.error("No Chromium found: install it (Debian: chromium) and try again");
  process.exit(1);
}
const folder = resolve(".cache/lighthouse");
const { lighthouse, desktop, puppeteer } = await fetchTools();
const executable = join(folder, "aleph-server");
await buildExecutable({ entry: ENTRY, outfile: executable });

using home = makeHome();
await using server = await startReadyAleph({ aleph: executable }, home.path);
const url = `http://127.0.0.1:${server.port}`;
const key = "agent:main:main";
{
  using socket = await openRawSocket(url, server.token);
  await socket.call("session.send", { session_key: key, message: "help" });
}
await using browser = await startBrowser(chromium);
const puppet = await puppeteer.connect({ browserURL: browser.url, defaultViewport: null });
const page = await puppet.newPage();

let isBelow = false;
const places = [
  { name: "login", path: "/login" },
  { name: "first page", path: "/" },
  { name: "conversation", path: `/#/s/${encodeURIComponent(key)}` },
];
for (const { name, path } of places) {
  if (path === "/") await logIn();
  for (const shape of SHAPES) await judge(name, path, shape);
}
await puppet.disconnect();
process.exit(isBelow ? 1 : 0);

async function judge(name: string, path: string, shape: (typeof SHAPES)[number]): Promise<void> {
  const reports: Report[] = [];
  for (let tries = RUNS * 2; reports.length < RUNS; tries--) {
    const report = await run(path, shape);
    if (report.runtimeError === undefined) reports.push(report);
    else if (tries <= 0) throw new Error(`${name}, ${shape}: ${report.runtimeError.code}`);
  }
  const scores = CATEGORIES.map((category) => {
    const score = Math.round(100 * median(reports.map(({ categories }) => categories[category].score)));
    if (score < BAR && HELD.includes(category)) isBelow = true;
    return `${category} ${score}`;
  });
  const last = reports.at(-1)!;
  const paints = [
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
  ]
    .map((id) => `${last.audits[id]!.title} ${last.audits[id]!.displayValue}`)
    .join(", ");
  console.log(`${name}, ${shape}: ${scores.join(", ")} (${paints})`);
  for (const category of CATEGORIES) {
    for (const { id, weight } of last.categories[category].auditRefs) {
      const { title, score, displayValue = "" } = last.audits[id]!;
      if (weight > 0 && score !== null && score < 0.9) console.log(`    ${category}: ${title} ${displayValue}`);
    }
  }
}

async function run(path: string, shape: (typeof SHAPES)[number]): Promise<Report> {
  const flags = { onlyCategories: CATEGORIES, disableStorageReset: true, logLevel: "error" };
  const config = shape === "desktop" ? desktop : { extends: "lighthouse:default" };
  // The address is left first: another one behind `#` alone loads nothing.
  await page.goto("about:blank");
  await page.bringToFront();
  return (await lighthouse(`${url}${path}`, flags, config, page)).lhr;
}

async function logIn(): Promise<void> {
  await page.goto(`${url}/login`);
  await page.type("#token", server.token);
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-link=connected] .composer");
}

async function fetchTools(): Promise<Tools> {
  mkdirSync(folder, { recursive: true });
  const manifest = join(folder, "package.json");
  const packages = join(folder, "node_modules");
  const wanted = { private: true, type: "module", dependencies: { lighthouse: VERSION } };
  const isThere = existsSync(manifest) && readFileSync(manifest, "utf8") === JSON.stringify(wanted);
  if (!isThere || !existsSync(packages)) {
    writeFileSync(manifest, JSON.stringify(wanted));
    const child = Bun.spawn([process.execPath, "install"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    if ((await child.exited) !== 0) throw new Error(`Lighthouse ${VERSION} could not be installed in ${folder}`);
  }
  const load = async (path: string) => (await import(join(packages, path))) as { readonly default: unknown };
  return {
    lighthouse: (await load("lighthouse/core/index.js")).default as Tools["lighthouse"],
    desktop: (await load("lighthouse/core/config/desktop-config.js")).default as object,
    puppeteer: (await load("puppeteer-core/lib/puppeteer/puppeteer-core.js")).default as Tools["puppeteer"],
  };
}

async function startBrowser(path: string): Promise<AsyncDisposable & { readonly url: string }> {
  const profile = mkdtempSync(join(tmpdir(), "aleph-lighthouse-"));
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"];
  const child = Bun.spawn([path, ...flags, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const file = join(profile, "DevToolsActivePort");
  const port = await until(() => existsSync(file) && readFileSync(file, "utf8").split("\n", 1)[0]);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
