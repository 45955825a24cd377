/** Runs in a plugin's process before its entry: gives it the SDK and a way to the network, and keeps it off the pipes. */
import * as sdk from "../../../../../plugins/sdk/index.js";
import type { Initialize, Ready } from "../messages.ts";
import { Broker } from "./broker.ts";
import { DenialWatch } from "./denials.ts";
import { installFetch } from "./fetch.ts";
import { HandlerTable } from "./handlers.ts";
import { installHttp } from "./http.ts";
import { describeLoadError } from "./load-error.ts";
import { installNodeFetch } from "./node-fetch.ts";
import { takeOverOutput } from "./output.ts";
import { installUndici } from "./undici.ts";
import { installWebSocket } from "./websocket.ts";
import { Wire } from "./wire.ts";
import { installWs } from "./ws.ts";

const wire = new Wire();
const broker = new Broker(wire);
const denials = new DenialWatch(wire);
const table = new HandlerTable(wire, denials);
const initialized = Promise.withResolvers<{ readonly init: Initialize; readonly id: number }>();
const started = Promise.withResolvers<void>();
const isAnnounced = Promise.withResolvers<true>();

takeOverOutput();
// The environment of this process is the plugin's own, but for what steers its engine.
const { env } = process;
for (const name of Object.keys(env)) if (/^(?:BUN|MIMALLOC)_/.test(name)) delete env[name];
const fetch = installFetch(broker);
installWebSocket(broker);
installHttp(broker);
installWs(broker);
installUndici(broker, fetch);
installNodeFetch(fetch);
denials.install();

Object.defineProperty(globalThis, Symbol.for("aleph.plugin.host"), {
  value: {
    announce: () => isAnnounced.resolve(true),
    serve(definition: object) {
      table.serve(definition);
      started.resolve();
    },
    notify: (topic: unknown, data: unknown) => wire.notify("notify", { topic: String(topic), data }),
  },
});
Bun.plugin({
  name: "aleph",
  setup(build) {
    build.module("@aleph/plugin-sdk", () => ({ exports: { ...sdk }, loader: "object" }));
  },
});

for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (thrown: unknown) => {
    denials.note(thrown);
    // One who listens himself has decided to go on.
    if (process.listenerCount(event) > 1) return;
    console.error(event === "uncaughtException" ? "Uncaught exception:" : "Unhandled rejection:", thrown);
    void wire.flush().finally(() => process.exit(1));
  });
}

void wire
  .serve({
    initialize: (init: Initialize, id) => initialized.resolve({ init, id: id! }),
    call: (call: Parameters<HandlerTable["call"]>[0], id) => void table.call(call, id!),
    cancel: (params: { readonly id: number }) => table.cancel(params),
    more: (params: { readonly id: number; readonly count: number }) => table.more(params),
    shutdown: () => void stop(),
    ...broker.handlers,
  })
  .then(
    () => process.exit(0),
    (thrown: unknown) => {
      console.error("What Aleph sends cannot be read:", thrown);
      void wire.flush().finally(() => process.exit(1));
    },
  );

const { init, id } = await initialized.promise;
denials.confined = init.confined;
table.initialize(init);
const loaded = import(Bun.main).then((module: object) => {
  table.add(module);
  return true;
});
try {
  // An entry may go on for ever after its start(); one that only exports functions never calls it.
  const isLoaded = await Promise.race([loaded, started.promise.then(() => Promise.race([loaded, nextTurn()]))]);
  const isPending = (await Promise.race([isAnnounced.promise, nextTurn()])) && !table.isServing;
  if (isPending) await started.promise;
  const ready: Ready = { missing: isLoaded ? table.missing() : [] };
  wire.answer(id, JSON.stringify(ready));
} catch (thrown) {
  denials.note(thrown);
  wire.fail(id, ...describeLoadError(thrown));
  await wire.flush();
  process.exit(1);
}

async function nextTurn(): Promise<false> {
  await new Promise((resolve) => setImmediate(resolve));
  return false;
}

async function stop(): Promise<void> {
  await table.stop();
  await wire.flush();
  process.exit(0);
}
