/** Tells the server when the plugin was kept from a file or a program, so that its owner learns of it. */
import type { Wire } from "./wire.ts";

const MAX_DEPTH = 5;

/** Looks at an error that the plugin did not handle. */
export function noteDenial(wire: Wire, thrown: unknown, depth = 0): void {
  if (typeof thrown !== "object" || thrown === null || depth > MAX_DEPTH) return;
  const { code, path, syscall, cause, errors } = thrown as Record<string, unknown>;
  if (code === "EACCES" || code === "EPERM") {
    const isProcess = typeof syscall === "string" && /^(?:posix_)?spawn|^(?:v?fork|execve?)/.test(syscall);
    const target = typeof path === "string" ? path : isProcess ? String(syscall) : undefined;
    if (target !== undefined) {
      wire.notify("denied", { kind: isProcess ? "process" : "filesystem", target: target.slice(0, 1000) });
    }
  }
  noteDenial(wire, cause, depth + 1);
  if (Array.isArray(errors)) for (const error of errors.slice(0, MAX_DEPTH)) noteDenial(wire, error, depth + 1);
}
