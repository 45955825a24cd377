/** A channel whose opening and closing a test decides. */
import * as z from "zod";
import { type ChannelHost, defineChannel, type OpenChannel } from "../../src/sdk/channel.ts";

export interface TestChannelOptions {
  readonly id?: string;
  readonly globalSenders?: boolean;
  /** Called at the start of each `open`; may throw, or wait. */
  readonly onOpen?: (host: ChannelHost) => unknown;
  readonly onClose?: () => unknown;
}

export interface Opened {
  readonly options: unknown;
  readonly host: ChannelHost;
  closed: boolean;
}

export function testChannel({ id = "test", globalSenders = false, onOpen, onClose }: TestChannelOptions = {}) {
  /** One for each time that it was opened. */
  const opened: Opened[] = [];
  const sent: { target: string; message: string }[] = [];
  const channel = defineChannel({
    id,
    capabilities: { edit: true, react: false, typing: true, files: false, threads: false, buttons: false },
    limits: { message: 20 },
    globalSenders,
    options: z.strictObject({ token: z.string().optional(), pace: z.int().positive().default(3) }),
    async open(_needs: object, options, host): Promise<OpenChannel> {
      await onOpen?.(host);
      const own: Opened = { options, host, closed: false };
      opened.push(own);
      return {
        async send(target, message) {
          sent.push({ target, message });
          return { id: String(sent.length) };
        },
        async [Symbol.asyncDispose]() {
          own.closed = true;
          await onClose?.();
        },
      };
    },
  });
  return { opened, sent, load: async () => channel };
}
