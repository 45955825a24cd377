import { expect, test } from "bun:test";
import { hashOf, type Place, parsePlace } from "../../../src/panel/state/router.ts";

const PLACES: readonly Place[] = [
  { page: "new" },
  { page: "settings" },
  { page: "approvals" },
  { page: "plugins" },
  { page: "skills" },
  { page: "mcp" },
  { page: "devices" },
  { page: "channels" },
  { page: "schedules" },
  { page: "memory" },
  { page: "usage" },
  { page: "search" },
  { page: "search", query: "a/b?m=c #%ü" },
  { page: "session", key: "agent:main:main", message: "42" },
  { page: "session", key: "agent:main:main" },
  { page: "session", key: "agent:main:telegram:dm:a+b@c" },
];

test.each(PLACES)("a place survives the way through the address: %j", (place) => {
  expect(parsePlace(hashOf(place))).toEqual(place);
});

test.each(["", "#", "#/", "#/s", "#/nowhere", "#/s/%E0%A4%A", "#/search/%E0%A4%A"])(
  "parsePlace of %j is a new conversation",
  (hash) => {
    expect(parsePlace(hash)).toEqual({ page: "new" });
  },
);
