import { expect, test } from "bun:test";
import { browserRules, parsePageUrl } from "../../src/browser/reach.ts";

test.each([
  ["http://127.0.0.1/", "127.0.0.1", false],
  ["http://wiki.home:8080/", "192.168.1.9", true],
  ["http://wiki.home:8081/", "192.168.1.9", false],
  ["http://nas.home/", "192.168.1.9", true],
  ["http://nas.home:99/", "192.168.1.9", true],
  ["https://example.com/", "93.184.215.14", true],
  ["https://example.com/", "169.254.169.254", false],
  ["http://evil-nas.home/", "192.168.1.9", false],
])("browserRules: whether %s may reach %s is %p", (url, address, may) => {
  const rules = browserRules(() => ["wiki.home:8080", "NAS.home"]);
  expect([rules.names(new URL(url)), rules.mayReach(new URL(url), address)]).toEqual([true, may]);
});

test("browserRules let the name that is nobody's go nowhere", () => {
  expect(browserRules(() => []).names(new URL("http://aleph.invalid/"))).toBe(false);
});

test("parsePageUrl takes private addresses only where they are allowed", () => {
  expect(parsePageUrl("http://[::1]:80/a", ["[::1]:80"]).href).toBe("http://[::1]/a");
  expect(() => parsePageUrl("http://[::1]:81/a", ["[::1]:80"])).toThrow("not on the public internet");
  expect(() => parsePageUrl("http://localhost/", [])).toThrow("not on the public internet");
  expect(() => parsePageUrl("file:///etc/passwd", [])).toThrow("is not an http or https URL");
});
