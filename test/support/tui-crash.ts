/** Runs the terminal interface at the server and with the token of its arguments, and breaks it at the first message, or the first look at the history. */
import { connect } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { runTui } from "../../src/tui/tui.ts";
import { createWire } from "../../src/tui/wire.ts";

const [url = "", token = "", how = ""] = process.argv.slice(2);
const wire = createWire();
using client = await connect({
  open: () => openWebSocket(url),
  credentials: () => ({ token }),
  client: { id: "tui" },
  onState: wire.onState,
});
let broken = false;
try {
  process.exitCode = await runTui({
    client,
    wire,
    sessionKey: "agent:main:main",
    history: {
      get entries(): readonly string[] {
        if (how === "key") throw new Error("broken within a key");
        return [];
      },
      add() {
        broken = true;
        if (how === "later") setTimeout(() => Promise.reject(new Error("broken later")), 1);
      },
    },
    readAttachment: () => Promise.reject(new Error("no file is read here")),
    folder: "/nowhere",
    now() {
      if (broken && how === "drawing") throw new Error("broken while drawing");
      return Date.now();
    },
    createId: () => "id",
    variables: { noColor: false, term: "xterm-256color", colorTerm: undefined, colorFgBg: undefined },
    theme: "dark",
  });
} catch (thrown) {
  console.error(`It broke: ${(thrown as Error).message}`);
  process.exitCode = 1;
}
