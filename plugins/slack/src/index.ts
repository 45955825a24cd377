/** Slack as a place where people write to Aleph. */
import { type ChannelMessage, type ChannelPressed, createServer, notify } from "@aleph/plugin-sdk";
import { Bridge } from "./bridge.ts";
import { readSettings } from "./settings.ts";

const CHANNEL = "slack";
/** By the name of its table. */
const open = new Map<string, Bridge>();

function close(account: string): void {
  open.get(account)?.close();
  open.delete(account);
}

function bridgeOf(account: string): Bridge {
  const bridge = open.get(account);
  if (!bridge) throw new Error("Slack is not connected");
  return bridge;
}

createServer({
  name: "slack",
  channels: {
    slack: {
      async connect({ account = CHANNEL, config }, { signal }) {
        close(account);
        const onMessage = (message: ChannelMessage) => notify("channel.message", { ...message, account });
        const onPressed = (pressed: ChannelPressed) => notify("channel.pressed", { ...pressed, account });
        const onBroken = (message: string) => notify("channel.closed", { channel: CHANNEL, account, message });
        const settings = readSettings(config);
        open.set(account, await Bridge.open({ settings, account, onMessage, onPressed, onBroken }, signal));
      },
      disconnect: ({ account = CHANNEL }) => close(account),
      async send({ account = CHANNEL, conversation, text, buttons, files, grows }, { signal }) {
        const bridge = bridgeOf(account);
        if (!files) return bridge.send(conversation, text, { buttons, grows, signal });
        const refused = await bridge.sendFiles(conversation, files, signal);
        return refused === undefined ? {} : { refused };
      },
      edit: ({ account = CHANNEL, ...edit }) => bridgeOf(account).edit(edit),
      typing: ({ account = CHANNEL, conversation }) => bridgeOf(account).typing(conversation),
      react: ({ account = CHANNEL, id, emoji }) => bridgeOf(account).react(id, emoji),
      load: ({ account = CHANNEL, file }, { signal }) => bridgeOf(account).load(file, signal),
    },
  },
  stop: () => {
    for (const account of [...open.keys()]) close(account);
  },
}).start();
