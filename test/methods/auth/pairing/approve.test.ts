import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { collectEvents, testApp } from "../../../support/app.ts";
import { refusal } from "../../../support/config.ts";
import { connectDevice, testDevice } from "../../../support/device.ts";
import { type Frame, openFrames, request } from "../../../support/frames.ts";

test("auth.pairing.approve lets a device in by its code, with what it asked for and the approver has", async () => {
  await using app = await testApp();
  const seen = await collectEvents(app.client, "auth.*");
  const device = await testDevice();
  const { answer, socket } = await connectDevice(app.url, device);
  using _ = socket;
  const { code, data } = answer.error!;
  expect([code, data.reason]).toEqual([-32001, "pairing_required"]);
  const requested = await seen.until(({ topic }) => topic === "auth.pairing_requested");
  expect(requested.data).toMatchObject({ pairing_id: data.pairing_id, device_id: device.id });
  expect(JSON.stringify(requested)).not.toContain(String(data.code));
  expect((await app.client.call("auth.pairing.list", {})).pairings).toMatchObject([{ code: data.code, name: "phone" }]);
  await app.client.call("auth.pairing.approve", { pairing: String(data.code) });
  await seen.until(({ topic }) => topic === "auth.pairing_resolved");

  const again = await connectDevice(app.url, device);
  using open = again.socket;
  const sessionToken = String(again.answer.result!.session_token);
  expect(again.answer.result).toMatchObject({ identity: { id: device.id, kind: "device" }, scopes: ["read", "chat"] });
  expect(sessionToken).toStartWith("aleph_ses_");
  const all = ["read", "chat", "write", "approve", "admin"];
  const greedy = await connectDevice(app.url, device, { scopes: all });
  using more = greedy.socket;
  expect(greedy.answer.result).toMatchObject({ scopes: ["read", "chat"] });
  expect((await app.client.call("auth.devices.list", {})).devices).toMatchObject([
    { device_id: device.id, approved_by: "owner" },
  ]);

  await app.client.call("auth.devices.revoke", { device_id: device.id });
  expect([(await open.closed).code, (await more.closed).code]).toEqual([4401, 4401]);
  using late = await openFrames(app.url);
  const session = { auth: { session_token: sessionToken } };
  expect(await late.ask(request("connect", session, 1))).toMatchObject({ error: { data: { reason: "auth_failed" } } });
  const after = await connectDevice(app.url, device);
  using ended = after.socket;
  expect([ended.received.length > 0, after.answer.error?.data.reason]).toEqual([true, "pairing_required"]);
});

test("auth.connect refuses a replayed proof, one of another connection, and one over other claims", async () => {
  await using app = await testApp();
  const device = await testDevice();
  const first = await connectDevice(app.url, device);
  using socket = first.socket;
  const params = {
    client: { id: "phone" },
    role: "operator",
    scopes: ["read", "chat"],
    auth: { device: first.proof },
  };
  const replayed = (await socket.ask(request("connect", params, 2))) as Frame;
  using other = await openFrames(app.url);
  const elsewhere = (await other.ask(request("connect", params, 1))) as Frame;
  const signed = await connectDevice(app.url, device, { signed: { scopes: ["read"] } });
  using third = signed.socket;
  expect([replayed, elsewhere, signed.answer].map(({ error }) => error?.data.reason)).toEqual(
    Array(3).fill("auth_failed"),
  );
  expect([(await socket.closed).code, (await other.closed).code, (await third.closed).code]).toEqual([
    4401, 4401, 4401,
  ]);
});

test("auth.pairing.approve is no oracle: of 1,000 guesses none finds the code, and the right one waits as well", async () => {
  await using app = await testApp();
  const { answer, socket } = await connectDevice(app.url, await testDevice());
  using _ = socket;
  const reasons = new Map<string, number>();
  for (let i = 0; i < 1_000; i++) {
    const pairing = `222222${i}`.slice(-8).padStart(8, "2");
    const reason: string = await app.client.call("auth.pairing.approve", { pairing }).then(
      () => "approved",
      (error) => error.reason,
    );
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  expect([...reasons.keys()].sort()).toEqual(["not_found", "rate_limited"]);
  const right = app.client.call("auth.pairing.approve", { pairing: String(answer.error!.data.code) });
  expect(await right.catch((error) => error.reason)).toBe("rate_limited");
});

test("auth.pairing.reject turns a device away, once", async () => {
  await using app = await testApp();
  const device = await testDevice();
  const { answer, socket } = await connectDevice(app.url, device);
  using _ = socket;
  const pairing = String(answer.error!.data.pairing_id);
  expect(await app.client.call("auth.pairing.reject", { pairing })).toEqual({ device_id: device.id });
  expect(await app.client.call("auth.pairing.approve", { pairing }).catch((error) => error.reason)).toBe("not_found");
});

/** As a channel leaves it when a stranger has written. */
function stranger(app: { readonly home: { readonly database: string } }, id: string, code: string): void {
  using db = new Database(app.home.database);
  db.query("INSERT INTO channel_stranger VALUES ('telegram', ?, 'Ada', ?, ?)").run(id, code, Date.now() + 60_000);
}

test("auth.pairing.approve lets somebody in who writes over a channel, with scopes no wider than the caller's", async () => {
  await using app = await testApp();
  stranger(app, "42", "ABCD2345");
  stranger(app, "43", "EFGH2345");
  const { pairings } = await app.client.call("auth.pairing.list", {});
  expect(pairings).toMatchObject([
    { kind: "peer", code: "ABCD2345", device_id: "telegram:42", name: "Ada", scopes: ["chat"], address: "telegram" },
    { kind: "peer", code: "EFGH2345" },
  ]);
  const { token } = await app.client.call("auth.tokens.create", { name: "admin", scopes: ["admin"] });
  using narrow = await openFrames(app.url, { token });
  const wide = request("auth.pairing.approve", { pairing: "ABCD2345", scopes: ["chat"] }, 1);
  expect(await narrow.ask(wide)).toMatchObject({ error: { data: { reason: "forbidden", scopes: ["chat"] } } });
  expect(await app.client.call("auth.pairing.approve", { pairing: "abcd 2345", scopes: ["chat", "approve"] })).toEqual({
    device_id: "telegram:42",
    name: "Ada",
    role: "operator",
    scopes: ["chat", "approve"],
  });
  expect(await app.client.call("auth.pairing.reject", { pairing: pairings[1]!.pairing_id })).toEqual({
    device_id: "telegram:43",
  });
  for (const pairing of ["ABCD2345", "EFGH2345"]) {
    expect((await refusal(() => app.client.call("auth.pairing.approve", { pairing }))).reason).toBe("not_found");
  }
  expect((await app.client.call("interface.peers.list", {})).peers).toMatchObject([
    { interface: "telegram", peer: "42", name: "Ada", scopes: ["chat", "approve"], approved_by: "owner" },
  ]);
  await app.client.call("interface.peers.remove", { interface: "telegram", peer: "42" });
  const again = { interface: "telegram", peer: "42" };
  expect((await refusal(() => app.client.call("interface.peers.remove", again))).reason).toBe("not_found");
});
