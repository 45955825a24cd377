import { expect, test } from "bun:test";
import { guestFailure } from "../../src/protocol/guest-failure.ts";

test("a guest is told the kind of a failure, with words that speak of nothing of the owner's", () => {
  const hint = "Set api_key in [providers.main]";
  expect(guestFailure({ reason: "provider_error", message: "org-1 has no credit", hint })).toEqual({
    reason: "provider_error",
    message: "Something went wrong here: try it later",
  });
  expect(guestFailure({ reason: "limit_reached", message: "50 of 50 steps", hint })).toEqual({
    reason: "limit_reached",
    message: "The answer became too long and was ended",
  });
});

test("what a plugin says to people instead is said to guests, too", () => {
  const told = { reason: "provider_error", message: "Back at nine", reworded: true } as const;
  expect(guestFailure({ ...told, hint: "Set api_key" })).toEqual(told);
});
