import { expect, test } from "bun:test";
import { createChannels, type ShownPeer } from "../../../src/panel/state/channels.ts";
import type { Call } from "../../../src/panel/state/connection.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";

const peer = { interface: "telegram", peer: "7", name: "Anna" } as ShownPeer;

function server(mayLetIn: boolean) {
  const asked: unknown[] = [];
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    if (method === "interface.list") return { interfaces: [{ interface: "telegram" }] };
    if (method === "interface.start") throw new Error("no token");
    return { peers: [peer] };
  }) as unknown as Call;
  return { channels: createChannels(call, () => mayLetIn), takeAsked: () => asked.splice(0) };
}

const list = ["interface.list", {}];
const peers = ["interface.peers.list", {}];

test("createChannels reads the channels, and who was let in only for those who may see it", async () => {
  const owner = server(true);
  await owner.channels.load();
  expect([owner.channels.list.value?.length, owner.channels.peers.value]).toEqual([1, [peer]]);
  const reader = server(false);
  await reader.channels.load();
  expect([reader.takeAsked(), reader.channels.peers.value]).toEqual([[list], undefined]);
});

test("createChannels reads anew after each act, also one that failed, and at events once it was opened", async () => {
  const { channels, takeAsked } = server(true);
  const event = { topic: "interface.error", seq: 1, ts: 1, data: {} } as unknown as EventFrame;
  channels.handle(event);
  expect(takeAsked()).toEqual([]);
  await channels.act("telegram", "stop");
  expect(await channels.act("telegram", "start").catch((error: Error) => error.message)).toBe("no token");
  await channels.remove(peer);
  expect(takeAsked()).toEqual([
    ["interface.stop", { interface: "telegram" }],
    list,
    peers,
    ["interface.start", { interface: "telegram" }],
    list,
    peers,
    ["interface.peers.remove", { interface: "telegram", peer: "7" }],
    list,
    peers,
  ]);
  channels.handle(event);
  expect(takeAsked()).toEqual([list, peers]);
});
