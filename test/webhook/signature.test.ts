import { describe, expect, test } from "bun:test";
import { isToken, type SignatureRules, signBody, verifySignature } from "../../src/webhook/signature.ts";

const NOW = 1_700_000_000_000;
const SECRET = "a-secret-of-some-length";
const body = new TextEncoder().encode('{"hello":"world"}');
const github: SignatureRules = { scheme: "github", tolerance_ms: 300_000 };

function hmac(text: string | Uint8Array, secret: string | Buffer = SECRET): Buffer {
  return new Bun.CryptoHasher("sha256", secret).update(text).digest();
}

function verdict(headers: Record<string, string>, rules: SignatureRules = github, secrets = [SECRET], now = NOW) {
  const said = verifySignature({ body, headers: new Headers(headers) }, rules, secrets, now);
  return said.ok || said.why;
}

describe("verifySignature, github", () => {
  const header = "x-hub-signature-256";
  const right = `sha256=${hmac(body).toString("hex")}`;

  test("takes GitHub's own example", () => {
    const hello = new TextEncoder().encode("Hello, World!");
    const sent = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const headers = new Headers({ [header]: sent });
    expect(verifySignature({ body: hello, headers }, github, ["It's a Secret to Everybody"], NOW)).toMatchObject({
      ok: true,
    });
  });

  test("takes the right one, in small and large letters, with each of several secrets, under another header and prefix", () => {
    expect(verdict({ [header]: right })).toBe(true);
    expect(verdict({ [header]: `sha256=${hmac(body).toString("hex").toUpperCase()}` })).toBe(true);
    expect(verdict({ [header]: right }, github, ["another", SECRET])).toBe(true);
    const own: SignatureRules = { ...github, header: "x-signature", prefix: "" };
    expect(verdict({ "x-signature": hmac(body).toString("hex") }, own)).toBe(true);
  });

  test("refuses none, another secret's, another body's, a part, more than one, none at all as the secret", () => {
    expect(verdict({})).toBe("no signature");
    expect(verdict({ [header]: `sha256=${hmac(body, "other").toString("hex")}` })).toBe("wrong signature");
    expect(verdict({ [header]: `sha256=${hmac("{}").toString("hex")}` })).toBe("wrong signature");
    expect(verdict({ [header]: right.slice(0, -2) })).toBe("wrong signature");
    expect(verdict({ [header]: `${right}00` })).toBe("wrong signature");
    expect(verdict({ [header]: `${right}, ${right}` })).toBe("wrong signature");
    expect(verdict({ [header]: right.slice("sha256=".length) })).toBe("wrong signature");
    expect(verdict({ [header]: `sha256=${hmac(body, " ").toString("hex")}` }, github, [""])).toBe("wrong signature");
    expect(verdict({ [header]: "a".repeat(10_000) })).toBe("no signature");
  });

  test("refuses what a length extension would make: a plain hash of the secret and the body, with more behind it", () => {
    const plain = new Bun.CryptoHasher("sha256").update(SECRET).update(body).digest("hex");
    expect(verdict({ [header]: `sha256=${plain}` })).toBe("wrong signature");
    const longer = Buffer.concat([body, Buffer.from([0x80, ...new Array(40).fill(0)]), Buffer.from("&admin=true")]);
    const headers = new Headers({ [header]: right });
    expect(verifySignature({ body: longer, headers }, github, [SECRET], NOW)).toEqual({
      ok: false,
      why: "wrong signature",
    });
  });
});

describe("verifySignature with a time", () => {
  const stripe: SignatureRules = { scheme: "stripe", tolerance_ms: 300_000 };
  const seconds = NOW / 1000;
  const signed = (at: number | string) => hmac(`${at}.${new TextDecoder().decode(body)}`).toString("hex");

  test("stripe: takes one of several signatures, and ours", () => {
    const old = "0".repeat(64);
    expect(verdict({ "stripe-signature": `t=${seconds},v1=${old},v1=${signed(seconds)},v0=${old}` }, stripe)).toBe(
      true,
    );
    const own = { ...stripe, header: "aleph-signature" };
    expect(verdict({ "aleph-signature": signBody(new TextDecoder().decode(body), SECRET, NOW) }, own)).toBe(true);
  });

  test("stripe: refuses what is too old or of the future, a changed time, two times, no time, v0 alone, floods", () => {
    const say = (sent: string) => verdict({ "stripe-signature": sent }, stripe);
    expect(say(`t=${seconds - 301},v1=${signed(seconds - 301)}`)).toBe("too old");
    expect(say(`t=${seconds + 301},v1=${signed(seconds + 301)}`)).toBe("too old");
    expect(say(`t=${seconds - 299},v1=${signed(seconds - 299)}`)).toBe(true);
    expect(say(`t=${seconds},v1=${signed(seconds - 1)}`)).toBe("wrong signature");
    expect(say(`t=${seconds},t=${seconds - 1},v1=${signed(seconds)}`)).toBe("wrong signature");
    expect(say(`v1=${signed(seconds)}`)).toBe("wrong signature");
    expect(say(`t=${seconds},v0=${signed(seconds)}`)).toBe("wrong signature");
    expect(say(`t=1e9,v1=${signed("1e9")}`)).toBe("wrong signature");
    expect(say(`t=${seconds}${`,v1=${signed(seconds)}`.repeat(9)}`)).toBe("wrong signature");
  });

  test("slack: the time is in a header of its own", () => {
    const slack: SignatureRules = { scheme: "slack", tolerance_ms: 300_000 };
    const digest = hmac(`v0:${seconds}:${new TextDecoder().decode(body)}`).toString("hex");
    const headers = { "x-slack-request-timestamp": String(seconds), "x-slack-signature": `v0=${digest}` };
    expect(verdict(headers, slack)).toBe(true);
    expect(verdict({ ...headers, "x-slack-request-timestamp": String(seconds + 1) }, slack)).toBe("wrong signature");
    expect(verdict(headers, slack, [SECRET], NOW + 301_000)).toBe("too old");
    expect(verdict({ "x-slack-signature": `v0=${digest}` }, slack)).toBe("wrong signature");
  });

  test("standard: takes the example of the Standard Webhooks project, and no id that could be read in two ways", () => {
    const rules: SignatureRules = { scheme: "standard", tolerance_ms: 300_000 };
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const example = { body: new TextEncoder().encode('{"test": 2432232314}'), headers: new Headers(headers) };
    const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
    expect(verifySignature(example, rules, secrets, 1_614_265_330_000)).toMatchObject({ ok: true });
    const split = new Headers({ ...headers, "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330" });
    expect(verifySignature({ ...example, headers: split }, rules, secrets, 1_614_265_330_000).ok).toBe(false);
  });
});

test("isToken takes one of the tokens and nothing else", () => {
  expect([isToken("abc", ["x", "abc"]), isToken("abcd", ["abc"]), isToken("", [""]), isToken("", ["abc"])]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
