/** A wall clock that jumps: what counts in durations does not care, what has a date is looked at by the clock that there is. */
import { expect, test } from "bun:test";
import { testApp } from "../support/app.ts";
import { connectDevice, testDevice } from "../support/device.ts";
import { openFrames, request } from "../support/frames.ts";

const HOUR_MS = 3_600_000;

test.each([HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS])(
  "a clock that jumps by %i ms cuts no socket, lifts no lock-out and ends no code",
  async (jump) => {
    const clock = { ahead: 0 };
    await using app = await testApp({ now: () => Date.now() + clock.ahead });
    using held = await openFrames(app.url, { token: app.token });
    const { code } = await app.client.call("auth.pairing.invite", {});
    const wrong = () => fetch(`${app.url}/v1/models`, { headers: { authorization: "Bearer wrong" } });
    clock.ahead = jump;
    // By the clock of the server, which the challenge tells.
    const device = await testDevice();
    const { answer, socket } = await connectDevice(app.url, device, {
      pairingCode: code,
      signedAt: Date.now() + clock.ahead,
    });
    using _ = socket;
    expect(answer.result).toMatchObject({ identity: { id: device.id, kind: "device" } });
    clock.ahead = 0;
    expect(await held.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
    expect(await socket.ask(request("rpc.ping", {}, 2))).toMatchObject({ result: { pong: true } });
    for (let i = 0; i < 5; i++) expect((await wrong()).status).toBe(401);
    clock.ahead = jump;
    expect((await wrong()).status).toBe(429);
  },
);

test("a token's end is a date: it counts again when the clock that was wrong is set right", async () => {
  const clock = { ahead: 0 };
  await using app = await testApp({ now: () => Date.now() + clock.ahead });
  const { token } = await app.client.call("auth.tokens.create", {
    name: "hour",
    scopes: ["read"],
    expires_in_ms: HOUR_MS,
  });
  const status = async () =>
    (await fetch(`${app.url}/media/x`, { headers: { authorization: `Bearer ${token}` } })).status;
  const before = await status();
  clock.ahead = 2 * HOUR_MS;
  expect([before, await status()]).toEqual([400, 401]);
  clock.ahead = 0;
  expect(await status()).toBe(400);
});
