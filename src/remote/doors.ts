/** Where a server listens that other machines reach: which address, with which certificate, under which names. */
import { fromHome } from "../lib/home-path.ts";
import { isPublicAddress, reachOf } from "../lib/ip-address.ts";
import { AlephError } from "../protocol/errors.ts";
import { readCertificate } from "./certificate.ts";
import { findTailnetAddress, type Interfaces } from "./tailnet.ts";
import type { CertificateFiles, Tailscale } from "./tailscale.ts";

export interface DoorsRequest {
  readonly gateway: {
    readonly host: string;
    readonly remote: boolean;
    readonly tls: { readonly cert?: string; readonly key?: string; readonly tailscale: boolean };
  };
  readonly authMode: "token" | "none";
  readonly interfaces: () => Interfaces;
  readonly machineName: () => string;
  readonly tailscale: Tailscale;
  readonly userHome: string;
  /** Where certificates are kept that are not the person's own files. */
  readonly folder: string;
  readonly now: () => number;
}

export interface Doors {
  readonly host: string;
  readonly names: readonly string[];
  /** Whether it listens on 127.0.0.1 too. */
  readonly alsoLoopback: boolean;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** How other machines call it. */
  readonly name: string;
  /** What the person should know, each a sentence for the log. */
  readonly warnings: readonly string[];
}

const LOOPBACK = "127.0.0.1";
const ANY_ADDRESS = ["0.0.0.0", "::", "[::]"];

/** Throws `config_invalid` or `not_found`, with what to do next. */
export async function planDoors(request: DoorsRequest): Promise<Doors> {
  const { gateway, tailscale, now } = request;
  const warnings: string[] = [];
  const host = gateway.remote ? await remoteAddress(request, warnings) : gateway.host;
  const files = await certificateFiles(request);
  const certificate = files && readCertificate(files, now());
  const tailnetName = gateway.remote ? await tailscale.name() : undefined;
  const own = gateway.remote ? [request.machineName().toLowerCase()] : [];
  const names = [...new Set([tailnetName ?? [], certificate?.names ?? [], own].flat())].filter((name) => name !== "");
  if (!certificate && isPublicAddress(host)) {
    warnings.push("this address is on the public internet and speaks no TLS: whoever is on the way reads everything");
  }
  const nameInCertificate = certificate?.names.find((name) => name === tailnetName) ?? certificate?.names[0];
  return {
    host,
    names,
    alsoLoopback: gateway.remote && host !== LOOPBACK,
    tls: certificate && { cert: certificate.cert, key: certificate.key },
    name: nameInCertificate ?? (host.includes(":") ? `[${host}]` : host),
    warnings,
  };
}

/** One that somebody named, or else the tailnet's. */
async function remoteAddress(request: DoorsRequest, warnings: string[]): Promise<string> {
  const { gateway, authMode, tailscale } = request;
  if (authMode === "none") {
    throw invalid("auth.mode", '--remote demands authentication, and auth.mode is "none"', {
      hint: 'Set mode = "token" under [auth] in config.toml, or leave it out',
    });
  }
  if (ANY_ADDRESS.includes(gateway.host)) {
    throw invalid("gateway.host", `--remote listens on no address that is not named, and "${gateway.host}" is all`, {
      hint: "Name the one that you mean, such as --host 100.101.102.103, or leave gateway.host out for the tailnet's",
    });
  }
  if (gateway.host !== LOOPBACK) return gateway.host;
  const interfaces = request.interfaces();
  const found = findTailnetAddress(interfaces);
  if (found) {
    if (!found.isCertain) {
      warnings.push(
        `${found.address} of ${found.interfaceName} is taken for the tailnet's; if it is your carrier's, name another with --host`,
      );
    }
    return found.address;
  }
  const told = await tailscale.addresses();
  const present = Object.values(interfaces).flatMap((list = []) => list.map(({ address }) => address));
  const usable = told.find((address) => present.includes(address) && reachOf(address) === "private");
  if (usable !== undefined) return usable;
  if (told.length > 0) {
    throw new AlephError(
      "not_found",
      `Tailscale runs without an interface here, so that ${told[0]} cannot be listened on`,
      {
        data: { hint: "Run the server without --remote, and let Tailscale hand on to it: tailscale serve --bg 18790" },
      },
    );
  }
  throw new AlephError("not_found", "This machine is in no tailnet: none of its addresses is in 100.64.0.0/10", {
    data: {
      hint: "Install Tailscale and start it with tailscale up, or name the address to listen on: --remote --host ADDRESS",
    },
  });
}

async function certificateFiles(request: DoorsRequest): Promise<CertificateFiles | undefined> {
  const { cert, key, tailscale } = request.gateway.tls;
  if (tailscale) return request.tailscale.fetchCertificate(request.folder);
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw invalid(`gateway.tls.${cert === undefined ? "cert" : "key"}`, "gateway.tls needs both cert and key", {});
  }
  return { cert: fromHome(cert, request.userHome), key: fromHome(key, request.userHome) };
}

function invalid(path: string, message: string, data: { readonly hint?: string }): AlephError {
  return new AlephError("config_invalid", message, { data: { issues: [{ path, message }], ...data } });
}
