import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCertificate } from "../../src/remote/certificate.ts";
import { hasOpenssl, makeCertificate } from "../support/certificates.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

const DAY_MS = 24 * 60 * 60_000;

describe.skipIf(!hasOpenssl)("readCertificate", () => {
  test("reads a pair with its names and end", async () => {
    await using folder = await testFolder();
    const files = await makeCertificate(folder.path, "box.example");
    const read = readCertificate(files, Date.now());
    expect(read).toEqual({
      cert: readFileSync(files.cert, "utf8"),
      key: readFileSync(files.key, "utf8"),
      names: ["box.example"],
      endsAt: expect.any(Number),
    });
    expect(read.endsAt - Date.now()).toBeGreaterThan(29 * DAY_MS);
  });

  test("refuses what is missing, no certificate, no key, another's key, or over, each with the reason", async () => {
    await using folder = await testFolder();
    const files = await makeCertificate(folder.path, "box.example");
    const other = await makeCertificate(folder.path, "other.example");
    const junk = join(folder.path, "junk");
    writeFileSync(junk, "junk");
    const now = Date.now();
    const why = async (given: typeof files, at = now) => {
      const { reason, message } = await refusal(() => readCertificate(given, at));
      expect(reason).toBe("config_invalid");
      return message;
    };
    expect(await why({ ...files, cert: join(folder.path, "nowhere") })).toBe(
      "The file of gateway.tls.cert cannot be read (ENOENT)",
    );
    expect(await why({ ...files, cert: junk })).toBe("The file of gateway.tls.cert holds no certificate in PEM");
    expect(await why({ ...files, key: junk })).toBe(
      "The file of gateway.tls.key holds no private key in PEM, or one with a password",
    );
    expect(await why({ ...files, key: other.key })).toBe(
      "The file of gateway.tls.key is not the key of the certificate",
    );
    expect(await why(files, now + 60 * DAY_MS)).toMatch(/^The file of gateway\.tls\.cert ended on \d{4}-\d\d-\d\d$/);
  });
});
