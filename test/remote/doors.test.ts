import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DoorsRequest, planDoors } from "../../src/remote/doors.ts";
import { tailscaleOf } from "../../src/remote/tailscale.ts";
import { hasOpenssl, makeCertificate } from "../support/certificates.ts";
import { refusal } from "../support/config.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";

const TAILNET = { lo: [{ address: "127.0.0.1" }], tailscale0: [{ address: "100.101.102.103" }] };

/** A machine whose `tailscale` is the given shell script, or missing. */
function machine(folder: TestFolder, script?: string, more: Partial<DoorsRequest> = {}): DoorsRequest {
  const bin = join(folder.path, "bin");
  mkdirSync(bin, { recursive: true });
  if (script !== undefined) {
    writeFileSync(join(bin, "tailscale"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, "tailscale"), 0o755);
  }
  return {
    gateway: { host: "127.0.0.1", remote: true, tls: { tailscale: false } },
    authMode: "token",
    interfaces: () => TAILNET,
    machineName: () => "Box",
    tailscale: tailscaleOf({ path: `${bin}:/usr/bin:/bin`, userHome: folder.path }),
    userHome: folder.path,
    folder: join(folder.path, "tls"),
    now: Date.now,
    ...more,
  };
}
const gateway = (more: Partial<DoorsRequest["gateway"]>) => ({
  gateway: { host: "127.0.0.1", remote: true, tls: { tailscale: false }, ...more },
});

describe("planDoors with --remote", () => {
  test("takes the tailnet's address and loopback, under the machine's names", async () => {
    await using folder = await testFolder();
    const status = `{"Self": {"DNSName": "box.tail1234.ts.net."}}`;
    expect(await planDoors(machine(folder, `[ "$1" = status ] && echo '${status}'`))).toEqual({
      host: "100.101.102.103",
      names: ["box.tail1234.ts.net", "box"],
      alsoLoopback: true,
      tls: undefined,
      name: "100.101.102.103",
      warnings: [],
    });
    const { names } = await planDoors(machine(folder, "echo not JSON"));
    expect(names).toEqual(["box"]);
  });

  test("asks tailscale where no interface tells, and takes only what this machine has", async () => {
    await using folder = await testFolder();
    const headscale = { interfaces: () => ({ eth7: [{ address: "10.9.8.7" }] }) };
    const { host } = await planDoors(machine(folder, "printf '10.9.8.7\\nfd00::7\\n'", headscale));
    expect(host).toBe("10.9.8.7");
    const hidden = await refusal(() => planDoors(machine(folder, "echo 100.64.1.2", { interfaces: () => ({}) })));
    expect(hidden).toEqual({
      reason: "not_found",
      message: "Tailscale runs without an interface here, so that 100.64.1.2 cannot be listened on",
      data: { hint: expect.stringContaining("tailscale serve") },
    });
    // What a program says is no reason to open a public address.
    const odd = { interfaces: () => ({ eth0: [{ address: "8.8.8.8" }] }) };
    expect((await refusal(() => planDoors(machine(folder, "echo 8.8.8.8", odd)))).reason).toBe("not_found");
  });

  test("says what to do where there is no tailnet", async () => {
    await using folder = await testFolder();
    for (const script of [undefined, "exit 1"]) {
      expect(await refusal(() => planDoors(machine(folder, script, { interfaces: () => ({}) })))).toEqual({
        reason: "not_found",
        message: "This machine is in no tailnet: none of its addresses is in 100.64.0.0/10",
        data: { hint: expect.stringContaining("tailscale up") },
      });
    }
  });

  test("takes the address that is named, with a warning where it is public and without TLS", async () => {
    await using folder = await testFolder();
    const named = (host: string) => planDoors(machine(folder, undefined, gateway({ host })));
    expect(await named("192.168.1.5")).toMatchObject({ host: "192.168.1.5", alsoLoopback: true, warnings: [] });
    expect(await named("fd00::5")).toMatchObject({ host: "fd00::5", name: "[fd00::5]" });
    expect((await named("8.8.8.8")).warnings).toEqual([expect.stringContaining("public internet")]);
  });

  test("says whose line it may have taken for the tailnet's", async () => {
    await using folder = await testFolder();
    const carrier = { interfaces: () => ({ wwan0: [{ address: "100.70.1.1" }] }) };
    const { host, warnings } = await planDoors(machine(folder, undefined, carrier));
    expect({ host, warnings }).toEqual({ host: "100.70.1.1", warnings: [expect.stringContaining("wwan0")] });
  });

  test.each(["0.0.0.0", "::"])("refuses %s, which names no address", async (host) => {
    await using folder = await testFolder();
    expect(await refusal(() => planDoors(machine(folder, undefined, gateway({ host }))))).toMatchObject({
      reason: "config_invalid",
      data: { issues: [{ path: "gateway.host" }], hint: expect.stringContaining("--host") },
    });
  });

  test("refuses to be open to everyone", async () => {
    await using folder = await testFolder();
    expect(await refusal(() => planDoors(machine(folder, undefined, { authMode: "none" })))).toMatchObject({
      reason: "config_invalid",
      message: '--remote demands authentication, and auth.mode is "none"',
      data: { issues: [{ path: "auth.mode" }] },
    });
  });
});

