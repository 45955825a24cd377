/** What of a home belongs to a backup: everything but what is of this moment, of this machine or secret. */

/** Old homes that a restore put aside. */
export const ASIDE = "before-restore-";
/** Where a restore unpacks, within the home so that moving what is there is one step each. */
export const STAGING = ".restore-";

/** By its first name below the home. */
export function isLeftOut(name: string, credentials: boolean): boolean {
  if (name === "credentials") return !credentials;
  if (name === "run" || name === "logs") return true;
  return name.startsWith("aleph.db") || isOfRestore(name) || name.endsWith(".tmp");
}

export function isOfRestore(name: string): boolean {
  return name.startsWith(ASIDE) || name.startsWith(STAGING);
}

/** Whether a path from an archive stays inside the folder that it is unpacked into, on every system. */
export function isSafePath(path: string): boolean {
  if (path === "" || path.length > 4096 || /[\0\\]/.test(path) || /^[A-Za-z]:/.test(path)) return false;
  return path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}
