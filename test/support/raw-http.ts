/** HTTP by hand over a TCP socket: any method, any header twice, any Host, and nothing that a library adds. */
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Header lines as they are to be sent; `Host` is not added. The connection is closed after the answer. */
export async function rawHttp(
  url: string,
  { method = "GET", path = "/", headers = [] as readonly string[], body = "" } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const socket = await openTcp(hostname, Number(port));
  const close = headers.some((line) => /^connection:/i.test(line)) ? [] : ["Connection: close"];
  socket.write([`${method} ${path} HTTP/1.1`, ...headers, ...length, ...close, "", body].join("\r\n"));
  return await readAnswer(socket);
}

/** What a client sends to change to WebSocket. */
export const UPGRADE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
] as const;

export async function openTcp(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port });
  const opened = Promise.withResolvers<void>();
  socket.once("connect", () => opened.resolve());
  socket.once("error", (error) => opened.reject(error));
  await opened.promise;
  return socket;
}

async function readAnswer(socket: Socket): Promise<RawAnswer> {
  const read = Promise.withResolvers<RawAnswer>();
  let got: Uint8Array = new Uint8Array();
  const look = (isEnd: boolean) => {
    const text = Buffer.from(got).toString("latin1");
    const answer = parseAnswer(text, isEnd);
    if (answer) read.resolve(answer);
    else if (isEnd) read.reject(new Error(`No whole answer: ${JSON.stringify(text)}`));
  };
  socket.on("data", (data: Buffer) => {
    got = Buffer.concat([got, data]);
    look(false);
  });
  socket.once("close", () => look(true));
  socket.once("error", (error) => read.reject(error));
  try {
    return await read.promise;
  } finally {
    socket.destroy();
  }
}

function parseAnswer(text: string, isEnd: boolean): RawAnswer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  const headers = new Headers(
    lines.map(
      (line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as [string, string],
    ),
  );
  const body = text.slice(end + 4);
  const length = headers.get("content-length");
  const isWhole = isEnd || status === 101 || (length !== null && body.length >= Number(length));
  return isWhole ? { status, headers, body } : undefined;
}
