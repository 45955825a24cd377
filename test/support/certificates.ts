/** Certificates that tests make, by the program that everybody makes them with. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

export const hasOpenssl = Bun.which("openssl") !== null;

export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Signed by itself, for a DNS name, valid from now on for so many days; the paths of its files in `folder`. */
export async function makeCertificate(folder: string, name: string, days = 30): Promise<MadeCertificate> {
  mkdirSync(folder, { recursive: true });
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const child = Bun.spawn(
    [
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-keyout", files.key, "-out", files.cert, "-days", String(days)],
      ...["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
    ],
    { stdout: "ignore", stderr: "pipe" },
  );
  if ((await child.exited) !== 0) throw new Error(await new Response(child.stderr).text());
  return files;
}
