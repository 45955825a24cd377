import { expect, test } from "bun:test";
import { readCookie, sessionCookie } from "../../src/gateway/cookie.ts";

test("sessionCookie: for this site alone, out of reach of scripts, for as long as the login", () => {
  const expiresAt = Date.UTC(2030, 0, 2, 3, 4, 5);
  expect(sessionCookie("secret", { expiresAt, secure: false }).split("; ")).toEqual([
    "aleph_session=secret",
    "Path=/",
    "Expires=Wed, 02 Jan 2030 03:04:05 GMT",
    "HttpOnly",
    "SameSite=Strict",
  ]);
});

test("sessionCookie: over TLS with a name that the browser itself guards", () => {
  const cookie = sessionCookie("secret", { expiresAt: 0, secure: true });
  expect(cookie).toStartWith("__Host-aleph_session=secret; ");
  expect(cookie.split("; ")).toEqual(expect.arrayContaining(["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]));
  expect(cookie).not.toContain("Domain");
});

test("sessionCookie: without a value it ends", () => {
  expect(sessionCookie(undefined, { expiresAt: 0, secure: false })).toBe(
    "aleph_session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Strict",
  );
});

test("readCookie: ours among others, the guarded one first", () => {
  const read = (cookie?: string) => readCookie(new Headers(cookie === undefined ? {} : { cookie }));
  expect(read("other=1; aleph_session=a; more=2")).toBe("a");
  expect(read("aleph_session=a; __Host-aleph_session=b")).toBe("b");
  expect([read(), read(""), read("other=1"), read("aleph_session"), read("xaleph_session=a")]).toEqual(
    Array(5).fill(undefined),
  );
});
