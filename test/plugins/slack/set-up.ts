/** The bundled plugin in a process of its own, at a Slack of the test. */
import { startBundled } from "../../support/bundled-plugin.ts";
import { type FakeSlack, fakeSlack, SLACK } from "../../support/slack.ts";

export const config = ({ apiRoot }: FakeSlack, more: object = {}) => ({
  bot_token: SLACK.botToken,
  app_token: SLACK.appToken,
  api_root: apiRoot,
  ...more,
});

/** The plugin in a process of its own, connected to a Slack of the test. */
export async function connected(more: object = {}) {
  await using stack = new AsyncDisposableStack();
  const slack = stack.use(fakeSlack());
  const plugin = stack.use(await startBundled("slack", { origins: [slack.url] }));
  const connect = () => plugin.call("connectSlack", { channel: "slack", config: config(slack, more) });
  await connect();
  const owned = stack.move();
  return {
    slack,
    plugin,
    connect,
    /** What it has told until now. */
    async told() {
      // Its answer comes after what it told before.
      await plugin.call("sendSlack", { channel: "slack", conversation: " ", text: "" }).catch(() => {});
      return plugin.notes.filter(([topic]) => topic === "channel.message").map(([, message]) => message);
    },
    load: (file: string) => plugin.stream("loadSlack", { channel: "slack", file }),
    sendFiles: (conversation: string, files: readonly object[]) =>
      plugin.call("sendSlack", { channel: "slack", conversation, text: "", files }),
    send: (conversation: string, text: string, timeoutMs?: number) =>
      plugin.call("sendSlack", { channel: "slack", conversation, text }, timeoutMs === undefined ? {} : { timeoutMs }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What it tells of a direct message of the owner. */
export const said = (text: string, more: object = {}) => ({
  channel: "slack",
  account: "slack",
  conversation: SLACK.dm,
  sender: SLACK.owner,
  text,
  kind: "dm",
  ...more,
});
