/** Retry-After in its forms. */
import { expect, test } from "bun:test";
import { retryAfter } from "../../../src/providers/wire/failure.ts";

const NOW = Date.parse("2026-10-21T07:28:00Z");

test.each([
  [{ "retry-after": "120" }, 120_000],
  [{ "retry-after": "1.5" }, 1_500],
  [{ "retry-after-ms": "250", "retry-after": "1" }, 250],
  [{ "retry-after": "Wed, 21 Oct 2026 07:28:05 GMT" }, 5_000],
  [{ "retry-after": "Wed, 21 Oct 2026 07:27:00 GMT" }, 0],
  [{ "retry-after": "Wed, 21 Oct 2026 08:00:09 GMT", date: "Wed, 21 Oct 2026 08:00:00 GMT" }, 9_000],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "" }, undefined],
  [{}, undefined],
])("retryAfter reads %p as %p ms", (headers, expected) => {
  expect(retryAfter(new Headers(headers as Record<string, string>), () => NOW)).toBe(expected);
});
