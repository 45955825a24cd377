import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { redact, restoreMasked } from "../../src/config/redact.ts";

describe("redact", () => {
  test.each([
    [{ api_key: "plain" }, { api_key: "[masked]" }],
    [{ api_keys: ["plain", "env:KEY"] }, { api_keys: ["[masked]", "env:KEY"] }],
    [{ api_key: "" }, { api_key: "" }],
    [{ api_key: "env:KEY" }, { api_key: "env:KEY" }],
    // A secret behind a prefix that is none of ours to show.
    [{ api_key: "env:sk-abcdefghijklmnop1234" }, { api_key: "[masked]" }],
    [{ headers: { anything: "v", ref: "file:h" } }, { headers: { anything: "[masked]", ref: "file:h" } }],
    [
      { bot_token: "t", botToken: "t", client_secret: "s" },
      { bot_token: "[masked]", botToken: "[masked]", client_secret: "[masked]" },
    ],
    [
      { tokens: ["a"], token: ["a", "env:B"] },
      { tokens: ["a"], token: ["[masked]", "env:B"] },
    ],
    [{ note: "use sk-abcdefghijklmnop1234 here" }, { note: "use [masked] here" }],
    [
      { base_url: "https://u:p@h/x?key=1&a=2&token=3#f" },
      { base_url: "https://[masked]@h/x?key=[masked]&a=2&token=[masked]#f" },
    ],
    [{ base_url: "https://h/x@y" }, { base_url: "https://h/x@y" }],
    [
      { tokens: 5, on: true, none: null },
      { tokens: 5, on: true, none: null },
    ],
  ])("%j is shown as %j", (config, shown) => {
    expect(redact(config as Record<string, unknown>)).toEqual(shown as never);
  });
});

describe("restoreMasked", () => {
  test("what redact showed comes back whole; nothing masked is left", () => {
    const text = fc.oneof(fc.string(), fc.constantFrom("env:A", "sk-abcdefghijklmnop1234", "https://u:p@h/?key=1"));
    const key = fc.oneof(
      fc.constantFrom("api_key", "headers", "token", "base_url", "name"),
      fc.string().filter((name) => name !== "__proto__"),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        text,
        fc.integer(),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(key, tie("any"), { maxKeys: 4 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (config) => {
        expect(restoreMasked(redact(config), config)).toEqual({ document: config, problems: [] });
      }),
    );
  });

  test("a mask with no secret behind it is a problem, also in a list that changed", () => {
    const old = { api_key: "secret", list: [{ token: "a" }, { token: "b" }] };
    const problem = expect.stringContaining("there is no such secret to keep");
    expect(restoreMasked({ other: "[masked]" }, old).problems).toEqual([{ path: ["other"], message: problem }]);
    expect(restoreMasked({ api_key: "x[masked]" }, old).problems).toEqual([{ path: ["api_key"], message: problem }]);
    // By its place the second secret would become the first one's.
    expect(restoreMasked({ list: [{ token: "[masked]" }] }, old).problems).toEqual([
      { path: ["list", 0, "token"], message: problem },
    ]);
    expect(restoreMasked({ constructor: "[masked]" }, {}).problems).toHaveLength(1);
    expect(restoreMasked({ api_key: "new" }, old)).toEqual({ document: { api_key: "new" }, problems: [] });
  });
});
