/** A server that other agents may give tasks to, and the official client of the protocol in both of its versions. */
import { Role, type SendMessageRequest, type StreamResponse } from "@a2a-js/sdk";
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory } from "@a2a-js/sdk/client";
import type { TestApp } from "./app.ts";
import { conversation } from "./conversation.ts";

type Options = NonNullable<Parameters<typeof conversation>[0]>;

export function a2aApp({ config = {}, ...rest }: Options = {}) {
  return conversation({ ...rest, config: { ...config, a2a: { enabled: true, ...config.a2a } } });
}

/** A client that finds the server by its card. `version` is that which it takes from there. */
export async function openAgent({ url, token }: Pick<TestApp, "url" | "token">, version: "1.0" | "0.3" = "1.0") {
  const fetchImpl = Object.assign(
    (input: RequestInfo | URL, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${token}`);
      return fetch(input, { ...init, headers });
    },
    { preconnect: () => {} },
  );
  const legacyCompat = { enabled: true };
  const resolver = new DefaultAgentCardResolver({ fetchImpl, legacyCompat });
  const card = await resolver.resolve(`${url}/`);
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl, legacyCompat })],
    cardResolver: resolver,
  });
  const supportedInterfaces = card.supportedInterfaces.filter((each) => each.protocolVersion === version);
  return factory.createFromAgentCard({ ...card, supportedInterfaces });
}

export interface Said {
  readonly id?: string;
  readonly contextId?: string;
  readonly taskId?: string;
  readonly files?: readonly { readonly bytes: string; readonly name: string; readonly mime: string }[];
  readonly wait?: boolean;
}

export function saying(text: string, { id, contextId = "", taskId = "", files = [], wait = true }: Said = {}) {
  const plain = { metadata: undefined, filename: "", mediaType: "" };
  const request: SendMessageRequest = {
    tenant: "",
    message: {
      messageId: id ?? crypto.randomUUID(),
      contextId,
      taskId,
      role: Role.ROLE_USER,
      parts: [
        { ...plain, content: { $case: "text", value: text } },
        ...files.map(({ bytes, name, mime }) => ({
          ...plain,
          content: { $case: "raw" as const, value: Buffer.from(bytes) },
          filename: name,
          mediaType: mime,
        })),
      ],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately: !wait },
    metadata: undefined,
  };
  return request;
}

/** What a client that follows the protocol's rules ends up with, and the kinds of what came. */
export async function gather(stream: AsyncIterable<StreamResponse>) {
  const kinds: string[] = [];
  const states: (number | undefined)[] = [];
  let answer = "";
  let taskId = "";
  for await (const { payload } of stream) {
    kinds.push(payload?.$case ?? "none");
    if (payload?.$case === "task") {
      taskId = payload.value.id;
      states.push(payload.value.status?.state);
    }
    if (payload?.$case === "statusUpdate") states.push(payload.value.status?.state);
    if (payload?.$case !== "artifactUpdate" || payload.value.artifact?.artifactId !== "answer") continue;
    const content = payload.value.artifact.parts[0]?.content;
    const text = content?.$case === "text" ? content.value : "";
    answer = payload.value.append ? answer + text : text;
  }
  return { kinds, states, answer, taskId };
}
