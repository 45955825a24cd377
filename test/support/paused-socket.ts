/** A WebSocket client on a bare TCP socket that can stop reading, as a laptop that was closed does. */
import { openTcp, UPGRADE } from "./raw-http.ts";

export interface PausedSocket extends Disposable {
  send(text: string): void;
  pause(): void;
  resume(): void;
  /** What was read, frame by frame: texts, and the code and reason of the close frame. */
  readonly texts: readonly string[];
  readonly closeFrame: { readonly code: number; readonly reason: string } | undefined;
}

/** `url` is the server's `http://…`. */
export async function openPausable(url: string): Promise<PausedSocket> {
  const { hostname, port, host } = new URL(url);
  const socket = await openTcp(hostname, Number(port));
  const texts: string[] = [];
  let closeFrame: PausedSocket["closeFrame"];
  let rest: Buffer = Buffer.alloc(0);
  let isOpen = false;
  const opened = Promise.withResolvers<void>();
  socket.on("error", () => undefined);
  socket.on("data", (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    if (!isOpen) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      rest = rest.subarray(end + 4);
      isOpen = true;
      opened.resolve();
    }
    for (let frame = takeFrame(rest); frame; frame = takeFrame(rest)) {
      rest = rest.subarray(frame.size);
      if (frame.opcode === 1) texts.push(frame.payload.toString());
      if (frame.opcode === 8)
        closeFrame = { code: frame.payload.readUInt16BE(0), reason: frame.payload.toString("utf8", 2) };
    }
  });
  socket.write(["GET /ws HTTP/1.1", `Host: ${host}`, ...UPGRADE, "", ""].join("\r\n"));
  await opened.promise;
  return {
    send: (text) => void socket.write(maskedFrame(text)),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    texts,
    get closeFrame() {
      return closeFrame;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** RFC 6455 §5.2; a mask of zeros leaves the text as it is. Short texts only. */
function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

function takeFrame(data: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (data.length < 2) return undefined;
  const short = data[1]! & 0x7f;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (data.length < head) return undefined;
  const length = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  if (data.length < head + length) return undefined;
  return { opcode: data[0]! & 0x0f, payload: data.subarray(head, head + length), size: head + length };
}
