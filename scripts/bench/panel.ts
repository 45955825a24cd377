/** The panel in a real Chromium: what the first page weighs, when it is painted, and how a long conversation scrolls. */
import { join } from "node:path";
import { hashOf } from "../../src/panel/state/router.ts";
import { findChromium, openPage, type Page } from "../../test/browser/page.ts";
import { fillSession, talkOf } from "../../test/support/long-session.ts";
import { openRawSocket } from "../../test/support/raw-socket.ts";
import { makeHome, median, ms, type Programs, percentile, type Row, startReadyAleph } from "./bench.ts";

const MESSAGES = 5000;
const KEY = "agent:main:chat:long";
const LOADS = 9;
const SCRIPT_BAR = 150_000;
const PAINT_BAR_MS = 100;
const FRAME_BAR_MS = 50;
/** Pixels in a second, and in one gesture. */
const SPEED = 24_000;
const GESTURE = 60_000;

export async function measurePanel(programs: Programs): Promise<readonly Row[]> {
  const chromium = findChromium();
  if (!chromium) throw new Error("No Chromium found: install it (Debian: chromium)");
  using home = makeHome("[sessions.compaction]\nenabled = false\n");
  {
    await using aleph = await startReadyAleph(programs, home.path);
    using socket = await openRawSocket(`http://127.0.0.1:${aleph.port}`, aleph.token);
    await socket.call("session.create", { session_key: KEY });
  }
  fillSession({ database: join(home.path, "aleph.db"), key: KEY, count: MESSAGES, textOf: talkOf });
  await using aleph = await startReadyAleph(programs, home.path);
  const url = `http://127.0.0.1:${aleph.port}`;
  using page = await openPage(chromium);
  await page.logIn({ url, token: aleph.token });
  const script = await scriptBytes(page);
  const paints: number[] = [];
  for (let load = 0; load < LOADS; load++) paints.push(await firstPaint(page));
  await page.until(`document.querySelector("[data-link=connected] .composer")`);
  const opening = await open(page);
  const up = await scroll(page, GESTURE);
  const down = await scroll(page, -GESTURE);
  const frames = [...opening, ...up.frames, ...down.frames];
  const late = frames.filter((frame) => frame > FRAME_BAR_MS).length;
  return [
    {
      name: "script of the panel's first page, gzip",
      aleph: `${(script / 1000).toFixed(1)} KB`,
      baseline: "",
      bar: { text: "≤ 150 KB", value: `${(script / 1000).toFixed(1)} KB`, holds: script <= SCRIPT_BAR },
    },
    {
      name: `first paint of the panel after the first byte, median of ${LOADS}`,
      aleph: ms(median(paints)),
      baseline: "",
      bar: { text: `≤ ${PAINT_BAR_MS} ms`, value: ms(median(paints)), holds: median(paints) <= PAINT_BAR_MS },
    },
    {
      name: `opening a session of ${MESSAGES.toLocaleString("en-US")} messages: longest frame`,
      aleph: ms(Math.max(...opening)),
      baseline: "",
    },
    {
      name: `scrolling through ${MESSAGES.toLocaleString("en-US")} messages and back (${frames.length} frames, ${Math.max(up.rows, down.rows)} rows in the page): frame at the median; p99; longest`,
      aleph: `${ms(median(frames))}; ${ms(percentile(frames, 0.99))}; ${ms(Math.max(...frames))}`,
      baseline: "",
      bar: { text: `no frame over ${FRAME_BAR_MS} ms`, value: String(late), holds: late === 0 },
    },
  ];
}

async function scriptBytes(page: Page): Promise<number> {
  const bodies = await page.evaluate<string[]>(`Promise.all(
    performance.getEntriesByType("resource")
      .filter(({ name, initiatorType }) => name.endsWith(".js") && initiatorType !== "dynamic-import")
      .map(({ name }) => fetch(name).then((answer) => answer.text())),
  )`);
  return bodies.reduce((sum, body) => sum + Bun.gzipSync(body).byteLength, 0);
}

async function firstPaint(page: Page): Promise<number> {
  await page.view.reload();
  return page.until<number>(`(() => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    const [page] = performance.getEntriesByType("navigation");
    return paint && paint.startTime - page.responseStart;
  })()`);
}

interface Scrolled {
  /** How long each frame took. */
  readonly frames: readonly number[];
  /** Most rows that were in the page at once. */
  readonly rows: number;
}

/** How long each frame took from the click to a second after the newest message was there. */
function open(page: Page): Promise<readonly number[]> {
  return page.evaluate(`(async () => {
    const frames = [];
    let last = await new Promise(requestAnimationFrame);
    location.hash = ${JSON.stringify(hashOf({ page: "session", key: KEY }))};
    for (let after = 0; after < 60; ) {
      const now = await new Promise(requestAnimationFrame);
      frames.push(now - last);
      last = now;
      if (after > 0 || document.querySelector(".scroller")?.textContent.includes("Answer ${MESSAGES / 2 - 1}")) after++;
    }
    return frames;
  })()`);
}

/** As fingers do it, gesture after gesture, until the conversation does not move any more. */
async function scroll(page: Page, distance: number): Promise<Scrolled> {
  await page.evaluate(`(() => {
    const seen = window.seen = { frames: [], rows: 0, isOver: false };
    let last = performance.now();
    const look = (now) => {
      if (seen.isOver) return;
      seen.frames.push(now - last);
      last = now;
      seen.rows = Math.max(seen.rows, document.querySelectorAll(".row").length);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    return 1;
  })()`);
  const first = () => page.evaluate<string>(`document.querySelector(".row").dataset.key`);
  for (let before = "", now = await first(); before !== now; ) {
    await page.view.cdp("Input.synthesizeScrollGesture", { x: 800, y: 400, yDistance: distance, speed: SPEED });
    await page.settled();
    before = now;
    now = await first();
  }
  return page.evaluate(`(() => { window.seen.isOver = true; return window.seen; })()`);
}
