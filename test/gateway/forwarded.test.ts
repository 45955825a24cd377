import { describe, expect, test } from "bun:test";
import { sessionCookie } from "../../src/gateway/cookie.ts";
import { seenThrough, trustedProxies } from "../../src/gateway/forwarded.ts";
import { defineRoute } from "../../src/sdk/route.ts";
import { testGateway } from "../support/gateway.ts";

const DIRECT = { address: "10.0.0.1", host: "inside:18790", secure: false };
const isTrusted = trustedProxies(["10.0.0.0/8", "fd00::/8"]);

const seen = (headers: Record<string, string>, direct = DIRECT) => seenThrough(new Headers(headers), direct, isTrusted);

describe("seenThrough", () => {
  test.each([
    ["203.0.113.9", "203.0.113.9"],
    ["203.0.113.9, 10.0.0.7", "203.0.113.9"],
    // What the client sent itself stands to the left.
    ["127.0.0.1, 203.0.113.9, 10.0.0.7", "203.0.113.9"],
    ["10.9.9.9, 203.0.113.9", "203.0.113.9"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    // Proxies all the way: the outermost one asks by itself.
    ["10.0.0.9, 10.0.0.8", "10.0.0.9"],
    // Nothing behind what is no address is believed.
    ["203.0.113.9, unknown, 10.0.0.7", "10.0.0.7"],
    ["unknown", "10.0.0.1"],
    ["203.0.113.9, <script>", "10.0.0.1"],
    ["", "10.0.0.1"],
    [" , ,", "10.0.0.1"],
  ])("reads %j from the right, to the first address that is no proxy's", (header, address) => {
    expect(seen({ "x-forwarded-for": header })).toEqual({ ...DIRECT, address });
  });

  test("believes the last word on protocol and host", () => {
    expect(seen({ "x-forwarded-proto": "https", "x-forwarded-host": "Aleph.Example" })).toEqual({
      address: "10.0.0.1",
      host: "aleph.example",
      secure: true,
    });
    expect(seen({ "x-forwarded-proto": "https, http", "x-forwarded-host": "evil.example, aleph.example" })).toEqual({
      address: "10.0.0.1",
      host: "aleph.example",
      secure: false,
    });
  });

  test("believes nobody else anything", () => {
    const direct = { address: "203.0.113.9", host: "box", secure: false };
    const forged = {
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil.example",
      forwarded: "for=127.0.0.1",
      "x-real-ip": "127.0.0.1",
    };
    expect(seen(forged, direct)).toEqual(direct);
  });

  test("knows a proxy by its IPv4 address in IPv6 too", () => {
    const direct = { ...DIRECT, address: "::ffff:10.0.0.1" };
    expect(seen({ "x-forwarded-for": "203.0.113.9" }, direct).address).toBe("203.0.113.9");
  });
});

describe("trustedProxies", () => {
  test.each([
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "10.0.0.2", false],
    ["10.0.0.0/8", "10.255.0.2", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["fd00::/8", "fd12::1", true],
    ["fd00::/8", "fe80::1", false],
    ["::1", "::1", true],
    ["0.0.0.0/0", "not an address", false],
  ])("%s and %s: %p", (block, address, expected) => {
    expect(trustedProxies([block])(address)).toBe(expected);
  });

  test.each(["10.0.0.0/33", "fd00::/129", "box", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", ""])(
    "refuses %j",
    (block) => {
      expect(() => trustedProxies([block])).toThrow(RangeError);
    },
  );
});

describe("a gateway behind a reverse proxy", () => {
  const mirror = defineRoute({
    auth: "public",
    handle: (_needs, { address, secure }) =>
      Response.json({ address, secure }, { headers: { "set-cookie": sessionCookie("x", { expiresAt: 0, secure }) } }),
  });
  const open = (settings: { trusted_proxies?: string[]; allowed_hosts?: string[] }) =>
    testGateway({ routes: { "GET /mirror": mirror }, settings: { allowed_hosts: ["aleph.example"], ...settings } });
  const proxied = {
    host: "aleph.example",
    origin: "https://aleph.example",
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-proto": "https",
  };

  test("that it trusts knows the client, the protocol and the page's own origin", async () => {
    await using server = await open({ trusted_proxies: ["127.0.0.0/8"] });
    const answer = await fetch(`${server.url}/mirror`, { headers: proxied });
    expect(await answer.json()).toEqual({ address: "203.0.113.9", secure: true });
    expect(answer.headers.get("set-cookie")).toMatch(/^__Host-aleph_session=x;.*Secure/);
  });

  test("that it does not trust believes nothing: no address, no https, no origin of it", async () => {
    await using server = await open({});
    const refused = await fetch(`${server.url}/mirror`, { headers: proxied });
    expect(refused.status).toBe(403);
    const { origin: _, ...rest } = proxied;
    const answer = await fetch(`${server.url}/mirror`, { headers: rest });
    expect(await answer.json()).toEqual({ address: "127.0.0.1", secure: false });
    expect(answer.headers.get("set-cookie")).not.toContain("Secure");
  });

  test("cannot be talked into a host that is not served", async () => {
    await using server = await open({ trusted_proxies: ["127.0.0.1"] });
    for (const headers of [
      { ...proxied, "x-forwarded-host": "evil.example" },
      { ...proxied, host: "evil.example" },
      { ...proxied, "x-forwarded-host": "aleph.example evil.example" },
    ]) {
      expect((await fetch(`${server.url}/mirror`, { headers })).status).toBe(403);
    }
    const named = { ...proxied, host: "inside", "x-forwarded-host": "aleph.example" };
    expect((await fetch(`${server.url}/mirror`, { headers: named })).status).toBe(200);
  });

  test("follows a change of the list at the next request", async () => {
    await using server = await open({});
    const ask = async () => {
      const { origin: _, ...headers } = proxied;
      return ((await (await fetch(`${server.url}/mirror`, { headers })).json()) as { address: string }).address;
    };
    expect(await ask()).toBe("127.0.0.1");
    server.settings.trusted_proxies = ["127.0.0.1"];
    expect(await ask()).toBe("203.0.113.9");
    server.settings.trusted_proxies = ["10.0.0.1"];
    expect(await ask()).toBe("127.0.0.1");
  });

  test("a client that is counted by its own address is not counted by those that it makes up", async () => {
    const { loginRoute } = await import("../../src/gateway/routes/login.ts");
    await using server = await testGateway({
      routes: { "POST /auth/login": loginRoute },
      settings: { trusted_proxies: ["127.0.0.1"] },
    });
    const statuses: number[] = [];
    for (let made = 0; made < 8; made++) {
      const { status } = await fetch(`${server.url}/auth/login`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": `198.51.100.${made}, 203.0.113.9` },
        body: JSON.stringify({ token: "wrong-token-wrong-token-wrong-token-00" }),
      });
      statuses.push(status);
    }
    expect(statuses).toContain(429);
  });
});
