/** `aleph media`: stored files of conversations. */
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatTime } from "../format.ts";
import { oneCall, SERVER_ONLY } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { saveMedia } from "../save-media.ts";

const id = { type: "positional", required: true, description: "id of the file, see aleph sessions show" } as const;

const save = defineCommand({
  summary: "Save a stored file into a folder",
  args: {
    id,
    output: {
      type: "string",
      alias: "o",
      valueHint: "folder",
      description: "where it goes; here if left out",
      completion: "folder",
    },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => {
        const { url } = await client.call("media.link", { media_id: args.id });
        const [path] = await saveMedia([{ media_id: args.id, url }], args, invocation);
        if (args.json) writeJson(invocation.terminal.out, { media_id: args.id, path });
        else invocation.terminal.out.write(`${path}\n`);
      },
      SERVER_ONLY,
    ),
});

const link = defineCommand({
  summary: "Print a path on the server that gives a stored file without a login, for an hour",
  args: { id, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "media.link",
      params: { media_id: args.id },
      tell({ url, expires_at }, { out, err }) {
        out.write(`${url}\n`);
        err.write(`Until ${formatTime(expires_at)}\n`);
      },
      options: SERVER_ONLY,
    }),
});

export const media = defineGroup({
  summary: "Save and share the files of conversations",
  commands: { save, link },
});
