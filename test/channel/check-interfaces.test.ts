/** What is wrong with an interface's table is told with the config, before anybody starts the interface. */
import { expect, test } from "bun:test";
import { checkInterfaces, findObstacles } from "../../src/channel/check-interfaces.ts";
import { channels } from "../../src/channels/index.ts";
import { testChannel } from "./test-channel.ts";

const known = { webchat: channels.webchat, test: testChannel().load };

test("checkInterfaces finds nothing wrong with good tables, with references in place of secrets too", async () => {
  const interfaces = { webchat: { enabled: false }, test: { token: "env:TOKEN", pace: 2 } };
  expect(await checkInterfaces({ interfaces }, known)).toEqual([]);
});

test("checkInterfaces names what is wrong, and what was meant", async () => {
  const interfaces = {
    webchat: { enabeld: true, colour: "red" },
    test: { tokn: "a", pace: 0 },
    webchta: {},
    signal: {},
    work: { type: "tset" },
    test2: { type: "test", pace: 0 },
    webchat2: { type: "webchat" },
  };
  expect(await checkInterfaces({ interfaces }, known)).toEqual([
    { path: ["interfaces", "webchat", "enabeld"], message: 'unknown key; did you mean "enabled"' },
    { path: ["interfaces", "webchat", "colour"], message: "unknown key; known here: enabled, type" },
    { path: ["interfaces", "test", "tokn"], message: 'unknown key; did you mean "token"' },
    { path: ["interfaces", "test", "pace"], message: "must be more than 0" },
    { path: ["interfaces", "webchta"], message: 'is not a known interface; did you mean "webchat"' },
    { path: ["interfaces", "signal"], message: 'is not a known interface; it must be one of "webchat", "test"' },
    { path: ["interfaces", "work", "type"], message: 'is not a known interface; did you mean "test"' },
    { path: ["interfaces", "test2", "pace"], message: "must be more than 0" },
  ]);
});

test("checkInterfaces lets no table with the name of an interface be one of another type", async () => {
  expect(await checkInterfaces({ interfaces: { webchat: { type: "test" }, test: { type: "test" } } }, known)).toEqual([
    {
      path: ["interfaces", "webchat", "type"],
      message: 'must be "webchat" or left out: the table has the name of an interface',
    },
  ]);
});

test("checkInterfaces leaves the tables of plugins' channels to them, and asks for those only where it must", async () => {
  let asked = 0;
  const plugged = async () => {
    asked++;
    return ["chat"];
  };
  expect(await checkInterfaces({ interfaces: { webchat: {} } }, known, plugged)).toEqual([]);
  expect(asked).toBe(0);
  expect(await checkInterfaces({ interfaces: { chat: { token: "x" }, chta: {} } }, known, plugged)).toEqual([
    { path: ["interfaces", "chta"], message: 'is not a known interface; did you mean "chat"' },
  ]);
  expect(await checkInterfaces({ interfaces: { anything: {} } }, known, async () => undefined)).toEqual([]);
});

test("findObstacles names the interfaces that are switched on and cannot work on this platform", async () => {
  const interfaces = {
    imessage: {},
    mine: { type: "imessage" },
    off: { type: "imessage", enabled: false },
    blue: { type: "imessage", url: "http://mac.local:1234", password: "env:BLUEBUBBLES_PASSWORD" },
    webchat: {},
  };
  const obstacle = "iMessage is not available on this platform without a BlueBubbles server";
  expect(await findObstacles({ interfaces }, channels, "linux")).toEqual([
    { id: "imessage", obstacle },
    { id: "mine", obstacle },
  ]);
  expect(await findObstacles({ interfaces }, channels, "darwin")).toEqual([]);
});
