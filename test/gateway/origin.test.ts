import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { checkDoor, isLoopbackAddress, isLoopbackHost, type OriginRules } from "../../src/gateway/origin.ts";
import { AlephError } from "../../src/protocol/errors.ts";

const RULES: OriginRules = { boundHost: "127.0.0.1", allowedHosts: [], allowedOrigins: [] };

function verdict(headers: Record<string, string>, rules: Partial<OriginRules> = {}, method = "GET"): string {
  try {
    checkDoor("/", { method, headers: new Headers(headers) }, { ...RULES, ...rules });
    return "in";
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(AlephError);
    const { reason, message } = thrown as AlephError;
    return `${reason}: ${message}`;
  }
}

const UNKNOWN = "forbidden: This host name is not served here";
const FOREIGN = "forbidden: Requests from this origin are not allowed";

describe("checkDoor: Host", () => {
  test.each(["127.0.0.1", "127.0.0.1:18790", "localhost", "LOCALHOST:1", "[::1]", "[::1]:18790"])(
    "%s is known",
    (host) => {
      expect(verdict({ host })).toBe("in");
    },
  );

  test.each([
    "",
    "evil.example",
    "evil.example:18790",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost.",
    "127.0.0.1.",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0.0.0.0",
    "127.0.0.2",
    "[::]",
    "[::ffff:127.0.0.1]",
    "::1",
    "localhost, evil.example",
    "evil.example, localhost",
    "localhost@evil.example",
    "evil.example#localhost",
    "localhost:123456",
    "localhost:",
    "localhost:80:80",
    "local host",
    "localhost/",
  ])("%j is not", (host) => {
    expect(verdict({ host })).toBe(UNKNOWN);
  });

  test("none at all is not", () => {
    expect(verdict({})).toBe(UNKNOWN);
  });

  test("allowed_hosts adds names, with their port or with any", () => {
    const rules = { allowedHosts: ["Panel.Example", "other.example:8443"] };
    expect(
      ["panel.example", "PANEL.example:443", "other.example:8443"].map((host) => verdict({ host }, rules)),
    ).toEqual(["in", "in", "in"]);
    expect(
      ["other.example", "other.example:1", "x.panel.example", "panel.example.evil"].map((host) =>
        verdict({ host }, rules),
      ),
    ).toEqual(Array(4).fill(UNKNOWN));
  });

  test("the bound address is known by its own name", () => {
    expect(verdict({ host: "192.0.2.7:18790" }, { boundHost: "192.0.2.7" })).toBe("in");
    expect(verdict({ host: "192.0.2.8:18790" }, { boundHost: "192.0.2.7" })).toBe(UNKNOWN);
    expect(verdict({ host: "[2001:db8::7]:18790" }, { boundHost: "2001:db8::7" })).toBe("in");
  });

  test("bound to all addresses, those of this machine are known, and nothing else", () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list!.map(({ address }) => address));
    for (const boundHost of ["0.0.0.0", "::"]) {
      for (const address of own) {
        const host = address.includes(":") ? `[${address}]` : address;
        expect(verdict({ host: `${host}:18790` }, { boundHost })).toBe("in");
      }
      expect(["192.0.2.8", "0.0.0.0", "evil.example"].map((host) => verdict({ host }, { boundHost }))).toEqual(
        Array(3).fill(UNKNOWN),
      );
    }
  });
});

describe("checkDoor: Origin", () => {
  test("the page's own origin and none are let in", () => {
    expect(verdict({ host: "127.0.0.1:18790", origin: "http://127.0.0.1:18790" })).toBe("in");
    expect(verdict({ host: "LocalHost:18790", origin: "http://localhost:18790" })).toBe("in");
    expect(verdict({ host: "[::1]:18790", origin: "http://[::1]:18790" })).toBe("in");
    expect(verdict({ host: "127.0.0.1:18790" })).toBe("in");
  });

  test.each([
    "",
    "null",
    "http://evil.example",
    "http://localhost:18790",
    "http://localhost:3000",
    "http://127.0.0.1:18791",
    "http://127.0.0.1",
    "https://127.0.0.1:18790",
    "https://127.0.0.1:18790.evil.example",
    "http://127.0.0.1:18790.evil.example",
    "http://127.0.0.1.:18790",
    "http://127.0.0.1:18790/",
    "HTTP://127.0.0.1:18790",
    "http://user@127.0.0.1:18790",
    "http://[::1]:18790",
    "http://[::ffff:127.0.0.1]:18790",
    "file://",
    "chrome-extension://abcdefghijklmnop",
    "http://127.0.0.1:18790, http://evil.example",
  ])("%j is kept out", (origin) => {
    expect(verdict({ host: "127.0.0.1:18790", origin })).toBe(FOREIGN);
  });

  test("allowed_origins adds exact ones, written with or without a slash at the end", () => {
    const rules = { allowedOrigins: ["https://panel.example/", "http://127.0.0.1:3000"] };
    const host = "127.0.0.1:18790";
    expect(
      ["https://panel.example", "http://127.0.0.1:3000"].map((origin) => verdict({ host, origin }, rules)),
    ).toEqual(["in", "in"]);
    expect(
      [
        "http://panel.example",
        "https://panel.example:444",
        "https://x.panel.example",
        "https://panel.example.evil",
      ].map((origin) => verdict({ host, origin }, rules)),
    ).toEqual(Array(4).fill(FOREIGN));
    // An origin that is allowed is no reason to answer to another name.
    expect(verdict({ host: "evil.example", origin: "https://panel.example" }, rules)).toBe(UNKNOWN);
  });
});

