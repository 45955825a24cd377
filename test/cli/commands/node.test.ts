/** `aleph-server node` as a process of its own, and the certificate by which it knows its center. */
import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestApp, testApp } from "../../support/app.ts";
import { hasOpenssl, makeCertificate } from "../../support/certificates.ts";
import { openScreen, type RunningCli, runCli, startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { startTlsFront } from "../../support/tls-front.ts";

const NAMED = ["--name", "builder", "--tag", "linux"];

async function letIn({ client }: Pick<TestApp, "client">, running: Pick<RunningCli, "waitFor">): Promise<void> {
  const [, code = ""] = /with the code (\w+)/.exec(await running.waitFor(/with the code \w+\./)) ?? [];
  await client.call("node.approve", { code });
  await running.waitFor(/Node "builder" works for .* \(id [0-9a-f]{64}\)/);
}

async function stopped(running: RunningCli): Promise<number> {
  running.kill("SIGTERM");
  return (await running.finished).code;
}

test("node shows its code, works when it is let in, and ends at a signal", async () => {
  await using app = await testApp();
  await using folder = await testFolder();
  await using running = startCli(["node", "--center", app.url, ...NAMED], { home: folder.path });
  await letIn(app, running);
  const { nodes } = await app.client.call("node.list", {});
  expect(nodes).toMatchObject([{ name: "builder", tags: ["linux"], status: "online" }]);
  expect(await stopped(running)).toBe(0);
});

test("node ends with an error when the center lets it in no more", async () => {
  await using app = await testApp();
  await using folder = await testFolder();
  await using running = startCli(["node", "--center", app.url, ...NAMED], { home: folder.path });
  await letIn(app, running);
  await app.client.call("node.revoke", { node: "builder" });
  const { code, stderr } = await running.finished;
  expect([code, stderr]).toEqual([77, expect.stringContaining("The center lets this node in no more")]);
});

test("node refuses names and tags that are none, and a fingerprint where there is no TLS", async () => {
  await using folder = await testFolder();
  const run = async (...more: string[]) => {
    const { code, stderr } = await runCli(["node", "--center", "ws://127.0.0.1:9/ws", ...more], { home: folder.path });
    return [code, stderr.split("\n")[0]];
  };
  expect(await run("--name", "a b")).toEqual([2, 'Error: --name "a b" must be letters, digits, . _ or -']);
  expect(await run("--tag", "!")).toEqual([2, 'Error: --tag "!" must be letters, digits, . _ or -']);
  expect(await run("--fingerprint", "AB".repeat(32))).toEqual([2, "Error: Without TLS there is no certificate"]);
  expect((await runCli(["node"], { home: folder.path })).code).toBe(2);
});

describe.skipIf(!hasOpenssl)("a node whose center has a certificate that nobody vouches for", () => {
  test("believes the one with the fingerprint that it was told, remembers it, and speaks to no other", async () => {
    await using folder = await testFolder();
    await using certificates = await testFolder();
    const home = folder.path;
    const first = await makeCertificate(certificates.path, "first");
    const second = await makeCertificate(certificates.path, "second");
    await using app = await testApp();
    await using front = startTlsFront(app, first);
    const words = ["node", "--center", `https://127.0.0.1:${front.port}`, ...NAMED];

    const unknown = await runCli(words, { home });
    expect([unknown.code, unknown.stderr.split("\n")[0]]).toEqual([
      77,
      "Error: Nobody vouches for the server's certificate",
    ]);
    const [, fingerprint = ""] = /--fingerprint ([0-9A-F:]{95})/.exec(unknown.stderr)!;
    const wrong = await runCli([...words, "--fingerprint", "AB".repeat(32)], { home });
    expect([wrong.code, wrong.stderr.split("\n")[0]]).toEqual([
      77,
      "Error: The server shows another certificate than the one that is wanted",
    ]);
    expect(front.requests()).toBe(0);

    await using told = startCli([...words, "--fingerprint", fingerprint.replaceAll(":", "").toLowerCase()], { home });
    await letIn(app, told);
    expect(await stopped(told)).toBe(0);
    const kept = join(home, "credentials/center.json");
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(kept, "utf8"))).toEqual({
      center: `wss://127.0.0.1:${front.port}/ws`,
      certificate: readFileSync(first.cert, "utf8"),
    });

    await using again = startCli(words, { home });
    await again.waitFor('Node "builder" works for');
    await front[Symbol.asyncDispose]();
    await using other = startTlsFront(app, second, front.port);
    // The center changes under its hands, or somebody stands in between: nothing is said to it.
    await again.waitFor("Only the certificate that is known of it counts; to name another one: --fingerprint SHA256");
    expect(await stopped(again)).toBe(0);
    await using later = startCli(words, { home });
    await later.waitFor("Only the certificate that is known of it counts");
    expect([await stopped(later), other.requests()]).toEqual([0, 0]);

    const anew = startCli([...words, "--fingerprint", fingerprintOf(second.cert)], { home });
    await using _anew = anew;
    await anew.waitFor('Node "builder" works for');
    expect(await stopped(anew)).toBe(0);
  });

  test("asks at a terminal, and pins what the person says is right", async () => {
    await using folder = await testFolder();
    await using certificates = await testFolder();
    await using app = await testApp();
    await using front = startTlsFront(app, await makeCertificate(certificates.path, "own"));
    const words = ["node", "--center", `wss://127.0.0.1:${front.port}/ws`, ...NAMED];
    await using no = openScreen(words, { home: folder.path });
    await no.shows("Is it the server's? [y/N]");
    no.type("n\n");
    expect(await no.exited).toBe(77);
    await using yes = openScreen(words, { home: folder.path });
    await yes.shows(/SHA-256 [0-9A-F:]{95}\nIs it the server's\? \[y\/N\]/);
    yes.type("y\n");
    await yes.shows(/with the code \w+/);
    expect(readFileSync(join(folder.path, "credentials/center.json"), "utf8")).toContain("BEGIN CERTIFICATE");
  });

  test("does not start with a damaged record of it, and waits for a center that is not there yet", async () => {
    await using folder = await testFolder();
    const words = ["node", "--center", "wss://127.0.0.1:9/ws", ...NAMED];
    await using waiting = startCli(words, { home: folder.path });
    await waiting.waitFor("Its certificate must be trusted; to name another one: --fingerprint SHA256");
    expect(await stopped(waiting)).toBe(0);
    writeFileSync(join(folder.path, "credentials/center.json"), '{"center":', { mode: 0o600 });
    const { code, stderr } = await runCli(words, { home: folder.path });
    expect([code, stderr]).toEqual([78, expect.stringContaining("The file with the center's certificate is damaged")]);
  });
});

function fingerprintOf(path: string): string {
  return new X509Certificate(readFileSync(path, "utf8")).fingerprint256;
}
