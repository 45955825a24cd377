/** The pages of what was recorded, usage, memory, search and channels, in a real browser. */
import { expect } from "bun:test";
import { conversation, MAIN } from "../support/conversation.ts";
import { text } from "./acts.ts";
import { complaintsOf } from "./axe.ts";
import { browserTest, openPage, type Page } from "./page.ts";

/** Where pictures for people go, when somebody wants to look. */
const PICTURES = process.env.ALEPH_PICTURES;

async function look(page: Page, name: string): Promise<void> {
  await page.settled();
  expect(await complaintsOf(page)).toEqual([]);
  if (PICTURES === undefined) return;
  for (const theme of ["light", "dark"]) {
    await page.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
    await page.screenshot(`${PICTURES}/${name}-${theme}.png`);
    await page.resize({ width: 360, height: 740, touch: true });
    await page.settled();
    await page.screenshot(`${PICTURES}/${name}-${theme}-phone.png`);
    await page.resize({ width: 1280, height: 800 });
    await page.settled();
  }
  await page.evaluate("delete document.documentElement.dataset.theme");
}

async function open(page: Page, place: string, ready: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
  await page.until(`document.querySelector(${JSON.stringify(ready)})`);
}

browserTest("what models took is plotted, told in a table by group, and held against the budget", async (chromium) => {
  await using server = await conversation({ config: { limits: { budget: { day: { tokens: 60 } } } } });
  for (const words of ["one", "two", "three"]) {
    server.fake.reply("hello");
    await server.client.call("session.send", { message: words });
  }
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "usage", ".sums tbody tr");
  const cells = "[...document.querySelectorAll('.sums tbody tr *:is(th, td)')].map((cell) => cell.innerText)";
  expect(await page.evaluate<string[]>(cells)).toEqual(["fake/m", "3", "30", "15", "0 %", expect.any(String), ""]);
  expect(await page.evaluate("document.querySelectorAll('.chart-bar').length")).toBe(30);
  const label = () => page.evaluate<string>("document.querySelector('.chart svg').getAttribute('aria-label')");
  expect(await label()).toMatch(/^Tokens by day: 45 in all, at most 45 on \d{4}-\d\d-\d\d$/);
  expect(await text(page, ".budget")).toMatch(/All together\s+15 tokens left of 60 tokens, until/);
  expect(await text(page, ".settings")).toContain("The price of 3 replies is not known");
  await look(page, "usage");

  const choose = (words: string) =>
    page.evaluate(
      `[...document.querySelectorAll(".segments label")].find((label) => label.innerText === "${words}").click()`,
    );
  await choose("Replies");
  await page.until(
    "document.querySelector('.chart svg').getAttribute('aria-label').startsWith('Replies by day: 3 in all')",
  );
  await choose("7 days");
  await page.until("document.querySelectorAll('.chart-bar').length === 7");
  await choose("Conversation");
  await page.until("document.querySelector('.sums tbody a')");
  expect(await page.evaluate("document.querySelector('.sums tbody a').getAttribute('href')")).toBe(
    `#/s/${encodeURIComponent(MAIN)}`,
  );
  expect(page.complaints).toEqual([]);
});

browserTest("a fact is added, found, seen with where it came from, and forgotten", async (chromium) => {
  await using server = await conversation();
  await server.client.call("memory.store", { content: "The user lives in Bergen", subject: "home city" });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "memory", ".entry");
  expect(await text(page, ".section-head h2")).toBe("1 fact");
  await page.click(".install summary");
  await page.click(".install textarea");
  await page.type("The user lives in <b>Oslo</b>");
  await page.click(".install input");
  await page.type("home city");
  await page.press("Enter");
  await page.until("document.querySelector('.install [role=status]').innerText !== ''");
  expect(await text(page, ".install [role=status]")).toBe("It takes the place of: The user lives in Bergen");
  await page.until("document.querySelector('.entry-name').innerText.includes('<b>Oslo</b>')");
  await page.click(".install summary");
  await server.client.call("memory.store", { content: "The user drinks tea" });
  await page.click("search input");
  await page.type("drinks");
  await page.press("Enter");
  await page.until("document.querySelector('.section-head h2').innerText === '1 fact for “drinks”'");
  expect(await text(page, ".entry-name")).toBe("The user drinks tea");
  await page.click(".section-head .button");
  await page.until("document.querySelectorAll('.entry').length === 2");
  await page.click(".entry summary");
  await page.until("document.querySelector('.entry-body .danger')");
  expect(await text(page, ".entry-body")).toContain("you");
  await look(page, "memory");
  await page.click(".entry-body .danger");
  await page.until("document.querySelector('dialog[open]')");
  await page.click("dialog .danger");
  await page.until("document.querySelectorAll('.entry').length === 1");
  expect((await server.client.call("memory.list", {})).facts).toHaveLength(1);
  expect(page.complaints).toEqual([]);
});

