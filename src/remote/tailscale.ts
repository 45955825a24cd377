/** What the `tailscale` program of this machine says and makes. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AlephError } from "../protocol/errors.ts";
import { spawnCommand } from "../sandbox/spawn.ts";

export interface Tailscale {
  /** The machine's addresses in its tailnet; none when it is not there or not up. */
  addresses(): Promise<readonly string[]>;
  /** The machine's full name in its tailnet. */
  name(): Promise<string | undefined>;
  /** Gets the certificate for that name, or a new one when it ends soon. Throws `config_invalid` when it cannot. */
  fetchCertificate(folder: string): Promise<CertificateFiles>;
}

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Where the program is when it comes as an app of macOS. */
const MAC_APP = "/Applications/Tailscale.app/Contents/MacOS/Tailscale";
const ASK_MS = 5_000;
/** A certificate is made by an authority on the internet, which checks the name first. */
const CERTIFICATE_MS = 90_000;
/** Also what an ended certificate would be refused for: it is renewed well before. */
const MIN_VALIDITY = "336h";

/** Starts the program when it is asked something, found in `path` (as in PATH). */
export function tailscaleOf({ path, userHome }: { readonly path: string; readonly userHome: string }): Tailscale {
  const file = Bun.which("tailscale", { PATH: path }) ?? Bun.which(MAC_APP, { PATH: path });

  async function run(args: readonly string[], timeoutMs: number) {
    if (file === null) return undefined;
    const { exitCode, output } = await spawnCommand({
      argv: [file, ...args],
      cwd: "/",
      env: { PATH: path, HOME: userHome },
      signal: new AbortController().signal,
      timeoutMs,
      maxOutput: 1024 * 1024,
    });
    return { isDone: exitCode === 0, output };
  }

  async function name(): Promise<string | undefined> {
    const told = await run(["status", "--json"], ASK_MS);
    if (!told?.isDone) return undefined;
    try {
      const { Self } = JSON.parse(told.output) as { Self?: { DNSName?: unknown } };
      const full = typeof Self?.DNSName === "string" ? Self.DNSName.replace(/\.$/, "").toLowerCase() : "";
      return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(full) ? full : undefined;
    } catch {
      // Another version that says it in another way: then it is reached by its address.
      return undefined;
    }
  }

  return {
    name,
    async addresses() {
      const told = await run(["ip"], ASK_MS);
      return told?.isDone ? told.output.split(/\s+/).filter((line) => /^[0-9a-f.:]+$/i.test(line)) : [];
    },
    async fetchCertificate(folder) {
      const domain = await name();
      if (domain === undefined) {
        throw invalid("There is no tailnet to get a certificate from", "Start it with: tailscale up");
      }
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const files = { cert: join(folder, `${domain}.crt`), key: join(folder, `${domain}.key`) };
      const told = await run(
        ["cert", "--cert-file", files.cert, "--key-file", files.key, "--min-validity", MIN_VALIDITY, domain],
        CERTIFICATE_MS,
      );
      if (told?.isDone) return files;
      throw invalid(
        `tailscale cert failed: ${told?.output.trim().slice(-300) ?? ""}`,
        "HTTPS certificates must be on in the tailnet's settings (admin console, DNS); on Linux: tailscale set --operator=$USER",
      );
    },
  };
}

function invalid(message: string, hint: string): AlephError {
  return new AlephError("config_invalid", message, {
    data: { issues: [{ path: "gateway.tls.tailscale", message }], hint },
  });
}
