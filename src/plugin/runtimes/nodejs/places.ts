/** Where the handlers of a manifest may be found in what a plugin registers, besides under their own names. */
import type { PluginManifest } from "../../../sdk/plugin.ts";
import type { Initialize } from "./messages.ts";

export function placesOf(manifest: PluginManifest): Initialize["places"] {
  const places: Record<string, string[][]> = Object.create(null);
  const add = (handler: string | undefined, ...path: string[]) => {
    if (handler !== undefined) places[handler] = [...(places[handler] ?? []), path];
  };
  for (const { name, handler } of manifest.tools) add(handler, "tools", name);
  for (const { event, handler } of manifest.hooks) add(handler, "hooks", event);
  for (const { name, handler } of manifest.commands) add(handler, "commands", name);
  for (const { name, startHandler, stopHandler } of manifest.services) {
    add(startHandler, "services", name, "start");
    add(stopHandler, "services", name, "stop");
  }
  for (const { name, ...channel } of manifest.channels) {
    add(channel.connectHandler, "channels", name, "connect");
    add(channel.disconnectHandler, "channels", name, "disconnect");
    add(channel.sendHandler, "channels", name, "send");
    add(channel.editHandler, "channels", name, "edit");
    add(channel.typingHandler, "channels", name, "typing");
    add(channel.reactHandler, "channels", name, "react");
    add(channel.loadHandler, "channels", name, "load");
  }
  for (const { name, ...provider } of manifest.providers) {
    add(provider.listModelsHandler, "providers", name, "listModels");
    add(provider.chatHandler, "providers", name, "chat");
    add(provider.streamHandler, "providers", name, "stream");
    add(provider.embedHandler, "providers", name, "embed");
  }
  for (const { method, path, handler } of manifest.httpRoutes) add(handler, "routes", `${method} ${path}`);
  return places;
}
