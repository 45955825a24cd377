/** `@aleph/plugin-sdk`: hands what a plugin can do to the server that runs it. All the rest is the server's business. */

const HOST = Symbol.for("aleph.plugin.host");

/** @param {import("./index.d.ts").PluginDefinition} definition */
export function createServer(definition) {
  if (typeof definition !== "object" || definition === null) throw new TypeError("createServer needs an object");
  globalThis[HOST]?.announce();
  return {
    name: definition.name,
    start() {
      hostOf("start()").serve(definition);
      return Promise.resolve();
    },
    notify,
  };
}

/** Tells the server something that it did not ask for. */
export function notify(topic, data = null) {
  hostOf("notify()").notify(topic, data);
}

function hostOf(what) {
  const host = globalThis[HOST];
  if (!host) throw new Error(`${what} works in a plugin that Aleph runs; in a test, call the handlers themselves`);
  return host;
}
