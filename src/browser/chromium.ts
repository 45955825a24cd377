/** Which program is the browser, and the switches that it is started with. */
import { closeSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { AlephError } from "../protocol/errors.ts";
import { NOWHERE } from "./reach.ts";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "chrome",
  "microsoft-edge",
  "brave-browser",
];
const PLACES = [
  "/usr/lib/chromium/chromium",
  "/usr/lib/chromium-browser/chromium-browser",
  "/usr/lib64/chromium-browser/chromium-browser",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
/** Beside the scripts that distributions and Google call a browser. */
const BESIDE = ["chrome", "chromium"];

/**
 * The program itself, real path. The scripts that distributions put before it read settings of their own, which could take away
 * what keeps the browser from the network. Throws `not_found` when there is none.
 */
export function findChromium(configured: string, onPath: (name: string) => string | null): string {
  const named = NAMES.map((name) => onPath(name) ?? "");
  const candidates = configured === "" ? [...PLACES, ...named] : [configured];
  const found = candidates.find((path) => path !== "" && isFile(path));
  if (found === undefined) {
    const message = configured === "" ? "No Chromium is installed" : `There is no browser at "${configured}"`;
    throw new AlephError("not_found", message, {
      data: {
        hint: 'The user can install it (Debian and Ubuntu: apt install chromium; Fedora: dnf install chromium; macOS: Google Chrome) or name it in config.toml: [tools.browser] executable = "/path/to/chromium"',
      },
    });
  }
  return behindScript(realpathSync(found));
}

function behindScript(path: string): string {
  const beside = [...BESIDE.map((name) => join(dirname(path), name)), ...PLACES];
  return isScript(path) ? (beside.find((other) => isFile(other) && !isScript(realpathSync(other))) ?? path) : path;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isScript(path: string): boolean {
  const head = Buffer.alloc(2);
  const fd = openSync(path, "r");
  try {
    return readSync(fd, head) === 2 && head.toString("latin1") === "#!";
  } finally {
    closeSync(fd);
  }
}

export interface SwitchOptions {
  readonly profile: string;
  readonly proxyPort: number;
  /** Whether it is confined from outside; its own sandbox cannot be made within. */
  readonly isConfined: boolean;
}

const FEATURES_OFF = [
  ...["AutofillServerCommunication", "CertificateTransparencyComponentUpdater", "DialMediaRouteProvider"],
  ...["InterestFeedContentSuggestions", "MediaRouter", "OptimizationHints", "Translate", "NetworkTimeServiceQuerying"],
  ...["DnsOverHttps", "AsyncDns", "PaintHolding", "GlobalMediaControls", "LensOverlay", "PrivacySandboxSettings4"],
];

export function chromiumSwitches({ profile, proxyPort, isConfined }: SwitchOptions): readonly string[] {
  return [
    ...["--headless", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "--window-size=1280,800"],
    // All that it says to anybody goes through the proxy: names are looked up there, and there is no way around.
    `--proxy-server=http://127.0.0.1:${proxyPort}`,
    "--proxy-bypass-list=<-loopback>",
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
    ...["--disable-quic", "--dns-prefetch-disable", "--no-pings"],
    ...["--webrtc-ip-handling-policy=disable_non_proxied_udp", "--force-webrtc-ip-handling-policy"],
    // Nothing of its own.
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps"],
    ...["--disable-client-side-phishing-detection", "--disable-domain-reliability", "--disable-breakpad"],
    ...["--disable-crash-reporter", "--disable-extensions", "--no-first-run", "--no-default-browser-check"],
    // It asks who is signed in; nobody is.
    `--gaia-url=http://${NOWHERE}/`,
    ...["--metrics-recording-only", "--no-service-autorun", "--disable-search-engine-choice-screen"],
    `--disable-features=${FEATURES_OFF.join(",")}`,
    // It asks nobody, and has no use of the machine's keys, sound and graphics.
    ...["--deny-permission-prompts", "--disable-notifications", "--password-store=basic", "--use-mock-keychain"],
    ...["--mute-audio", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"],
    `--disk-cache-size=${64 * 1024 * 1024}`,
    ...(isConfined ? ["--no-sandbox", "--no-zygote"] : []),
    "about:blank",
  ];
}
