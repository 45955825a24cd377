/** A page of somebody else in the person's own browser tries to reach the server, with the panel's cookie and without. */
import { describe, expect } from "bun:test";
import { type TestApp, testApp } from "../support/app.ts";
import { until } from "../support/until.ts";
import { browserTest, openPage, type Page } from "./page.ts";

/** `127.0.0.1` on another port shares the panel's cookie, for cookies know no ports; `localhost` is another site. */
const HOSTS = ["127.0.0.1", "localhost"];

interface Outcome {
  readonly socket: string;
  readonly fetches: readonly string[];
}

const REQUEST = { jsonrpc: "2.0", id: 1, method: "session.create", params: { title: "pwned" } };
const CONNECT = {
  jsonrpc: "2.0",
  id: 0,
  method: "connect",
  params: { minProtocol: 1, maxProtocol: 1, client: { id: "x" } },
};

/** Everything that a page can send to another origin without asking it first, and what it asks first. */
function attempts(target: string): string {
  return `(async () => {
    const target = ${JSON.stringify(target)};
    const socket = await new Promise((resolve) => {
      const line = new WebSocket(target.replace("http", "ws") + "/ws");
      const said = [];
      line.onopen = () => { line.send('${JSON.stringify(CONNECT)}'); line.send('${JSON.stringify(REQUEST)}'); };
      line.onmessage = ({ data }) => { said.push(data); if (said.length > 3) resolve("answered " + said.join(" ")); };
      line.onclose = ({ code }) => resolve("closed " + code);
      setTimeout(() => resolve("open " + said.join(" ")), 3000);
    });
    const tries = [
      ["/auth/login", { method: "POST", mode: "no-cors", credentials: "include", headers: { "content-type": "text/plain" }, body: '{"token":"x"}' }],
      ["/auth/login", { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({ token: "x" }) }],
      ["/auth/logout", { method: "POST", mode: "no-cors", credentials: "include" }],
      ["/auth/logout", { method: "POST", mode: "no-cors", credentials: "include", body: "x" }],
      ["/auth/logout", { method: "POST", credentials: "include", headers: { "content-type": "application/json" }, body: "{}" }],
      ["/auth/logout/everywhere", { method: "POST", mode: "no-cors", credentials: "include" }],
      ["/metrics", { credentials: "include" }],
      ["/", { credentials: "include" }],
    ];
    const fetches = [];
    for (const [path, options] of tries) {
      fetches.push(await fetch(target + path, options).then((answer) => answer.type + " " + answer.status, () => "failed"));
    }
    for (const path of ["/auth/logout", "/metrics", "/ws", "/"]) {
      await new Promise((resolve) => {
        const picture = new Image();
        picture.onload = picture.onerror = resolve;
        picture.src = target + path;
      });
    }
    navigator.sendBeacon(target + "/auth/logout", "x");
    for (const path of ["/auth/logout", "/auth/login", "/ws"]) {
      const frame = document.createElement("iframe");
      frame.name = "f" + path;
      document.body.append(frame);
      const form = document.createElement("form");
      Object.assign(form, { method: "post", action: target + path, target: frame.name, enctype: "text/plain" });
      form.innerHTML = '<input name="token" value="x">';
      document.body.append(form);
      await new Promise((resolve) => { frame.onload = resolve; form.submit(); setTimeout(resolve, 2000); });
    }
    return { socket, fetches };
  })()`;
}

/** What somebody who got in could have changed. */
async function stateOf(server: TestApp): Promise<unknown> {
  const { sessions } = await server.client.call("session.list", {});
  const { runs } = await server.client.call("runs.list", {});
  const { config } = await server.client.call("config.get", {});
  const { connections } = await server.client.call("system.status", {});
  return { sessions: sessions.map(({ title }) => title), runs: runs.length, config, connections };
}

function foreignSite(): Bun.Server<undefined> {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch: () =>
      new Response("<!doctype html><title>elsewhere</title><body></body>", {
        headers: { "content-type": "text/html" },
      }),
  });
}

async function attack(page: Page, host: string, server: TestApp, site = foreignSite()): Promise<Outcome> {
  await using _ = site;
  await page.open(`http://${host}:${site.port}/`);
  await page.until("document.title === 'elsewhere'");
  const outcome = await page.evaluate<Outcome>(attempts(server.url));
  await page.open("about:blank");
  return outcome;
}

function expectNothing({ socket, fetches }: Outcome): void {
  expect(socket).toStartWith("closed");
  // Answers that a page may not read ("opaque"), or none; never one that it can.
  expect(fetches.filter((answer) => answer !== "failed" && !answer.startsWith("opaque"))).toEqual([]);
}

describe.each(HOSTS)("a page on another port of %s", (host) => {
  browserTest("reaches nothing in a browser that never logged in", async (chromium) => {
    await using server = await testApp();
    using page = await openPage(chromium);
    const before = await stateOf(server);
    expectNothing(await attack(page, host, server));
    expect(await stateOf(server)).toEqual(before);
  });

  browserTest(
    "reaches nothing in the browser that holds the panel's cookie, and does not even log it out",
    async (chromium) => {
      await using server = await testApp();
      using page = await openPage(chromium);
      await page.logIn(server);
      const cookies = () =>
        page.view.cdp<{ cookies: { name: string; value: string }[] }>("Network.getCookies", { urls: [server.url] });
      const held = (await cookies()).cookies;
      expect(held.map(({ name }) => name)).toEqual(["aleph_session"]);
      await page.open("about:blank");
      // The panel's own socket goes a moment after its page.
      await until(async () => (await server.client.call("system.status", {})).connections === 1);
      const before = await stateOf(server);
      expectNothing(await attack(page, host, server));
      expect(await stateOf(server)).toEqual(before);
      expect((await cookies()).cookies).toEqual(held);
      await page.open(server.url);
      await page.until("document.querySelector('[data-link=connected] .composer')", "the panel, still logged in");
    },
  );

  browserTest("reaches nothing where the server asks for no login", async (chromium) => {
    await using server = await testApp({ config: { auth: { mode: "none" } } });
    using page = await openPage(chromium);
    const before = await stateOf(server);
    expectNothing(await attack(page, host, server));
    expect(await stateOf(server)).toEqual(before);
  });
});

browserTest("a page that the configuration allows gets through: the attempts are real ones", async (chromium) => {
  const site = foreignSite();
  const allowed_origins = [`http://127.0.0.1:${site.port}`];
  await using server = await testApp({ config: { auth: { mode: "none" }, gateway: { allowed_origins } } });
  using page = await openPage(chromium);
  const { socket } = await attack(page, "127.0.0.1", server, site);
  expect(socket).toContain("pwned");
  expect(await stateOf(server)).toMatchObject({ sessions: ["pwned"] });
});

describe("the panel", () => {
  browserTest("cannot be framed", async (chromium) => {
    await using server = await testApp();
    using page = await openPage(chromium);
    await page.logIn(server);
    await using site = foreignSite();
    await page.open(`http://127.0.0.1:${site.port}/`);
    const framed = await page.evaluate<string>(`new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.onload = () => { try { resolve(frame.contentDocument?.body.innerText ?? "closed"); } catch { resolve("closed"); } };
      frame.src = ${JSON.stringify(server.url)};
      document.body.append(frame);
    })`);
    expect(framed).not.toContain("conversation");
    await page.until("true");
    const refused = page.complaints.some((complaint) => /frame|X-Frame-Options/i.test(complaint));
    expect(refused).toBe(true);
  });
});