browserTest("what was said is found and opened at the message, however far back it is", async (chromium) => {
  await using server = await conversation();
  const messages = Array.from({ length: 450 }, (_, at) => ({
    entry: `m${at}`,
    role: at % 2 === 0 ? ("user" as const) : ("assistant" as const),
    parts: [{ type: "text" as const, text: at === 30 ? "The cormorant <i>dives</i>" : `Message ${at} of a long talk` }],
    status: "complete" as const,
    model: null,
    ts: 1_750_000_000_000 + at * 60_000,
  }));
  const conversations = [{ id: "birds", title: "Birds", created_at: messages[0]!.ts, messages }];
  await server.client.call("session.import", { source: "chatgpt", conversations });
  using page = await openPage(chromium);
  await page.logIn(server);
  await page.click("#search");
  await page.type("cormorant");
  await page.until("document.querySelector('.rail-everything')");
  await page.click(".rail-everything");
  await page.until("document.querySelector('.found-list mark')");
  expect(await text(page, ".found-list mark")).toBe("cormorant");
  expect(await text(page, ".found-text")).toContain("<i>dives</i>");
  await look(page, "search");
  await page.click(".found-list a");
  await page.until("document.querySelector('.row.found')");
  expect(await text(page, ".row.found")).toContain("The cormorant");
  const isInSight = `(() => {
    const { top, bottom } = document.querySelector(".row.found").getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  })()`;
  await page.until(isInSight, "the message in sight");
  await look(page, "found");

  await open(page, "search", "search input");
  await page.click("search input");
  await page.type("albatross");
  await page.press("Enter");
  await page.until("document.querySelector('[role=status]').innerText.includes('No message has these words')");
  expect(page.complaints).toEqual([]);
});

browserTest("channels are shown with why they failed, stopped and started", async (chromium) => {
  await using server = await conversation({
    config: {
      interfaces: {
        webchat: { enabled: true },
        telegram: { enabled: true, token: "1:x", api_root: "http://127.0.0.1:9" },
      },
    },
  });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "channels", "[data-entry=webchat] .entry-state.ok");
  expect(await text(page, ".entries")).toContain("Nobody yet.");
  await page.click("[data-entry=webchat] summary");
  await page.until("document.querySelector('[data-entry=webchat] .button')");
  await look(page, "channels");
  await page.click("[data-entry=webchat] .button");
  await page.until("document.querySelector('[data-entry=webchat] .entry-state').innerText === 'stopped'");
  const { interfaces } = await server.client.call("interface.list", {});
  expect(interfaces.find((one) => one.interface === "webchat")?.state).toBe("stopped");
  await page.click("[data-entry=webchat] .button");
  await page.until("document.querySelector('[data-entry=webchat] .entry-state.ok')");
  expect(page.complaints).toEqual([]);
});

browserTest("a job is added, run, paused and removed, and tells what became of it", async (chromium) => {
  await using server = await conversation();
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "schedules", ".install");
  await page.click(".install summary");
  await page.click(".install textarea");
  await page.type("Say the news");
  await page.click(".install input");
  await page.type("every day");
  await page.press("Enter");
  await page.until("document.querySelector('.install .trouble')");
  await page.evaluate("document.querySelector('.install input').value = ''");
  await page.click(".install input");
  await page.type("0 9 * * *");
  await page.press("Enter");
  await page.until("document.querySelector('.entry')");
  const [job] = (await server.client.call("cron.list", {})).jobs;
  expect(job).toMatchObject({ message: "Say the news", schedule: { cron: "0 9 * * *" }, enabled: true });
  await page.click(".install summary");
  server.fake.reply("Nothing new");
  await page.click(".entry summary");
  await page.until("document.querySelector('.entry-body .button')");
  await page.click(".entry-body .button");
  await page.until("document.querySelector('.job-runs')?.innerText.includes('done Nothing new')");
  await look(page, "schedules");
  await page.click(".entry-body .button:nth-of-type(2)");
  await page.until("document.querySelector('.entry-state').innerText === 'paused'");
  await page.click(".entry-body .danger");
  await page.until("document.querySelector('dialog[open]')");
  expect(await text(page, "dialog h2")).toBe("Remove the job “Say the news”?");
  await page.click("dialog .danger");
  await page.until("!document.querySelector('.entry')");
  expect((await server.client.call("cron.list", {})).jobs).toEqual([]);
  expect(page.complaints).toEqual([]);
});
