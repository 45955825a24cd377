import { expect, test } from "bun:test";
import { join } from "node:path";
import { pause } from "../../src/lib/pause.ts";
import { Pins } from "../../src/mcp/pins.ts";
import { McpServer } from "../../src/mcp/server.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";
import { refusalOf } from "../support/tool-call.ts";

test("McpServer: whoever lists tools waits once for a server that is slow, and nobody again until it is there or not", async () => {
  await using stack = new AsyncDisposableStack();
  const { log } = testLog();
  const folder = stack.use(await testFolder());
  const store = stack.use(openStore(join(folder.path, "aleph.db"), { log, sync: "commit" }));
  const opening = Promise.withResolvers<never>();
  let opened = 0;
  const statuses: string[] = [];
  const server = stack.use(
    new McpServer({
      name: "slow",
      isEnabled: true,
      open: () => {
        opened++;
        return opening.promise;
      },
      pins: new Pins({ store, now: Date.now }),
      log,
      now: () => 0,
      wait: pause,
      onStatus: (status) => statuses.push(status),
      listingMs: 20,
    }),
  );
  expect(await server.tools()).toEqual([]);
  const began = performance.now();
  for (let at = 0; at < 20; at++) expect(await server.tools()).toEqual([]);
  expect([performance.now() - began < 300, opened]).toEqual([true, 1]);
  const call = refusalOf(server.call({ tool: "x", args: {}, signal: new AbortController().signal }));
  opening.reject(new AlephError("mcp_error", "It is not there"));
  expect(await call).toBe("mcp_error: It is not there");
  expect([server.status, server.error?.message, statuses]).toEqual(["idle", "It is not there", ["starting", "idle"]]);
});
