/** A browser that comes in by a pairing link: the key that it makes and keeps, where WebCrypto is there and where not. */
import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { type TestApp, testApp } from "../support/app.ts";
import { until } from "../support/until.ts";
import { browserTest, openPage, type Page } from "./page.ts";

/** An address of this machine that browsers do not take for loopback: there a page over HTTP has no WebCrypto. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((face) => face?.family === "IPv4" && !face.internal)?.address;

async function invite({ client }: TestApp): Promise<string> {
  return (await client.call("auth.pairing.invite", {})).code;
}

async function pairedDevice({ client }: TestApp) {
  const { devices } = await client.call("auth.devices.list", {});
  expect(devices).toHaveLength(1);
  return devices[0]!;
}

const connected = (page: Page) => page.until("document.querySelector('[data-link=connected] .composer')", "the panel");
const keptKey = `new Promise((resolve, reject) => {
  const request = indexedDB.open("aleph", 1);
  request.onerror = () => reject(request.error);
  request.onsuccess = () => {
    const got = request.result.transaction("keys").objectStore("keys").get("device");
    got.onsuccess = () => {
      request.result.close();
      const kept = got.result;
      resolve(kept && { kind: kept.kind, extractable: kept.key?.extractable ?? null, id: kept.id });
    };
  };
})`;

describe("a pairing link", () => {
  browserTest(
    "lets the browser in once, with a key that no script can read and that holds over a reload",
    async (chromium) => {
      await using server = await testApp();
      using page = await openPage(chromium);
      const code = await invite(server);
      await page.open(`${server.url}/#pair=${code}`);
      await connected(page);
      const { device_id, name, role } = await pairedDevice(server);
      expect({ name, role }).toEqual({ name: expect.stringMatching(/^Browser on \w+$/), role: "operator" });
      expect(await page.evaluate(keptKey)).toEqual({ kind: "held", extractable: false, id: device_id });
      // The code is in no address and no history, and there is no login beside the key.
      expect(
        await page.evaluate("[location.hash.includes('pair'), localStorage.getItem('aleph.session_token')]"),
      ).toEqual([false, null]);
      await page.view.reload();
      await connected(page);
      expect((await pairedDevice(server)).device_id).toBe(device_id);

      await server.client.call("auth.devices.revoke", { device_id });
      await page.until(
        "location.pathname === '/login' && document.querySelector('#trouble').innerText.includes('not let in')",
      );
      expect(await page.evaluate("document.activeElement.id")).toBe("token");

      // The same link again: used up.
      await page.open("about:blank");
      await page.open(`${server.url}/#pair=${code}`);
      await page.until(
        "location.pathname === '/login' && document.querySelector('#trouble').innerText.includes('not let in')",
      );
      expect((await server.client.call("auth.devices.list", {})).devices).toEqual([]);
    },
  );

  browserTest(
    "of a browser that logs out is worth nothing any more, and the key is gone on both sides",
    async (chromium) => {
      await using server = await testApp();
      using page = await openPage(chromium);
      await page.open(`${server.url}/#pair=${await invite(server)}`);
      await connected(page);
      await page.evaluate("location.hash = '#/settings'");
      await page.until(
        "(([button]) => (button?.click(), button !== undefined))([...document.querySelectorAll('button')].filter((each) => each.innerText.trim() === 'Log out'))",
      );
      await page.until("location.pathname === '/login'");
      expect(await page.evaluate(keptKey)).toBeUndefined();
      await until(async () => (await server.client.call("auth.devices.list", {})).devices.length === 0);
    },
  );

  if (outside) {
    browserTest("works on a page over plain HTTP, where browsers give no WebCrypto", async (chromium) => {
      await using server = await testApp({ config: { gateway: { host: outside } } });
      using page = await openPage(chromium);
      await page.open(`${server.url}/#pair=${await invite(server)}`);
      await connected(page);
      expect(await page.evaluate("isSecureContext")).toBe(false);
      const { device_id } = await pairedDevice(server);
      expect(await page.evaluate(keptKey)).toEqual({ kind: "bytes", extractable: null, id: device_id });
      await page.view.reload();
      await connected(page);
      expect((await pairedDevice(server)).device_id).toBe(device_id);
    });
  } else test.skip("works on a page over plain HTTP: this machine has loopback alone", () => undefined);
});
