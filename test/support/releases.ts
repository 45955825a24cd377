/** A place that newer versions come from: a real HTTP server with a signed description, and what can go wrong there. */
import { join } from "node:path";
import { ensureSigningKey } from "../../src/lib/signing-key.ts";
import { type Release, SIGNED_AS } from "../../src/update/release.ts";
import { testFolder } from "./folder.ts";

/** An executable that knows only which version it is. */
export const scriptOf = (version: string) => `#!/bin/sh\necho '{"version":"${version}"}'\n`;

export async function startReleases(target = "linux-x64") {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const key = await ensureSigningKey(join(folder.path, "release-key.pem"));
  const files = new Map<string, string | Uint8Array<ArrayBuffer> | Response>();
  const server = stack.adopt(
    Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        const body = files.get(new URL(request.url).pathname.slice(1));
        if (body instanceof Response) return body.clone();
        return body === undefined ? new Response("No such file", { status: 404 }) : new Response(body);
      },
    }),
    (running) => running.stop(true),
  );
  const owned = stack.move();
  return {
    url: server.url.href,
    key: key.publicKey,
    files,
    /** Offers an executable under a version; `more` spoils the description before it is signed. */
    async offer(
      version: string,
      executable: string = scriptOf(version),
      more: Partial<Release["executables"][string]> = {},
    ) {
      const file = `aleph-server-${version}-${target}.gz`;
      const bytes = Buffer.from(executable);
      const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
      const release = {
        format: 1,
        version,
        released_at: "2026-11-21T12:00:00Z",
        executables: { [target]: { file, bytes: bytes.length, sha256, ...more } },
      };
      const text = JSON.stringify(release);
      files.set("latest.json", text);
      files.set("latest.json.sig", `${await key.sign(SIGNED_AS + text)}\n`);
      files.set(file, Bun.gzipSync(bytes));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
