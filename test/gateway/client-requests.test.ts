/** What the server asks of a client over the client's own connection. */
import { describe, expect, test } from "bun:test";
import { ClientRequests } from "../../src/gateway/client-requests.ts";
import { AlephError } from "../../src/protocol/errors.ts";

function opened() {
  const sent: { id: string; method: string; params: unknown }[] = [];
  return { sent, requests: new ClientRequests((frame) => void sent.push(JSON.parse(frame))) };
}

const reasonOf = (thrown: unknown) => (thrown instanceof AlephError ? thrown.reason : thrown);

describe("ClientRequests", () => {
  test("ask sends a request and gives what the client answers, whatever the order", async () => {
    const { sent, requests } = opened();
    const [first, second] = [requests.ask("node.ping", {}), requests.ask("node.call", { call_id: "a" })];
    expect(sent).toEqual([
      { jsonrpc: "2.0", id: "s1", method: "node.ping", params: {} },
      { jsonrpc: "2.0", id: "s2", method: "node.call", params: { call_id: "a" } },
    ] as never);
    expect(requests.take({ jsonrpc: "2.0", id: "s2", result: { ok: true } })).toBe(true);
    expect(requests.take({ jsonrpc: "2.0", id: "s1", result: null })).toBe(true);
    expect(await Promise.all([first, second])).toEqual([null, { ok: true }]);
  });

  test("ask rejects with the error that the client answers with, whatever its shape", async () => {
    const { requests } = opened();
    const asked = [requests.ask("a", {}), requests.ask("b", {}), requests.ask("c", {})];
    requests.take({ id: "s1", error: { code: -32003, message: "No such file", data: { reason: "not_found" } } });
    requests.take({ id: "s2", error: "no" });
    requests.take({ id: "s3", error: null });
    const ends = await Promise.allSettled(asked);
    expect(ends.map((end) => end.status === "rejected" && reasonOf(end.reason))).toEqual([
      "not_found",
      "internal",
      "internal",
    ]);
  });

  test("ask rejects when the connection ends, before or after it was asked", async () => {
    const { requests } = opened();
    const asked = requests.ask("a", {});
    requests.close(new AlephError("cancelled", "Connection has ended"));
    const ends = await Promise.allSettled([asked, requests.ask("b", {})]);
    expect(ends.map((end) => end.status === "rejected" && reasonOf(end.reason))).toEqual(["cancelled", "cancelled"]);
  });

  test("ask stops waiting with its signal, and the answer that comes then is passed over", async () => {
    const { requests } = opened();
    const stop = new AbortController();
    const asked = requests.ask("a", {}, stop.signal);
    stop.abort(new AlephError("timeout", "Too slow"));
    expect(await asked.catch(reasonOf)).toBe("timeout");
    expect(requests.take({ id: "s1", result: 1 })).toBe(true);
  });

  test("take leaves alone what is no answer, and answers of a client that nothing was asked of", () => {
    const { requests } = opened();
    expect(requests.take({ id: "s1", result: 1 })).toBe(false);
    void requests.ask("a", {});
    expect(
      [null, "text", [], { id: 1 }, { id: "s1", method: "rpc.ping", result: 1 }].map((v) => requests.take(v)),
    ).toEqual([false, false, false, false, false]);
    expect(requests.take({ id: "s9", result: 1 })).toBe(true);
  });
});
