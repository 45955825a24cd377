/** The panel as an application, in a real browser: what installs it, what it keeps, what it shows without a server. */
import { describe, expect } from "bun:test";
import { testApp } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { browserTest, openPage, type Page } from "./page.ts";

const worker = (page: Page) =>
  page.until<boolean>(
    "navigator.serviceWorker.getRegistration().then((found) => found?.active?.state === 'activated')",
    "the worker",
  );

describe("the application", () => {
  browserTest("has a manifest and icons that the browser takes, and asks for nothing at load", async (chromium) => {
    await using server = await testApp();
    using page = await openPage(chromium);
    await page.logIn(server);
    await worker(page);
    const { errors, url } = await page.view.cdp<{ errors: unknown[]; url: string }>("Page.getAppManifest");
    expect({ errors, url }).toEqual({ errors: [], url: `${server.url}/manifest.webmanifest` });
    const { installabilityErrors } = await page.view.cdp<{ installabilityErrors: { errorId: string }[] }>(
      "Page.getInstallabilityErrors",
    );
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual([]);
    expect(await page.evaluate<string>("Notification.permission")).not.toBe("granted");
    expect(page.complaints).toEqual([]);
  });

  browserTest("keeps its own files and nothing that was said", async (chromium) => {
    await using server = await conversation();
    server.fake.reply("A secret answer");
    using page = await openPage(chromium);
    await page.logIn(server);
    await worker(page);
    await page.click("#composer");
    await page.type("A secret question");
    await page.press("Enter");
    await page.until("document.querySelector('.answer .facts')");
    const kept = await page.evaluate<string[]>(`(async () => {
      const all = [];
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          const text = await (await cache.match(request)).text();
          all.push(new URL(request.url).pathname + (text.includes("secret answer") ? " SAID" : ""));
        }
      }
      return all;
    })()`);
    expect(kept).toContain("/");
    expect(
      kept.filter((path) => !/^\/(?:[\w.-]+-[a-z0-9]{8}\.(?:js|css|svg)|icon-[a-z0-9-]+\.png)?$/.test(path)),
    ).toEqual([]);
  });

  browserTest("opens without the server, says what works, and fills when it is there again", async (chromium) => {
    await using folder = await testFolder();
    using page = await openPage(chromium);
    let url = "";
    {
      await using server = await testApp({ home: folder.path });
      url = server.url;
      await page.logIn(server);
      await worker(page);
      await page.until("caches.keys().then((names) => names.length === 1)");
    }
    await page.open(`${url}/`);
    await page.until("document.querySelector('.line.danger')?.innerText.includes('You can write drafts meanwhile')");
    await page.click("#composer");
    await page.type("written offline");
    // Heavy parts are there as well.
    await page.press("k", ["Control"]);
    await page.until("document.querySelector('.palette-field')");
    await page.press("Escape");
    await using _ = await testApp({ home: folder.path, config: { gateway: { port: Number(new URL(url).port) } } });
    await page.until("!document.querySelector('.line.danger')");
    expect(await page.evaluate<string>("document.querySelector('#composer').value")).toBe("written offline");
  });

  browserTest("shows in title and icon that something waits", async (chromium) => {
    await using server = await conversation();
    server.fake.reply([{ tool_call: { name: "exec", args: { command: "curl https://example.com/" } } }]);
    using page = await openPage(chromium);
    await page.logIn(server);
    const icon = "document.querySelector('link[rel=icon]').href";
    const plain = await page.evaluate<string>(icon);
    await server.client.call("agent.run", { message: "go", session_key: MAIN });
    await page.until("document.title.startsWith('(1)')");
    await page.until(`${icon}.startsWith('data:image/svg+xml,') && ${icon}.includes('circle')`);
    const [approval] = (await server.client.call("approvals.list", { status: "pending" })).approvals;
    await server.client.call("approvals.resolve", { approval_id: approval!.approval_id, decision: "deny" });
    await page.until(`${icon} === ${JSON.stringify(plain)}`);

    // Answered before the mark has come that the dot is drawn on.
    server.fake.reply([{ tool_call: { name: "exec", args: { command: "curl https://example.org/" } } }], "Done");
    await page.evaluate(`(() => {
      const { fetch } = window;
      const gate = new Promise((resolve) => { window.letThrough = resolve; });
      window.fetch = (...asked) => gate.then(() => fetch(...asked)).finally(() => { window.cameLate = true; });
    })()`);
    await server.client.call("agent.run", { message: "go on", session_key: MAIN });
    await page.until("document.title.startsWith('(1)')");
    const [late] = (await server.client.call("approvals.list", { status: "pending" })).approvals;
    await server.client.call("approvals.resolve", { approval_id: late!.approval_id, decision: "deny" });
    await page.until("!document.title.startsWith('(1)')");
    await page.evaluate("letThrough()");
    await page.until("window.cameLate");
    await page.settled();
    expect(await page.evaluate<string>(icon)).toBe(plain);
    expect(page.complaints).toEqual([]);
  });
});