describe("checkDoor: Sec-Fetch-Site", () => {
  const host = "127.0.0.1:18790";

  test.each(["cross-site", "same-site"])(
    "%s without an Origin is kept out: pictures, scripts, fetch without cors",
    (site) => {
      for (const mode of ["no-cors", "cors", "same-origin", "websocket"]) {
        expect(verdict({ host, "sec-fetch-site": site, "sec-fetch-mode": mode })).toBe(FOREIGN);
      }
      expect(verdict({ host, "sec-fetch-site": site })).toBe(FOREIGN);
      // A link that a person follows is not, and changes nothing.
      expect(verdict({ host, "sec-fetch-site": site, "sec-fetch-mode": "navigate" })).toBe("in");
      expect(verdict({ host, "sec-fetch-site": site, "sec-fetch-mode": "navigate" }, {}, "POST")).toBe(FOREIGN);
    },
  );

  test.each(["same-origin", "none"])("%s is let in", (site) => {
    expect(verdict({ host, "sec-fetch-site": site, "sec-fetch-mode": "no-cors" })).toBe("in");
  });

  test("an allowed origin is let in although it is another site", () => {
    const rules = { allowedOrigins: ["https://panel.example"] };
    expect(verdict({ host, origin: "https://panel.example", "sec-fetch-site": "cross-site" }, rules)).toBe("in");
  });
});

test("isLoopbackHost and isLoopbackAddress: this machine and nothing that looks like it", () => {
  expect(["127.0.0.1", "localhost:1", "[::1]:18790", "LOCALHOST"].filter((host) => !isLoopbackHost(host))).toEqual([]);
  expect(["", "127.0.0.1.nip.io", "evil", "localhost.", "::1", "127.0.0.2"].filter(isLoopbackHost)).toEqual([]);
  expect(
    ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"].filter((address) => !isLoopbackAddress(address)),
  ).toEqual([]);
  expect(
    ["", "0.0.0.0", "::", "127.0.0.1.evil", "127.evil", "128.0.0.1", "localhost", "::ffff:10.0.0.1", "unknown"].filter(
      isLoopbackAddress,
    ),
  ).toEqual([]);
});

describe("checkDoor: the pages of others", () => {
  const door = (pathname: string, headers: Record<string, string>, rules: Partial<OriginRules> = {}) => {
    try {
      const given = { host: "127.0.0.1:18790", ...headers };
      return checkDoor(pathname, { method: "GET", headers: new Headers(given) }, { ...RULES, ...rules }) ?? "in";
    } catch (thrown) {
      return (thrown as AlephError).message;
    }
  };
  const shop = { origin: "https://shop.example" };

  test("may load the widget under a known name, whatever the browser says of them", () => {
    for (const headers of [
      shop,
      { origin: "null" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" },
    ] as Record<string, string>[]) {
      expect(door("/widget.js", headers)).toBe("in");
    }
    expect(door("/widget.js", { ...shop, host: "evil.example" })).toBe("This host name is not served here");
    for (const path of ["/widget.js/", "/Widget.js", "/widget.js.map", "//widget.js"]) {
      expect([path, door(path, shop)]).toEqual([path, "Requests from this origin are not allowed"]);
    }
  });

  test("are told apart at the socket, where somebody else says whether they were invited", () => {
    expect(door("/ws", shop)).toBe("https://shop.example");
    expect(door("/ws", { origin: "null" })).toBe("null");
    expect(door("/ws", {})).toBe("in");
    expect(door("/ws", { origin: "http://127.0.0.1:18790" })).toBe("in");
    expect(door("/ws", shop, { allowedOrigins: ["https://shop.example"] })).toBe("in");
    expect(door("/ws", { ...shop, host: "evil.example" })).toBe("This host name is not served here");
    expect(door("/ws", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" })).toBe(
      "Requests from this origin are not allowed",
    );
    expect(door("/ws/", shop)).toBe("Requests from this origin are not allowed");
  });
});
