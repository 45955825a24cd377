/** What webhooks meet outside: a sender that signs as GitHub does, and a place that takes events. */

export const SECRET = "a-secret-of-some-length";

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly secret?: string;
  readonly name?: string;
}

/** Sends a body as GitHub would. */
export async function sendHook(
  url: string,
  payload: unknown,
  { headers = {}, secret = SECRET, name = "github" }: SendOptions = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers }> {
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  const digest = new Bun.CryptoHasher("sha256", secret).update(body).digest("hex");
  const answer = await fetch(`${url}/hooks/${name}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${digest}`, ...headers },
  });
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown>,
    headers: answer.headers,
  };
}

export interface TakenEvent {
  readonly headers: Headers;
  readonly text: string;
  readonly event: {
    readonly id: string;
    readonly topic: string;
    readonly seq: number;
    readonly data: Record<string, unknown>;
  };
}

/** Answers with what `answer` says of the event; `taken` is all that came. */
export function startTaker(
  answer: (event: TakenEvent, count: number) => Response | Promise<Response> = () => new Response(),
) {
  const taken: TakenEvent[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const text = await request.text();
      const event = { headers: request.headers, text, event: JSON.parse(text) };
      taken.push(event);
      return answer(event, taken.length);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/take/canary-path`,
    port: server.port!,
    taken,
    topics: () => taken.map(({ event }) => event.topic),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
