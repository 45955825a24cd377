/** What a command may see and change: the workspace, a private temporary folder, and of the system what is nobody's secret. */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { protectedPaths } from "./protected-paths.ts";

export interface CommandFilesOptions {
  readonly workspace: string;
  /** Whether it may change the workspace. */
  readonly writes: boolean;
  readonly temporary: string;
  /** ALEPH_HOME. */
  readonly home: string;
  /** The home folder of the person. */
  readonly userHome: string;
  /** Folders in which programs are looked up. */
  readonly path: readonly string[];
  /** From the config; `~/` is the person's home. */
  readonly read: readonly string[];
  readonly write: readonly string[];
}

export interface CommandFiles {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly execute: readonly string[];
  readonly keep: readonly string[];
  readonly hide: readonly string[];
}

/** Programs and libraries. Not `/opt` as a whole: whole applications with their data are there. */
const PROGRAMS = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/nix/store",
  "/gnu/store",
  "/run/current-system",
];
const PROGRAMS_OF_MACOS = [
  "/usr",
  "/bin",
  "/sbin",
  "/System",
  "/Library/Developer",
  "/Library/Frameworks",
  "/opt/homebrew",
];
/** Of `/etc`, where secrets stand beside settings: the settings that programs ask for. */
const SETTINGS = [
  ...["passwd", "group", "nsswitch.conf", "hosts", "host.conf", "resolv.conf", "hostname", "services", "protocols"],
  ...["localtime", "timezone", "os-release", "lsb-release", "debian_version", "alpine-release", "redhat-release"],
  ...["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "mime.types", "magic", "shells", "inputrc"],
  ...["ssl/certs", "ssl/openssl.cnf", "ssl/cert.pem", "pki/tls/certs", "pki/ca-trust/extracted", "ca-certificates"],
  ...["ca-certificates.conf", "crypto-policies", "fonts", "terminfo", "java", "python3", "perl", "gcrypt"],
].map((name) => `/etc/${name}`);
const KERNEL = ["/sys/devices/system/cpu"];
/** In a home folder: keys, passwords and what programs remember of logins. */
const SECRETS = [
  ...[".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".netrc", ".git-credentials"],
  ...[".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".mozilla", ".config/gcloud", ".config/gh", ".config/hub"],
  ...[".config/op", ".config/google-chrome", ".config/chromium", ".local/share/keyrings", ".bash_history"],
  ...[".zsh_history", "Library/Keychains", "Library/Cookies", "Library/Application Support"],
];

export function commandFiles(options: CommandFilesOptions): CommandFiles {
  const { workspace, writes, temporary, home, userHome } = options;
  const place = (path: string) => {
    const full = path === "~" || path.startsWith("~/") ? join(userHome, path.slice(2)) : path;
    return existsSync(full) ? realpathSync(full) : full;
  };
  const write = [...(writes ? [workspace, ...options.write.map(place)] : []), temporary];
  const read = [...(writes ? [] : [workspace]), ...options.read.map(place)];
  const programs = process.platform === "darwin" ? PROGRAMS_OF_MACOS : PROGRAMS;
  // Many of these are links, which among what may be read would be refused.
  const execute = there([...programs, ...options.path, ...prefixes(options.path), ...SETTINGS, ...KERNEL]);
  const mayBeSeen = [...read, ...write];
  const secret = [home, ...SECRETS.map((name) => join(userHome, name))];
  return {
    read,
    write,
    execute,
    keep: writes ? [...protectedPaths(workspace)] : [],
    hide: secret.filter(
      (path) => existsSync(path) && mayBeSeen.some((root) => isWithin(root, path) && !isWithin(path, root)),
    ),
  };
}

/** `/opt/conda` for `/opt/conda/bin`: a program is more than its first file. */
function prefixes(path: readonly string[]): readonly string[] {
  return path
    .filter((folder) => ["bin", "sbin"].includes(basename(folder)) && isWithin("/opt", folder))
    .map((folder) => dirname(folder))
    .filter((folder) => folder !== "/opt");
}

function there(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)].filter((path) => existsSync(path));
}
