/** The certificate that a server shows, for a person to look at before it is trusted. */
import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { AlephError } from "../protocol/errors.ts";

export interface ShownCertificate {
  /** In PEM. */
  readonly pem: string;
  /** SHA-256 as people compare it: `AB:CD:…`. */
  readonly fingerprint: string;
  /** Whether the system trusts it for this name, so that there is nothing to decide. */
  readonly isTrusted: boolean;
}

const WAIT_MS = 10_000;

/** Asks without believing anything yet. Rejects with `not_found` when nobody answers there with TLS. */
export async function showCertificate(socketUrl: string): Promise<ShownCertificate> {
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
