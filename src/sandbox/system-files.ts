/** What programs read to be loaded and to know the time zone and the language: the same on any machine, and no secret. */
import { existsSync } from "node:fs";

const LIBRARIES = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store"];
const SETTINGS = [
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/localtime",
  "/usr/share/zoneinfo",
  "/usr/share/locale",
  "/usr/share/terminfo",
  "/etc/ssl/openssl.cnf",
  "/etc/ssl/certs",
  "/usr/share/ca-certificates",
  "/proc/cpuinfo",
  "/proc/meminfo",
  "/proc/stat",
  "/sys/devices/system/cpu",
];
/** They start every program that is linked dynamically. */
const LOADERS = [
  "/lib64/ld-linux-x86-64.so.2",
  "/lib/ld-linux-aarch64.so.1",
  "/lib/ld-musl-x86_64.so.1",
  "/lib/ld-musl-aarch64.so.1",
];

export interface SystemFiles {
  readonly read: readonly string[];
  readonly loaders: readonly string[];
}

/** Those that there are. */
export function systemFiles(): SystemFiles {
  return {
    read: [...LIBRARIES, ...SETTINGS].filter((path) => existsSync(path)),
    loaders: LOADERS.filter((path) => existsSync(path)),
  };
}
