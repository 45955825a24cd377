/** Slack as a place where people write to Aleph. */
import { type ChannelMessage, type ChannelPressed, createServer, notify } from "@aleph/plugin-sdk";
import { Bridge } from "./bridge.ts";
import { readSettings } from "./settings.ts";

const CHANNEL = "slack";
let open: Bridge | undefined;

createServer({
  name: "slack",
  channels: {
    slack: {
      async connect({ config }, { signal }) {
        open?.close();
        open = undefined;
        const onMessage = (message: ChannelMessage) => notify("channel.message", message);
        const onPressed = (pressed: ChannelPressed) => notify("channel.pressed", pressed);
        const onBroken = (message: string) => notify("channel.closed", { channel: CHANNEL, message });
        open = await Bridge.open({ settings: readSettings(config), onMessage, onPressed, onBroken }, signal);
      },
      disconnect() {
        open?.close();
        open = undefined;
      },
      async send({ conversation, text, buttons }, { signal }) {
        if (!open) throw new Error("Slack is not connected");
        return { id: await open.send(conversation, text, { buttons, signal }) };
      },
    },
  },
  stop: () => open?.close(),
}).start();
