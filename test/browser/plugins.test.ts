/** The page of plugins in a real browser. */
import { expect } from "bun:test";
import { testApp } from "../support/app.ts";
import { writeCodePlugin } from "../support/approved-plugin.ts";
import { writePlugin } from "../support/plugins.ts";
import { complaintsOf } from "./axe.ts";
import { browserTest, openPage } from "./page.ts";

const MANIFEST = `[permissions]
network = ["connect:https://api.example.com"]

[[tools]]
name = "poke"
description = "Tries what it may not"
handler = "poke"
`;
const CODE = `
  import { createServer } from "@aleph/plugin-sdk";
  createServer({ name: "poker", tools: { poke: () => fetch("https://evil.example/").then(() => "no", () => "refused") } }).start();
`;

browserTest(
  "a plugin that waits is shown with all that it asks for, and is in use when it is approved",
  async (chromium) => {
    await using server = await testApp();
    await writeCodePlugin(server.home.plugins, "poker", { manifest: MANIFEST, code: CODE });
    await writePlugin(server.home.plugins, "broken", {});
    using page = await openPage(chromium);
    await page.logIn(server);
    await page.evaluate(`location.hash = "#/plugins"`);
    await page.until("document.querySelector('.entries .approval')");
    const card = () => page.evaluate<string>("document.querySelector('.entries .approval').innerText");
    expect(await card()).toContain("The poker 1.0.0 asks for this");
    expect(await card()).toContain("May connect to api.example.com over https");
    expect(await complaintsOf(page)).toEqual([]);

    const { sha256 } = await server.client.call("plugins.get", { id: "poker" });
    await page.click(".entries .approval .primary");
    await page.until("!document.querySelector('.entries .approval')");
    expect(await server.client.call("plugins.get", { id: "poker" })).toMatchObject({
      status: "loaded",
      approved: { sha256 },
    });

    // What it tried is told.
    expect(await server.client.call("tool.call", { tool: "poke", args: {} })).toEqual({ ok: true, result: "refused" });
    await page.click("details[data-entry=poker] summary");
    await page.until("document.querySelector('.denials')");
    expect(await page.evaluate<string>("document.querySelector('.denials').innerText")).toContain("evil.example");

    await page.click("[data-entry=broken] summary");
    await page.until("document.querySelector('[data-entry=broken] .failed')");
    // What is below stays where it is from here on.
    await page.until("document.querySelector('[data-entry=broken] .piece pre')");
    await page.settled();
    await page.evaluate(
      "document.querySelector('[data-entry=poker] .entry-body .approval-answers .button').scrollIntoView({ block: 'center' })",
    );
    await page.click("[data-entry=poker] .entry-body .approval-answers .button");
    await page.until("document.querySelector('[data-entry=poker] .entry-state').innerText === 'off'");
    expect((await server.client.call("plugins.get", { id: "poker" })).status).toBe("disabled");
  },
);
