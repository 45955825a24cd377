/** The parts of the executable as a CycloneDX 1.6 document (https://cyclonedx.org/docs/1.6/json/), from what a bundle of the sources contains. */
import { join } from "node:path";
import { bundledPackages } from "../notices.ts";
import type { Release } from "./release.ts";

/** Kept by bun.lock as `["name@version", registry, info, "sha512-…"]`. */
type Locked = readonly [string, ...unknown[]];

export async function makeSbom({ version, date, folder }: Release): Promise<string> {
  const lock = Bun.JSON5.parse(await Bun.file("bun.lock").text()) as { readonly packages: Record<string, Locked> };
  const integrity = new Map<string, string>();
  for (const [id, ...rest] of Object.values(lock.packages)) {
    const sum = rest.at(-1);
    if (typeof sum === "string" && sum.startsWith("sha512-")) integrity.set(id, sum);
  }
  const components = await Promise.all((await bundledPackages()).map((path) => componentOf(path, integrity)));
  const self = {
    type: "application",
    "bom-ref": "aleph-server",
    name: "aleph-server",
    version,
    ...licenseOf("Apache-2.0"),
  };
  const runtime = {
    type: "platform",
    "bom-ref": `pkg:npm/bun@${Bun.version}`,
    name: "bun",
    version: Bun.version,
    purl: `pkg:npm/bun@${Bun.version}`,
    ...licenseOf("MIT"),
  };
  const parts = [runtime, ...components];
  const sbom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { timestamp: date.toISOString(), component: self },
    components: parts,
    dependencies: [{ ref: "aleph-server", dependsOn: parts.map((part) => part["bom-ref"]) }],
  };
  const file = `aleph-server-${version}.cdx.json`;
  await Bun.write(join(folder, file), `${JSON.stringify(sbom, null, 2)}\n`);
  return file;
}

async function componentOf(path: string, integrity: ReadonlyMap<string, string>) {
  const { name, version, license } = await Bun.file(join(path, "package.json")).json();
  // https://github.com/package-url/purl-spec: the @ of a scope is escaped.
  const purl = `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
  const sum = integrity.get(`${name}@${version}`);
  const content = sum && Buffer.from(sum.slice("sha512-".length), "base64").toString("hex");
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    ...licenseOf(license),
    ...(content ? { hashes: [{ alg: "SHA-512", content }] } : {}),
  };
}

function licenseOf(license: string) {
  return { licenses: [/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license }] };
}
