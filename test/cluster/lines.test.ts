import { expect, test } from "bun:test";
import { Lines } from "../../src/cluster/lines.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { NodeHello } from "../../src/protocol/node.ts";
import type { Connection } from "../../src/sdk/connection.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const HELLO: NodeHello = {
  name: "n1",
  tags: [],
  commands: [],
  platform: "linux",
  arch: "x64",
  version: "1",
  boot_id: "boot_12345678",
};

/** One node, which answers as long as it is told to, and beats that a test sets. */
function open(beat: { ms: number }) {
  const node = { answers: true, asked: 0 };
  const cuts: string[] = [];
  const lines = new Lines({
    log: testLog().log,
    now: Date.now,
    heartbeatMs: () => beat.ms,
    onJoined: () => undefined,
    onCut: (_, why) => cuts.push(why),
  });
  const ended = new AbortController();
  const connection: Pick<Connection, "request" | "close" | "ended"> = {
    ended: ended.signal,
    close: () => ended.abort(new AlephError("cancelled", "closed")),
    async request() {
      node.asked++;
      return node.answers ? {} : new Promise(() => undefined);
    },
  };
  lines.join("n1", HELLO, connection as Connection);
  return { lines, node, cuts };
}

test("Lines does not take a node for dead because it is asked more often from now on", async () => {
  const beat = { ms: 400 };
  const { lines, node, cuts } = open(beat);
  using _ = lines;
  beat.ms = 20;
  await until(() => node.asked >= 10);
  expect(cuts).toEqual([]);
});

test("Lines ends the line of a node that does not answer", async () => {
  const { lines, node, cuts } = open({ ms: 20 });
  using _ = lines;
  await until(() => node.asked >= 3);
  node.answers = false;
  await until(() => cuts.length > 0);
  expect([cuts, lines.get("n1")]).toEqual([["It does not answer any more"], undefined]);
});
