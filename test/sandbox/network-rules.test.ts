import { expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { parseNetworkRule, parseNetworkRules } from "../../src/sandbox/network-rules.ts";

test.each([
  ["connect:https://api.example.com", ["https", "api.example.com", "exact", "443"]],
  ["connect:http://api.example.com", ["http", "api.example.com", "exact", "80"]],
  ["connect:wss://api.example.com", ["https", "api.example.com", "exact", "443"]],
  ["connect:ws://api.example.com:81", ["http", "api.example.com", "exact", "81"]],
  ["connect:https://API.Example.COM.:8443", ["https", "api.example.com", "exact", "8443"]],
  ["connect:https://*.example.com", ["https", "example.com", "below", "443"]],
  ["connect:https://*.example.com:8443", ["https", "example.com", "below", "8443"]],
  ["connect:https://*", ["https", "", "any", "443"]],
  ["connect:https://*:8443", ["https", "", "any", "8443"]],
  ["connect:https://bücher.example", ["https", "xn--bcher-kva.example", "exact", "443"]],
  ["connect:http://127.0.0.1:8080", ["http", "127.0.0.1", "exact", "8080"]],
  ["connect:http://[::1]:8080", ["http", "::1", "exact", "8080"]],
  ["connect:http://[0:0:0:0:0:0:0:1]:8080", ["http", "::1", "exact", "8080"]],
  ["connect:http://localhost:8080", ["http", "localhost", "exact", "8080"]],
])("parseNetworkRule reads %s", (text, [scheme, host, match, port]) => {
  expect(parseNetworkRule(text)).toEqual({ scheme, host, match, port } as ReturnType<typeof parseNetworkRule>);
});

test.each([
  "",
  "https://api.example.com",
  "connect:api.example.com",
  "connect:ftp://api.example.com",
  "connect:https://",
  "connect:https://api.example.com/path",
  "connect:https://api.example.com/",
  "connect:https://api.example.com?x",
  "connect:https://api.example.com#x",
  "connect:https://user@api.example.com",
  "connect:https://user:secret@api.example.com",
  "connect:https://api.*.com",
  "connect:https://*.*.com",
  "connect:https://api*",
  "connect:https://*api.example.com",
  "connect:https://*.",
  "connect:https://*.127.0.0.1",
  "connect:https://*.10.1",
  "connect:https://api.example.com:99999",
  "connect:https://api.example.com:0",
  "connect:https://api.example.com:https",
  "connect:https://api..example.com",
  "connect:https://.example.com",
  "connect:https://api.example.com..",
  "connect:https://api.example.com\\x",
  "connect:https://api%2eexample.com",
  "connect:https://evil\0.allowed.com",
  "connect:https://evil\t.allowed.com",
  "connect:https:// api.example.com",
  "connect:https://api.example.com\n",
  "connect:https://[::1",
  "connect:https://256.256.256.256",
])("parseNetworkRule refuses %j", (text) => {
  expect(() => parseNetworkRule(text)).toThrow(AlephError);
});

test.each([
  ["connect:https://api.example.com", "https://api.example.com/x?y", true],
  ["connect:https://api.example.com", "https://API.EXAMPLE.COM./", true],
  ["connect:https://api.example.com", "https://api.example.com:443/", true],
  ["connect:https://api.example.com", "wss://api.example.com/", true],
  ["connect:https://api.example.com", "https://api.example.com:8443/", false],
  ["connect:https://api.example.com", "http://api.example.com/", false],
  ["connect:https://api.example.com", "http://api.example.com:443/", false],
  ["connect:https://api.example.com", "ws://api.example.com/", false],
  ["connect:https://api.example.com", "https://example.com/", false],
  ["connect:https://api.example.com", "https://api.example.com.evil.test/", false],
  ["connect:https://api.example.com", "https://evil-api.example.com/", false],
  ["connect:https://api.example.com", "https://x.api.example.com/", false],
  ["connect:https://api.example.com", "https://api.example.com../", false],
  ["connect:https://*.example.com", "https://a.example.com/", true],
  ["connect:https://*.example.com", "https://a.b.example.com/", true],
  ["connect:https://*.example.com", "https://example.com/", false],
  ["connect:https://*.example.com", "https://evilexample.com/", false],
  ["connect:https://*.example.com", "https://.example.com/", false],
  ["connect:https://*.example.com", "https://a..example.com/", false],
  ["connect:https://*", "https://anything.test/", true],
  ["connect:https://*", "http://anything.test/", false],
  ["connect:https://*", "https://anything.test:8443/", false],
  ["connect:https://bücher.example", "https://xn--bcher-kva.example/", true],
  ["connect:https://xn--bcher-kva.example", "https://BÜCHER.example/", true],
  // A Cyrillic letter that looks like the other.
  ["connect:https://apple.com", "https://аpple.com/", false],
  ["connect:http://127.0.0.1:8080", "http://2130706433:8080/", true],
  ["connect:http://127.0.0.1:8080", "http://0x7f.1:8080/", true],
  ["connect:http://127.0.0.1:8080", "http://127.0.0.2:8080/", false],
  ["connect:http://127.0.0.1:8080", "http://[::ffff:127.0.0.1]:8080/", false],
  ["connect:http://127.0.0.1:8080", "http://localhost:8080/", false],
  ["connect:http://127.0.0.1:8080", "http://127.0.0.1:8081/", false],
])("parseNetworkRules: %s and %s", (rule, url, expected) => {
  expect(parseNetworkRules([rule]).names(new URL(url))).toBe(expected);
});

const EVERY_REACH = ["8.8.8.8", "127.0.0.1", "::1", "192.168.1.1", "169.254.169.254", "fe80::1", "0.0.0.0"];

test.each([
  ["connect:http://*", "http://anything.test/", ["8.8.8.8"]],
  ["connect:http://*", "http://localhost/", ["8.8.8.8"]],
  ["connect:http://*.lan", "http://nas.lan/", ["8.8.8.8"]],
  ["connect:http://example.com", "http://example.com/", ["8.8.8.8"]],
  ["connect:http://localhost", "http://localhost/", ["8.8.8.8", "127.0.0.1", "::1"]],
  ["connect:http://app.localhost", "http://app.localhost/", ["8.8.8.8", "127.0.0.1", "::1"]],
  ["connect:http://nas.lan", "http://nas.lan/", ["8.8.8.8", "192.168.1.1"]],
  ["connect:http://printer", "http://printer/", ["8.8.8.8", "192.168.1.1"]],
  ["connect:http://metadata.google.internal", "http://metadata.google.internal/", ["8.8.8.8", "192.168.1.1"]],
  ["connect:http://lan.example.com", "http://lan.example.com/", ["8.8.8.8"]],
  ["connect:http://192.168.1.1", "http://192.168.1.1/", EVERY_REACH],
  ["connect:http://example.com", "http://other.test/", []],
])("parseNetworkRules: what %s opens behind %s", (rule, url, reached) => {
  const rules = parseNetworkRules([rule]);
  expect(EVERY_REACH.filter((address) => rules.mayReach(new URL(url), address))).toEqual(reached);
});

test("parseNetworkRules: none names nothing, and several add up", () => {
  const url = new URL("http://127.0.0.1:8080/");
  expect(parseNetworkRules([]).names(url)).toBe(false);
  const both = parseNetworkRules(["connect:http://*:8080", "connect:http://127.0.0.1:8080"]);
  expect([both.names(url), both.mayReach(url, "127.0.0.1")]).toEqual([true, true]);
});
