import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { createAuthorize } from "../../../src/gateway/middleware/authorize.ts";
import { type Grant, OWNER_GRANT, SCOPES } from "../../../src/protocol/identity.ts";
import { type AnyMethod, type Call, defineMethod } from "../../../src/sdk/method.ts";
import { refusal } from "../../support/config.ts";

const method = (scope: AnyMethod["scope"]): AnyMethod =>
  defineMethod({
    name: "test.method",
    summary: "",
    scope,
    params: z.unknown(),
    result: z.unknown(),
    handle: () => undefined,
  });

const ask = (
  scope: AnyMethod["scope"] | undefined,
  grant: Grant | undefined,
  name = "test.method",
  isForeign = false,
) =>
  createAuthorize()(
    { name, method: scope && method(scope), params: {}, call: { grant, connection: { isForeign } } as unknown as Call },
    () => "in",
  );

describe("authorize", () => {
  test("each scope opens what names it, and nothing else", async () => {
    for (const held of SCOPES) {
      const grant: Grant = { identity: { id: "x", kind: "device" }, role: "operator", scopes: [held] };
      for (const needed of SCOPES) {
        const outcome = held === needed ? ask(needed, grant) : await refusal(() => ask(needed, grant));
        expect(outcome).toEqual(
          held === needed
            ? "in"
            : { reason: "forbidden", message: `"test.method" needs the scope "${needed}"`, data: { scope: needed } },
        );
      }
      expect(ask("public", grant)).toBe("in");
    }
    for (const needed of SCOPES) expect(ask(needed, OWNER_GRANT)).toBe("in");
  });

  test("without rights public methods alone are open, and the others are not told from those that are not", async () => {
    expect(ask("public", undefined)).toBe("in");
    const [known, unknown] = [
      await refusal(() => ask("read", undefined)),
      await refusal(() => ask(undefined, undefined)),
    ];
    expect(known.reason).toBe("unauthenticated");
    expect(unknown).toEqual(known);
  });

  test("a name that is not printable is not printed", async () => {
    const { message } = await refusal(() => ask(undefined, OWNER_GRANT, `a\u001b[31m\n\u202e${"x".repeat(200)}`));
    expect(message).toBe(`No method "a?[31m??${"x".repeat(92)}"`);
  });

  test("a page of others gets to no method before its invite has let it in", async () => {
    expect(await refusal(() => ask("public", undefined, "test.method", true))).toMatchObject({
      reason: "forbidden",
      message: "A page of another origin must show its invite first",
    });
    expect(ask("read", OWNER_GRANT, "test.method", true)).toBe("in");
  });
});
