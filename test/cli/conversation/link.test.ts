import { expect, test } from "bun:test";
import { createLink } from "../../../src/cli/conversation/link.ts";
import { AlephError } from "../../../src/protocol/errors.ts";

const connected = { kind: "connected", hello: undefined as never } as const;
const disconnected = { kind: "disconnected", code: 1006, reason: "", retryInMs: 5 } as const;

test("a link that comes back goes on, and says so once", async () => {
  const notices: string[] = [];
  const link = createLink({ notice: (text) => notices.push(text) });
  link.onState(connected);
  await link.connected();
  link.onState(disconnected);
  link.onState(disconnected);
  const back = link.connected();
  link.onState(connected);
  await back;
  expect(notices).toEqual(["The connection was lost; trying again …", "Connected again"]);
});

test("a link that stays lost, is refused or closed is lost for good", async () => {
  const patient = createLink({ notice: () => undefined, patienceMs: 1 });
  patient.onState({ ...disconnected, reason: "restart" });
  expect(patient.lost).rejects.toThrow("The server did not come back: restart");
  expect(patient.connected()).rejects.toThrow("The server did not come back: restart");

  const refused = createLink({ notice: () => undefined });
  refused.onState({ kind: "refused", error: new AlephError("auth_failed", "Token is not valid") });
  expect(refused.lost).rejects.toThrow("Token is not valid");

  const closed = createLink({ notice: () => undefined });
  closed.onState({ ...disconnected, retryInMs: undefined });
  expect(closed.lost).rejects.toThrow("The connection was closed");
});
