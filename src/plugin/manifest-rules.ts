/** What a manifest may not say although each of its keys is right: names twice, code without an entry, a folder that is its own code. */
import { posix } from "node:path";
import type { Fault } from "../lib/schema-faults.ts";
import { parseNetworkRule } from "../sandbox/network-rules.ts";
import type { ManifestFile } from "./manifest-schema.ts";

/** What only code can answer. */
const NEEDS_CODE = ["tools", "hooks", "commands", "services", "channels", "providers", "http_routes"] as const;
const NO_CODE = 'goes with code, and a plugin of kind "static" has none';
const NAMED = ["tools", "commands", "services", "channels", "providers"] as const;
/** They belong to Aleph or steer the program that the plugin runs in. */
const RESERVED_VARIABLES = /^(?:ALEPH|BUN|NODE|LD|DYLD)_/;

export function findContradictions(file: ManifestFile): Fault[] {
  return [...ofCode(file), ...ofNames(file), ...ofPermissions(file)];
}

function ofCode({ plugin, ...file }: ManifestFile): Fault[] {
  if (plugin.kind !== "static") {
    return plugin.entry === undefined
      ? [{ path: ["plugin", "entry"], message: `is missing; a plugin of kind "${plugin.kind}" has code` }]
      : [];
  }
  const entry = plugin.entry === undefined ? [] : [{ path: ["plugin", "entry"], message: NO_CODE }];
  return [
    ...entry,
    ...NEEDS_CODE.filter((key) => file[key].length > 0).map((key) => ({ path: [key], message: NO_CODE })),
  ];
}

function ofNames(file: ManifestFile): Fault[] {
  const faults: Fault[] = [];
  for (const key of NAMED) {
    faults.push(...twice(file[key].map(({ name }, index) => ({ name, path: [key, index, "name"] }))));
  }
  const routes = file.http_routes.map(({ method, path }, index) => ({
    name: `${method} ${path}`,
    path: ["http_routes", index, "path"],
  }));
  return [...faults, ...twice(routes)];
}

function twice(items: readonly { readonly name: string; readonly path: Fault["path"] }[]): Fault[] {
  const seen = new Set<string>();
  return items.flatMap(({ name, path }) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ path, message: `"${name}" is there twice` }];
  });
}

function ofPermissions({ plugin, permissions, http_routes: routes }: ManifestFile): Fault[] {
  const faults: Fault[] = [];
  permissions.network.forEach((rule, index) => {
    try {
      parseNetworkRule(rule);
    } catch (thrown) {
      faults.push({ path: ["permissions", "network", index], message: (thrown as Error).message });
    }
  });
  permissions.env.forEach((name, index) => {
    if (!RESERVED_VARIABLES.test(name)) return;
    faults.push({ path: ["permissions", "env", index], message: `"${name}" is no variable that a plugin may have` });
  });
  permissions.filesystem.forEach((rule, index) => {
    const path = posix.normalize(rule.slice(rule.indexOf(":") + 1));
    if (path === ".." || path.startsWith("../")) {
      const message = "must name what is outside of the plugin's folder by its whole path, or with ~/";
      faults.push({ path: ["permissions", "filesystem", index], message });
    }
    if (!rule.startsWith("write:")) return;
    const entry = posix.normalize(plugin.entry ?? "");
    const isCode = path === "." || path === "./" || `${entry}/`.startsWith(path.endsWith("/") ? path : `${path}/`);
    // What it may write is not part of what was approved.
    if (isCode)
      faults.push({ path: ["permissions", "filesystem", index], message: "would let it change its own code" });
  });
  routes.forEach(({ signature }, index) => {
    if (signature === undefined || permissions.env.includes(signature.secret)) return;
    const path = ["http_routes", index, "signature", "secret"];
    faults.push({ path, message: `"${signature.secret}" is not named in permissions.env` });
  });
  return faults;
}
