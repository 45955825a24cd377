import { describe, expect, test } from "bun:test";
import { isSecretKey, MASK, maskPieces, maskSecrets, maskText } from "../../src/lib/mask.ts";

test("isSecretKey: every spelling of a secret's name, and no other name", () => {
  const secret = [
    ..."api_key api_keys apikey apiKey API_KEY X-Api-Key x-goog-api-key authorization Authorization Proxy-Authorization".split(
      " ",
    ),
    ..."cookie Set-Cookie password db_password passphrase secret client_secret clientSecret token bot_token".split(" "),
    ..."botToken accessToken private_key secret_access_key bearer signature invite pairing_code".split(" "),
  ];
  expect(secret.filter((key) => !isSecretKey(key))).toEqual([]);
  const plain = "session_key public_key idempotency_key tokens max_tokens key name token_id invites tokenizer".split(
    " ",
  );
  expect(plain.filter(isSecretKey)).toEqual([]);
});

describe("maskText", () => {
  test.each([
    ["Authorization: Bearer abcdefgh12345678==", `Authorization: ${MASK}`],
    ["key sk-ant-api03-abcdefghijkl used", `key ${MASK} used`],
    [`aleph_gw_${"a".repeat(43)}`, MASK],
    [`AIza${"x".repeat(35)}`, MASK],
    [`ghp_${"x".repeat(36)}`, MASK],
    [`xoxb-${"1".repeat(12)}-abc`, MASK],
    [`bot 12345678:${"A".repeat(35)} said`, `bot ${MASK} said`],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nrest", `${MASK}\nrest`],
    ["cut: -----BEGIN PRIVATE KEY-----\nMIIE", `cut: ${MASK}`],
    ["two sk-aaaaaaaaaaaaaaaaaaaa sk-bbbbbbbbbbbbbbbbbbbb", `two ${MASK} ${MASK}`],
    [
      "a sk-short, Bearer of news, risk-assessment-and-more-words",
      "a sk-short, Bearer of news, risk-assessment-and-more-words",
    ],
    ["", ""],
  ])("%j is shown as %j", (text, shown) => {
    expect(maskText(text)).toBe(shown);
  });

  test("takes little time for text that looks like many secrets and is none", () => {
    const before = performance.now();
    for (const part of [
      "-----BEGIN PRIVATE KEY-----",
      "-----BEGIN ",
      "sk-",
      "Bearer ",
      "Bearer  a",
      "aleph_a",
      "12345678:",
      "xoxb-",
    ]) {
      maskText(part.repeat(20_000));
    }
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

describe("maskSecrets", () => {
  test("masks by name and by shape, in lists under a secret's name, and leaves the original alone", () => {
    const date = new Date(0);
    const value = {
      api_key: "plain",
      empty: { token: "" },
      note: "with sk-aaaaaaaaaaaaaaaaaaaa",
      list: ["a", { password: "p" }],
      token: ["a", "b"],
      count: 5,
      secret: 5,
      none: null,
      date,
      error: new Error("failed with sk-aaaaaaaaaaaaaaaaaaaa"),
    };
    const copy = { ...value };
    expect(maskSecrets(value)).toEqual({
      api_key: MASK,
      empty: { token: "" },
      note: `with ${MASK}`,
      list: ["a", { password: MASK }],
      token: [MASK, MASK],
      count: 5,
      secret: 5,
      none: null,
      date,
      error: `failed with ${MASK}`,
    });
    expect(value).toEqual(copy);
  });

  test("ends with cycles, depth and graphs without end", () => {
    const cycle: Record<string, unknown> = { token: "t" };
    cycle.self = cycle;
    const shown = JSON.stringify(maskSecrets(cycle));
    expect(shown).toContain("[too deep]");
    expect(shown).not.toContain('"t"');
    const graph = Array.from({ length: 30 }, () => ({}) as Record<string, unknown>);
    for (const node of graph) Object.assign(node, graph);
    expect(JSON.stringify(maskSecrets(graph))).toContain("[too large]");
  });

  test.each([["text"], [5], [null], [undefined], [true]])("gives back %p as it is", (value) => {
    expect(maskSecrets(value)).toBe(value as never);
  });
});

describe("maskPieces", () => {
  const key = "sk-0123456789abcdef0123";

  test.each([
    [["a", "b"], [], ["a", "b"]],
    [[`x ${key} y`], [], [`x ${MASK} y`]],
    [["x ", ...key, " y"], [], ["x ", MASK, ...Array<string>(key.length - 1).fill(""), " y"]],
    [["x sk-0123456789", "abcdef0123", "4 y ", key], [], [`x ${MASK}`, "", " y ", MASK]],
    [["one two", " three"], ["two three"], [`one ${MASK}`, ""]],
    [["abab", "abab"], ["aba"], [MASK, "b"]],
    [[`k ${key}`, "-and more"], [`${key}-and`], [`k ${MASK}`, " more"]],
    [[], [], []],
  ])("%j with %j known is %j", (pieces, known, masked) => {
    expect(maskPieces(pieces, known)).toEqual(masked);
  });
});
