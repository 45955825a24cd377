/** The page about who may in, in a real browser. */
import { expect } from "bun:test";
import { testApp } from "../support/app.ts";
import { connectDevice, testDevice } from "../support/device.ts";
import { openFrames, request } from "../support/frames.ts";
import { text } from "./acts.ts";
import { complaintsOf } from "./axe.ts";
import { browserTest, openPage, type Page } from "./page.ts";

async function visit(page: Page, server: { readonly url: string; readonly token: string }): Promise<void> {
  await page.logIn(server);
  await page.evaluate("location.hash = '#/devices'");
  await page.until("document.querySelectorAll('.section-head').length === 3");
}

/** The button with these words inside of `part`, as soon as it can be pressed. */
const press = (page: Page, part: string, words: string) =>
  page.until(
    `[...document.querySelectorAll(${JSON.stringify(`${part} button`)})].some((one) => one.innerText.trim() === ${JSON.stringify(words)} && !one.disabled && (one.click(), true))`,
    `the button "${words}"`,
  );

browserTest("a device that asks is shown at once with its code, and gets what is chosen", async (chromium) => {
  await using server = await testApp();
  using page = await openPage(chromium);
  await visit(page, server);
  expect(await text(page, ".entries")).toContain("No device was let in");
  const device = await testDevice();
  const asking = await connectDevice(server.url, device, { scopes: ["read", "chat", "admin"], platform: "Android 17" });
  using _first = asking.socket;
  const code = String(asking.answer.error!.data.code);
  await page.until("document.querySelector('.approval .pairing-code')");
  const card = await text(page, ".approval");
  for (const part of ["phone wants to use Aleph", `${code.slice(0, 4)}-${code.slice(4)}`, "Android 17", device.id]) {
    expect(card).toContain(part);
  }
  await page.until("document.querySelector('[aria-live=assertive]').textContent.includes('A device asks')");
  await page.until("document.title.startsWith('(1) ')");
  expect(await complaintsOf(page)).toEqual([]);

  // Less than it asked for.
  await page.until(
    "[...document.querySelectorAll('.scopes label')].some((one) => one.innerText.startsWith('admin') && (one.click(), true))",
  );
  await press(page, ".approval", "Let in");
  await page.until("!document.querySelector('.approval') && document.querySelector('[data-entry].entry')");
  const { devices } = await server.client.call("auth.devices.list", {});
  expect(devices.map(({ scopes, platform }) => [scopes, platform])).toEqual([[["read", "chat"], "Android 17"]]);

  const { socket } = await connectDevice(server.url, device, { scopes: ["read"] });
  using open = socket;
  await page.click("details.entry summary");
  await press(page, ".entry-body", "Revoke");
  await page.until("document.querySelector('dialog[open]')");
  await press(page, "dialog", "Revoke");
  await page.until("!document.querySelector('dialog') && !document.querySelector('details.entry')");
  expect((await open.closed).code).toBe(4401);
  expect(page.complaints).toEqual([]);
});

browserTest("a device that asks can be turned away, and one that is answered elsewhere goes", async (chromium) => {
  await using server = await testApp();
  using page = await openPage(chromium);
  await visit(page, server);
  using _one = (await connectDevice(server.url, await testDevice())).socket;
  await page.until("document.querySelector('.approval')");
  await press(page, ".approval", "Turn away");
  await page.until("!document.querySelector('.approval')");
  expect(await server.client.call("auth.pairing.list", {})).toEqual({ pairings: [] });
  const other = await connectDevice(server.url, await testDevice());
  using _two = other.socket;
  await page.until("document.querySelector('.approval')");
  await server.client.call("auth.pairing.reject", { pairing: String(other.answer.error!.data.code) });
  await page.until("!document.querySelector('.approval')");
});

browserTest("a token is made with what is chosen, shown once, and revoked", async (chromium) => {
  await using server = await testApp();
  using page = await openPage(chromium);
  await visit(page, server);
  await press(page, ".section-head", "New token");
  await page.until("document.activeElement?.matches('dialog input.field')");
  expect(await complaintsOf(page)).toEqual([]);
  await page.type("Backup");
  await page.until(
    "[...document.querySelectorAll('dialog .scopes label')].some((one) => one.innerText.startsWith('chat') && (one.click(), true))",
  );
  await page.until("document.querySelectorAll('dialog .scopes :checked').length === 1");
  await page.evaluate("document.querySelector('dialog input.field').focus()");
  await page.press("Enter");
  const token = await page.until<string>("document.querySelector('.secret-text')?.innerText");
  using frames = await openFrames(server.url);
  expect(await frames.ask(request("connect", { auth: { token } }, 1))).toMatchObject({ result: { scopes: ["read"] } });
  await page.press("Escape");
  await page.until("!document.querySelector('dialog') && document.querySelector('details.entry')");
  // It is nowhere any more.
  expect(await page.evaluate("document.documentElement.outerHTML")).not.toContain(token);
  const [made] = (await server.client.call("auth.tokens.list", {})).tokens;
  expect(made!.expires_at! - made!.created_at).toBe(30 * 86_400_000);

  await page.click("details.entry summary");
  await press(page, ".entry-body", "Revoke");
  await press(page, "dialog", "Revoke");
  await page.until("!document.querySelector('details.entry')");
  expect((await frames.closed).code).toBe(4401);
  expect(page.complaints).toEqual([]);
});

