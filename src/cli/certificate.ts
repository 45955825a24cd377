/** The certificate that a server shows, for a person to look at before it is trusted. */
import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { originOf } from "../client/address.ts";
import { printableLine } from "../lib/terminal-text.ts";
import { AlephError } from "../protocol/errors.ts";
import { usageError } from "./failure.ts";
import { confirm } from "./question.ts";
import type { Terminal } from "./terminal.ts";

interface ShownCertificate {
  /** In PEM. */
  readonly pem: string;
  /** SHA-256 as people compare it: `AB:CD:…`. */
  readonly fingerprint: string;
  /** Whether the system trusts it for this name, so that there is nothing to decide. */
  readonly isTrusted: boolean;
}

const WAIT_MS = 10_000;

/** Asks without believing anything yet. Rejects with `not_found` when nobody answers there with TLS. */
async function showCertificate(socketUrl: string): Promise<ShownCertificate> {
  const { hostname, port } = new URL(socketUrl);
  const host = hostname.replace(/^\[|\]$/g, "");
  const done = Promise.withResolvers<ShownCertificate>();
  const isName = !/^[0-9.]+$|:/.test(host);
  const socket = connect({
    host,
    port: Number(port || 443),
    rejectUnauthorized: false,
    ...(isName ? { servername: host } : {}),
  });
  socket.setTimeout(WAIT_MS, () => socket.destroy(new Error("No answer in time")));
  socket.once("secureConnect", () => {
    const shown = new X509Certificate(socket.getPeerCertificate().raw);
    done.resolve({ pem: shown.toString(), fingerprint: shown.fingerprint256, isTrusted: socket.authorized });
  });
  socket.once("error", (cause) => done.reject(silent(socketUrl, cause)));
  socket.once("close", () => done.reject(silent(socketUrl)));
  try {
    return await done.promise;
  } finally {
    socket.destroy();
  }
}

/**
 * The certificate to pin, in PEM; undefined where there is no TLS, or where the system knows it. Rejects with `forbidden` when
 * it is not the one with the fingerprint `wanted`, or nobody vouches for it and nobody says that it is right.
 */
export async function chooseCertificate(
  socketUrl: string,
  wanted: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  if (!socketUrl.startsWith("wss:")) {
    if (wanted === undefined) return undefined;
    throw usageError("Without TLS there is no certificate", "Leave --fingerprint out, or use wss://");
  }
  const shown = await showCertificate(socketUrl);
  if (wanted !== undefined) {
    if (sameFingerprint(wanted, shown.fingerprint)) return shown.pem;
    throw new AlephError("forbidden", "The server shows another certificate than the one that is wanted", {
      data: { found: shown.fingerprint, hint: "Compare with the one on the server; somebody may be in between" },
    });
  }
  if (shown.isTrusted) return undefined;
  if (terminal.interactive) {
    terminal.err.write(
      `Nobody vouches for the certificate at ${printableLine(originOf(socketUrl))}.\nSHA-256 ${shown.fingerprint}\n`,
    );
    if (await confirm(terminal, "Is it the server's?", false)) return shown.pem;
  }
  throw new AlephError("forbidden", "Nobody vouches for the server's certificate", {
    data: { fingerprint: shown.fingerprint, hint: `If it is the right one: --fingerprint ${shown.fingerprint}` },
  });
}

/** Of a certificate in PEM. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

/** Compares as people write it: any case, with or without colons. */
export function sameFingerprint(a: string, b: string): boolean {
  const bare = (text: string) =>
    text
      .replace(/^sha-?256[: ]/i, "")
      .replace(/[^0-9a-f]/gi, "")
      .toLowerCase();
  return bare(a) === bare(b) && bare(a).length === 64;
}

function silent(socketUrl: string, cause?: unknown): AlephError {
  return new AlephError("not_found", `No server answers at ${socketUrl} with TLS`, {
    cause,
    data: { hint: "Check the address; a server without TLS is ws://" },
  });
}
