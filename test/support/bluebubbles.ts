/** A BlueBubbles of one's own: the parts of its REST API that are used, over HTTP, with chats, messages and files. */

export const BLUEBUBBLES = { password: "pass word&=1", owner: "+15550001" } as const;

interface Sent {
  readonly chat: string;
  readonly text: string;
  readonly method: string;
  readonly replyTo: string | undefined;
  readonly file?: { readonly name: string; readonly bytes: string };
}

export function fakeBlueBubbles({ privateApi = false } = {}) {
  // biome-ignore lint/suspicious/noExplicitAny: as the wire has it
  const messages: any[] = [];
  const sent: Sent[] = [];
  const typing: string[] = [];
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const faults: { path: string; status: number; message: string }[] = [];
  const answer = (data: unknown) => Response.json({ status: 200, message: "Success", data });
  const failure = (status: number, message: string) =>
    Response.json({ status, message: "Error", error: { type: "Error", message } }, { status });

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (searchParams.get("password") !== BLUEBUBBLES.password) return failure(401, "Unauthorized");
      const path = pathname.replace("/api/v1/", "");
      const at = faults.findIndex((fault) => fault.path === path);
      const [fault] = at < 0 ? [] : faults.splice(at, 1);
      if (fault) return failure(fault.status, fault.message);
      if (path === "server/info") return answer({ server_version: "1.9.9", private_api: privateApi });
      if (path === "message/query") {
        const { limit, sort, where = [] } = await request.json();
        const mark = where[0]?.args.mark ?? 0;
        if (where[0] && where[0].statement !== "message.ROWID > :mark") return failure(400, "Bad where");
        const found = messages.filter(({ originalROWID }) => originalROWID > mark);
        return answer((sort === "DESC" ? found.toReversed() : found).slice(0, limit));
      }
      if (path === "message/text") {
        const { chatGuid, message, method, tempGuid, selectedMessageGuid } = await request.json();
        if (!tempGuid || (!privateApi && selectedMessageGuid)) return failure(400, "Bad request");
        sent.push({ chat: chatGuid, text: message, method, replyTo: selectedMessageGuid });
        return answer({ guid: `sent-${sent.length}` });
      }
      if (path === "message/attachment") {
        const form = await request.formData();
        const file = form.get("attachment") as File;
        const bytes = Buffer.from(await file.bytes()).toString();
        const about = { chat: String(form.get("chatGuid")), text: "", method: String(form.get("method")) };
        sent.push({ ...about, replyTo: undefined, file: { name: String(form.get("name")), bytes } });
        return answer({ guid: `sent-${sent.length}` });
      }
      const [, typed] = /^chat\/(.+)\/typing$/.exec(path) ?? [];
      if (typed !== undefined) {
        typing.push(decodeURIComponent(typed));
        return answer(null);
      }
      const [, file = ""] = /^attachment\/(.+)\/download$/.exec(path) ?? [];
      const bytes = files.get(file);
      return bytes ? new Response(bytes) : failure(404, "Attachment does not exist");
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    sent,
    typing,
    files,
    texts: () => sent.map(({ text }) => text),
    fail: (path: string, status: number, message: string) => faults.push({ path, status, message }),
    /** Somebody writes; alone unless a group is named. */
    say(text: string, more: { from?: string; group?: string; [key: string]: unknown } = {}) {
      const { from = BLUEBUBBLES.owner, group, ...rest } = more;
      const guid = group === undefined ? `iMessage;-;${from}` : `iMessage;+;${group}`;
      messages.push({
        originalROWID: messages.length + 1,
        guid: `m-${messages.length + 1}`,
        text,
        isFromMe: false,
        itemType: 0,
        associatedMessageGuid: null,
        handle: { address: from },
        chats: [{ guid, displayName: group ? "Friends" : "" }],
        attachments: [],
        ...rest,
      });
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}
