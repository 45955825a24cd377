import { expect, test } from "bun:test";
import { rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "../../src/config/environment.ts";
import type { Home } from "../../src/config/home.ts";
import { Doctor, type DoctorOptions } from "../../src/doctor/doctor.ts";
import { configHome } from "../support/config.ts";

const WELL: ReturnType<DoctorOptions["status"]> = {
  uptime_ms: 120_000,
  storage: { ok: true },
  event_loop: { longest_stall_ms: 10, stalls: 0 },
};

function doctorOf(home: Home, options: Partial<DoctorOptions> = {}): Doctor {
  return new Doctor({
    home,
    env: readEnvironment({}),
    now: Date.now,
    askProviders: async () => ({ default: "a/b", providers: [], models: [], errors: [] }),
    status: () => WELL,
    ...options,
  });
}

async function findingsOf(doctor: Doctor) {
  const found = await doctor.examine(new AbortController().signal);
  return (check: string) => found.filter((finding) => finding.check === check);
}

async function examine(options: Partial<DoctorOptions> = {}) {
  await using own = await configHome();
  return findingsOf(doctorOf(own.home, options));
}

test("the doctor of a server tells that it runs, and for how long", async () => {
  const of = await examine();
  expect(of("server")).toEqual([{ check: "server", status: "ok", message: "runs since 2 min" }]);
});

test("the doctor fails for a server that can save nothing", async () => {
  const of = await examine({ status: () => ({ ...WELL, storage: { ok: false, error: "disk I/O error" } }) });
  expect(of("server")).toEqual([
    {
      check: "server",
      status: "fail",
      message: "nothing can be saved: disk I/O error",
      hint: "Mend the disk, then start Aleph again",
    },
  ]);
});

test("the doctor warns of a server that stood still", async () => {
  const of = await examine({ status: () => ({ ...WELL, event_loop: { longest_stall_ms: 9_000, stalls: 1 } }) });
  expect(of("server")).toMatchObject([
    { status: "warn", message: "runs since 2 min, and once stood still for 9 s", hint: expect.any(String) },
  ]);
});

test("the doctor tells of each provider, and fails where nobody answers by default", async () => {
  const of = await examine({
    askProviders: async () => ({
      default: null,
      providers: [{ id: "one" }, { id: "two" }],
      models: [{ provider: "one" }],
      errors: [{ provider: "two", error: { message: "The key is wrong", failure: "auth" } }],
    }),
  });
  expect(of("models").map(({ status, message }) => [status, message])).toEqual([
    ["ok", "one answers with 1 model"],
    ["warn", "The key is wrong"],
    ["fail", "no model answers by default"],
  ]);
});

test("the doctor rejects when it is told to stop, and not otherwise", async () => {
  const stop = new Error("stopped");
  await expect(examine({ askProviders: () => Promise.reject(stop) })).rejects.toBe(stop);
});

test("the doctor finds what it cannot look at, and goes on with the rest", async () => {
  await using own = await configHome();
  rmSync(own.home.credentials, { recursive: true });
  writeFileSync(own.home.credentials, "no folder");
  const of = await findingsOf(doctorOf(own.home));
  expect(of("credentials")).toEqual([
    {
      check: "credentials",
      status: "fail",
      message: expect.stringContaining("cannot be looked at: ENOTDIR"),
      hint: "Check who owns it, and its mode",
    },
  ]);
  expect(of("disk")).toMatchObject([{ check: "disk" }]);
});

test.skipIf(process.platform === "win32")(
  "the doctor leaves a link among the secrets that leads to nothing",
  async () => {
    await using own = await configHome();
    const { credentials } = own.home;
    symlinkSync(join(own.home.path, "gone"), join(credentials, "link"));
    const key = join(credentials, "key");
    writeFileSync(key, "k", { mode: 0o644 });
    const doctor = doctorOf(own.home);
    expect((await findingsOf(doctor))("credentials").map(({ message }) => message)).toEqual([
      `${key} can be read by other users`,
    ]);
    doctor.mend("close_credentials");
    expect(statSync(key).mode & 0o777).toBe(0o600);
  },
);