describe.skipIf(!hasOpenssl)("planDoors with TLS", () => {
  test("reads the files, which a home may stand for, and calls the server as its certificate does", async () => {
    await using folder = await testFolder();
    await makeCertificate(join(folder.path, "certs"), "box.example");
    const tls = { cert: "~/certs/box.example.crt", key: "~/certs/box.example.key", tailscale: false };
    const doors = await planDoors(machine(folder, undefined, gateway({ tls })));
    expect(doors).toMatchObject({ name: "box.example", names: ["box.example", "box"], alsoLoopback: true });
    expect(doors.tls?.cert).toBe(readFileSync(join(folder.path, "certs/box.example.crt"), "utf8"));
    const alone = await planDoors(machine(folder, undefined, gateway({ tls, remote: false, host: "0.0.0.0" })));
    expect(alone).toMatchObject({ host: "0.0.0.0", alsoLoopback: false, names: ["box.example"] });
  });

  test("refuses one file without the other", async () => {
    await using folder = await testFolder();
    for (const [tls, path] of [
      [{ cert: "/a", tailscale: false }, "gateway.tls.key"],
      [{ key: "/a", tailscale: false }, "gateway.tls.cert"],
    ] as const) {
      expect(await refusal(() => planDoors(machine(folder, undefined, gateway({ tls }))))).toMatchObject({
        reason: "config_invalid",
        data: { issues: [{ path }] },
      });
    }
  });

  test("gets a certificate from tailscale for the machine's name", async () => {
    await using folder = await testFolder();
    const made = await makeCertificate(folder.path, "box.tail1234.ts.net");
    const script = `case "$1" in
  status) echo '{"Self": {"DNSName": "box.tail1234.ts.net."}}' ;;
  cert) echo "$@" > ${folder.path}/asked; cp ${made.cert} "$3"; cp ${made.key} "$5" ;;
esac`;
    const doors = await planDoors(machine(folder, script, gateway({ tls: { tailscale: true } })));
    expect(doors).toMatchObject({ name: "box.tail1234.ts.net", host: "100.101.102.103" });
    const tls = join(folder.path, "tls");
    expect(readFileSync(join(folder.path, "asked"), "utf8").trim()).toBe(
      `cert --cert-file ${tls}/box.tail1234.ts.net.crt --key-file ${tls}/box.tail1234.ts.net.key --min-validity 336h box.tail1234.ts.net`,
    );
  });

  test("says why there is no certificate from tailscale", async () => {
    await using folder = await testFolder();
    const wanted = gateway({ tls: { tailscale: true } });
    expect(await refusal(() => planDoors(machine(folder, "exit 1", wanted)))).toMatchObject({
      reason: "config_invalid",
      message: "There is no tailnet to get a certificate from",
    });
    const script = `[ "$1" = status ] && echo '{"Self": {"DNSName": "box.tail1234.ts.net."}}' && exit 0
echo "HTTPS is off" >&2; exit 1`;
    expect(await refusal(() => planDoors(machine(folder, script, wanted)))).toMatchObject({
      reason: "config_invalid",
      message: "tailscale cert failed: HTTPS is off",
    });
    expect(existsSync(join(folder.path, "asked"))).toBe(false);
  });
});
