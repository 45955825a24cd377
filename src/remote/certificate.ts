/** A certificate and its key, read from their files and found to be a pair before anybody relies on them. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { AlephError } from "../protocol/errors.ts";
import type { CertificateFiles } from "./tailscale.ts";

export interface ReadCertificate {
  /** In PEM, the whole chain. */
  readonly cert: string;
  readonly key: string;
  /** The DNS names that it is for, without those with a star. */
  readonly names: readonly string[];
  /** Unix milliseconds. */
  readonly endsAt: number;
}

/** Throws `config_invalid` with what is wrong: a file that cannot be read, no certificate, a key of another one, ended. */
export function readCertificate({ cert: certPath, key: keyPath }: CertificateFiles, now: number): ReadCertificate {
  const cert = readText(certPath, "gateway.tls.cert");
  const key = readText(keyPath, "gateway.tls.key");
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(cert);
  } catch (cause) {
    throw invalid("gateway.tls.cert", "holds no certificate in PEM", cause);
  }
  let isPair: boolean;
  try {
    isPair = leaf.checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw invalid("gateway.tls.key", "holds no private key in PEM, or one with a password", cause);
  }
  if (!isPair) throw invalid("gateway.tls.key", "is not the key of the certificate");
  const endsAt = Date.parse(leaf.validTo);
  if (endsAt <= now) throw invalid("gateway.tls.cert", `ended on ${new Date(endsAt).toISOString().slice(0, 10)}`);
  return { cert, key, names: namesOf(leaf), endsAt };
}

function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return [...subjectAltName.matchAll(/DNS:([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?:,|$)/gi)].map(([, name]) =>
    name!.toLowerCase(),
  );
}

function readText(path: string, key: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(key, `cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, cause);
  }
}

function invalid(path: string, message: string, cause?: unknown): AlephError {
  return new AlephError("config_invalid", `The file of ${path} ${message}`, {
    cause,
    data: {
      issues: [{ path, message }],
      hint: "Put the chain and its key there in PEM, the server's own certificate first",
    },
  });
}
