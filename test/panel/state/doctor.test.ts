import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createDoctor } from "../../../src/panel/state/doctor.ts";
import { AlephError } from "../../../src/protocol/errors.ts";

test("createDoctor tells first what fails, and looks again after something was mended", async () => {
  const asked: unknown[] = [];
  const findings = [
    { check: "home", status: "ok", message: "/home" },
    { check: "disk", status: "warn", message: "little" },
    { check: "credentials", status: "fail", message: "open", fix: "close_credentials" },
  ];
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    return method === "system.doctor" ? { findings, taken_at: 7 } : { fix: "close_credentials" };
  }) as unknown as Call;
  const doctor = createDoctor({ call, now: () => 1 });
  await doctor.renew();
  expect(asked).toEqual([]);
  await doctor.load();
  expect(doctor.findings.value?.map(({ check }) => check)).toEqual(["credentials", "disk", "home"]);
  expect(doctor.takenAt.value).toBe(7);
  await doctor.mend("close_credentials");
  expect(asked).toEqual([
    ["system.doctor", {}],
    ["system.mend", { fix: "close_credentials" }],
    ["system.doctor", {}],
  ]);
});

test("createDoctor looks again after a connect where it could not look before", async () => {
  let isThere = false;
  const call = (async () => {
    if (!isThere) throw new AlephError("cancelled", "There is no connection to the server");
    return { findings: [], taken_at: 7 };
  }) as unknown as Call;
  const doctor = createDoctor({ call, now: () => 1 });
  await doctor.load();
  expect(doctor.phase.value.kind).toBe("failed");
  isThere = true;
  await doctor.renew();
  expect([doctor.phase.value.kind, doctor.takenAt.value]).toEqual(["ready", 7]);
});