browserTest("a guest is invited with some tools and an allowance, and the invite is revoked", async (chromium) => {
  await using server = await testApp();
  using page = await openPage(chromium);
  await visit(page, server);
  await press(page, ".section-head", "Invite a guest");
  await page.until(
    "[...document.querySelectorAll('dialog .choices label')].some((one) => one.innerText.trim() === 'time' && (one.click(), true))",
  );
  await page.until("document.querySelectorAll('dialog .choices :checked').length === 1");
  expect(await complaintsOf(page)).toEqual([]);
  await page.evaluate("document.querySelector('dialog input[type=number]').focus()");
  await page.type("5000");
  await press(page, "dialog", "Invite");
  const invite = await page.until<string>("document.querySelector('.secret-text')?.innerText");
  expect(invite).toStartWith("aleph_inv_");
  await page.press("Escape");
  const { invites } = await server.client.call("auth.invites.list", {});
  expect(invites).toMatchObject([{ tools: ["time"], budget: { tokens: 5000, cost_usd: null }, used_at: null }]);
  await page.click("details.entry summary");
  await press(page, ".entry-body", "Revoke");
  await press(page, "dialog", "Revoke");
  await page.until("!document.querySelector('details.entry')");
  expect(await server.client.call("auth.invites.list", {})).toEqual({ invites: [] });
});

browserTest("a page's visitors are invited, with the line that goes into the page", async (chromium) => {
  await using server = await testApp();
  using page = await openPage(chromium);
  await visit(page, server);
  await press(page, ".section-head", "Invite a guest");
  await page.until(
    "[...document.querySelectorAll('dialog .segments label')].some((one) => one.innerText === 'a web page' && (one.click(), true))",
  );
  await page.until("document.querySelector('dialog textarea')");
  await page.until("document.querySelector('dialog select').value === 'month'");
  expect(await complaintsOf(page)).toEqual([]);
  await page.click("dialog textarea");
  await page.type("https://shop.example http://localhost:3000");
  await press(page, "dialog", "Invite");
  const tag = await page.until<string>("document.querySelector('.secret-text')?.innerText");
  expect(tag).toMatch(
    new RegExp(`^<script src="${server.url}/widget\\.js" data-invite="aleph_inv_[\\w-]{43}" async></script>$`),
  );
  expect(await text(page, "dialog")).toContain("works on this machine only");
  await page.press("Escape");
  const { invites } = await server.client.call("auth.invites.list", {});
  expect(invites).toMatchObject([
    {
      origins: ["https://shop.example", "http://localhost:3000"],
      uses: null,
      tools: [],
      budget: { tokens: 1_000_000, cost_usd: null },
    },
  ]);
  expect(invites[0]!.expires_at - invites[0]!.created_at).toBe(30 * 86_400_000);
  await page.until("!document.querySelector('dialog')");
  expect(await text(page, "details.entry")).toContain("Chat on https://shop.example, http://localhost:3000");
  expect(await text(page, "details.entry")).toContain("0 visitors");
  await page.click("details.entry summary");
  await press(page, ".entry-body", "Revoke");
  await press(page, "dialog", "Revoke");
  await page.until("!document.querySelector('details.entry')");
  expect(page.complaints).toEqual([]);
});

browserTest("a device is linked with a picture and a link that holds the code", async (chromium) => {
  await using server = await testApp();
  using page = await openPage(chromium);
  await visit(page, server);
  await press(page, ".section-head", "Link a device");
  await press(page, "dialog", "Make a link");
  await page.until("document.querySelector('dialog svg.qr path')");
  expect(await complaintsOf(page)).toEqual([]);
  const link = new URL(await text(page, ".secret-text"));
  expect(link.origin).toBe(server.url);
  expect(await text(page, "dialog")).toContain("works on this machine only");
  const device = await testDevice();
  const { answer, socket } = await connectDevice(server.url, device, {
    scopes: ["read", "chat", "write", "approve", "admin"],
    pairingCode: link.hash.replace("#pair=", ""),
  });
  using _ = socket;
  expect(answer.result).toMatchObject({ scopes: ["read", "chat", "write", "approve"] });
  await page.press("Escape");
  await page.until(`document.querySelector("[data-entry='${device.id}']")`);
  expect(page.complaints).toEqual([]);
});

browserTest("logging out everywhere ends this page and every other login, and no token", async (chromium) => {
  await using server = await testApp();
  using elsewhere = await openPage(chromium);
  await elsewhere.logIn(server);
  using page = await openPage(chromium);
  await page.logIn(server);
  await page.evaluate("location.hash = '#/settings'");
  await press(page, ".settings", "Log out everywhere");
  await page.until("document.querySelector('dialog[open]')");
  await press(page, "dialog", "Log out everywhere");
  await page.until("location.pathname === '/login'");
  await elsewhere.until("location.pathname === '/login'");
  using frames = await openFrames(server.url);
  expect(await frames.ask(request("connect", { auth: { token: server.token } }, 1))).toMatchObject({
    result: { role: "operator" },
  });
});
