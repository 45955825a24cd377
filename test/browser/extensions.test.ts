/** The pages of skills and MCP servers in a real browser. */
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../support/app.ts";
import { testFolder } from "../support/folder.ts";
import { startRemoteMcp } from "../support/mcp/remote.ts";
import { oddServer } from "../support/mcp/servers.ts";
import { writeSkill } from "../support/skills.ts";
import { until } from "../support/until.ts";
import { text } from "./acts.ts";
import { complaintsOf } from "./axe.ts";
import { browserTest, openPage, type Page } from "./page.ts";

async function open(page: Page, place: string): Promise<void> {
  await page.evaluate(`location.hash = "#/${place}"`);
  await page.until(`document.querySelector(".tabs [aria-current=page][href='#/${place}']")`);
}

browserTest(
  "a skill is installed, shown with its whole text, let be used, switched off and uninstalled",
  async (chromium) => {
    await using folder = await testFolder();
    await using server = await testApp();
    const source = writeSkill(folder.path, "tea", {
      frontmatter: "name: tea\ndescription: How tea is made\nallowed-tools: read\n",
      text: "Boil <b>water</b>\u202Efirst.",
      files: { "cups.md": "Two." },
    });
    using page = await openPage(chromium);
    await page.logIn(server);
    await open(page, "skills");
    await page.until("document.querySelector('.install')");
    expect(await text(page, ".entries")).toContain("No skills yet");

    await page.click(".install summary");
    await page.click(".install input");
    await page.type(`${source}/nowhere`);
    await page.press("Enter");
    await page.until("document.querySelector('.install .trouble')");
    await page.evaluate("document.querySelector('.install input').value = ''");
    await page.click(".install input");
    await page.type(source);
    await page.press("Enter");
    await page.until("document.querySelector('.approval .exactly')");
    const card = await text(page, ".approval");
    for (const part of ["May the agent use tea?", "these tools only: read", "1 more file: cups.md", source]) {
      expect(card).toContain(part);
    }
    // As it is: nothing is set, and nothing hides.
    expect(card).toContain("Boil <b>water</b>⟨U+202E⟩first.");
    expect(await page.evaluate("document.querySelector('.approval b')")).toBeNull();
    expect(await complaintsOf(page)).toEqual([]);
    expect((await server.client.call("skills.get", { name: "tea" })).status).toBe("pending");

    await page.click(".approval .button.primary");
    await page.until("!document.querySelector('.approval')");
    const { status, sha256, approved } = await server.client.call("skills.get", { name: "tea" });
    expect([status, approved?.sha256]).toEqual(["active", sha256!]);

    await page.click("[data-entry=tea] summary");
    await page.until("document.querySelector('[data-entry=tea] .exactly')");
    await page.settled();
    const press = async (selector: string) => {
      await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).scrollIntoView({ block: "center" })`);
      await page.click(selector);
    };
    await press("[data-entry=tea] .approval-answers .button");
    await page.until("document.querySelector('[data-entry=tea] .entry-state').innerText === 'off'");
    await press("[data-entry=tea] .approval-answers .danger");
    await page.until("document.querySelector('dialog[open]')");
    await page.press("Escape");
    await page.until("!document.querySelector('dialog')");
    expect(existsSync(join(server.home.path, "skills", "tea"))).toBe(true);
    await press("[data-entry=tea] .approval-answers .danger");
    await page.until("document.querySelector('dialog[open]')");
    await page.click("dialog .danger");
    await page.until("!document.querySelector('[data-entry=tea]')");
    expect(existsSync(join(server.home.path, "skills", "tea"))).toBe(false);
    expect(page.complaints).toEqual([]);
  },
);

browserTest(
  "an MCP server whose descriptions change is held, with what changed, until it is approved",
  async (chromium) => {
    await using server = await testApp({ config: { mcp: { servers: { odd: oddServer("rug-loud") } } } });
    const { client } = server;
    await client.call("mcp.list", {});
    using page = await openPage(chromium);
    await page.logIn(server);
    await open(page, "mcp");
    await page.until("document.querySelector('[data-entry=odd] .entry-state.ok')");
    await page.click("[data-entry=odd] summary");
    await page.until("document.querySelector('.tool-list')");
    // What cannot be seen shows.
    expect(await text(page, ".tool-list")).toContain("Looks harmless\\u{202e}");

    const isHeld = async () => (await client.call("mcp.list", {})).servers[0]!.status === "held";
    await until(async () => {
      if (await isHeld()) return true;
      await client.call("mcp.call", { server: "odd", tool: "echo", arguments: { message: "x" } }).catch(() => "held");
      return false;
    });
    await page.until("document.querySelector('.approval .diff')");
    expect(await text(page, ".approval h2")).toBe("“odd” describes its tools differently now");
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('.diff > :is(ins, del)')].map((part) => [part.tagName, part.innerText])",
      ),
    ).toEqual([["INS", "."]]);
    expect(await complaintsOf(page)).toEqual([]);
    await page.click(".approval .button.primary");
    await page.until("!document.querySelector('.approval')");
    expect(await isHeld()).toBe(false);
    await page.until("document.querySelector('[data-entry=odd] .approval-answers')");
    expect(page.complaints).toEqual([]);
  },
);

browserTest("an MCP server is stopped and started, and one that fails says why", async (chromium) => {
  await using server = await testApp({
    config: { mcp: { servers: { good: oddServer("good"), bad: oddServer("exits") } } },
  });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "mcp");
  await page.until("document.querySelector('[data-entry=good] .entry-state.ok')");
  await page.click("[data-entry=good] summary");
  const button = (words: string) =>
    page.until(
      `[...document.querySelectorAll("[data-entry=good] .approval-answers .button")].some((one) => one.innerText === "${words}" && !one.disabled && (one.click(), true))`,
    );
  await button("Stop");
  await page.until("document.querySelector('[data-entry=good] .entry-state').innerText === 'stopped'");
  expect((await server.client.call("mcp.list", {})).servers.find(({ name }) => name === "good")!.status).toBe(
    "stopped",
  );
  await button("Start");
  await page.until("document.querySelector('[data-entry=good] .entry-state').innerText === 'running'");
  await page.click("[data-entry=bad] summary");
  await page.until("document.querySelector('[data-entry=bad] .failed')");
  expect(await text(page, "[data-entry=bad] .failed")).toContain('MCP server "bad"');
});

browserTest(
  "a login at a remote MCP server goes through a page of its own, and is forgotten again",
  async (chromium) => {
    await using remote = startRemoteMcp({ login: true });
    await using server = await testApp({ config: { mcp: { servers: { remote: { url: remote.url } } } } });
    using page = await openPage(chromium);
    await page.logIn(server);
    await open(page, "mcp");
    await page.until("document.querySelector('[data-entry=remote] .entry-state').innerText === 'needs a login'");
    await page.click("[data-entry=remote] summary");
    await page.click("[data-entry=remote] .entry-body .primary");
    const address = await page.until<string>("document.querySelector('[data-entry=remote] a[target=_blank]')?.href");
    expect(await page.evaluate("document.querySelector('[data-entry=remote] a').rel")).toBe("noopener noreferrer");
    // The person agrees in a browser that cannot reach the server's machine, and brings the address where it ended.
    const callback = (await fetch(address, { redirect: "manual" })).headers.get("location")!;
    await page.click("[data-entry=remote] input[type=url]");
    await page.type(callback);
    await page.press("Enter");
    await page.until("document.querySelector('[data-entry=remote] .entry-state').innerText === 'running'");
    const press = (words: string) =>
      page.until(
        `[...document.querySelectorAll("[data-entry=remote] .button")].some((one) => one.innerText === "${words}" && !one.disabled && (one.click(), true))`,
      );
    await press("Log out");
    await page.until("document.querySelector('[data-entry=remote] .entry-state').innerText === 'starts when needed'");
    await press("Start");
    await page.until("document.querySelector('[data-entry=remote] .entry-state').innerText === 'needs a login'");
    await page.until("document.querySelector('[data-entry=remote] .entry-body .primary')");
    expect(page.complaints).toEqual([]);
  },
);
