/** `aleph events`: what happens, as it happens. */
import type { ClientState } from "../../client/client.ts";
import { compileGlob } from "../../lib/glob.ts";
import { nearest } from "../../lib/nearest.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { TOPICS } from "../../protocol/event-frame.ts";
import type { EventFrame } from "../../protocol/events.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { toCount } from "../count.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatTime } from "../format.ts";
import { writeJson } from "../output.ts";
import type { Output } from "../terminal.ts";

export const events = defineCommand({
  summary: "Watch what happens, as it happens",
  details:
    "Goes on until Ctrl-C, or until --count events have come; a lost connection is made again and what was missed meanwhile is shown.",
  args: {
    pattern: {
      type: "positional",
      required: false,
      description: 'topics, such as "agent.*"; * is one word, or the rest at the end; all of them if left out',
      default: "**",
      completion: "topics",
    },
    after: { type: "string", valueHint: "seq", description: "begin with what came after this number" },
    count: { type: "string", valueHint: "n", description: "end after so many" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ['aleph events "agent.*"', "runs that begin and end"],
    ["aleph events --json --after 0 | jq .topic", "all that is kept, for a program, one a line"],
  ],
  run: (args, invocation) => {
    const count = args.count === undefined ? Number.POSITIVE_INFINITY : toCount("count", args.count, 1_000_000);
    const after = args.after === undefined ? undefined : toCount("after", args.after, Number.MAX_SAFE_INTEGER, 0);
    const { out, err } = invocation.terminal;
    const ended = Promise.withResolvers<number>();
    let isLost = false;
    const onState = (state: ClientState) => {
      if (state.kind === "refused") ended.reject(state.error);
      else if ((state.kind === "disconnected") !== isLost) {
        isLost = !isLost;
        err.write(isLost ? "The connection was lost; trying again …\n" : "Connected again\n");
      }
    };
    return withClient(
      args,
      invocation,
      async ({ client }): Promise<number> => {
        tellUnknown(args.pattern, err);
        const leave = () => ended.resolve(EXIT.interrupted);
        process.once("SIGINT", leave);
        let seen = 0;
        using _watch = await client.subscribe(
          args.pattern,
          (event) => {
            if (seen >= count) return;
            seen += 1;
            if (args.json) writeJson({ ...out, isTerminal: false }, event);
            else writeEvent(out, event);
            if (seen === count) ended.resolve(EXIT.ok);
          },
          {
            ...(after === undefined ? {} : { afterSeq: after }),
            // Who wants all that is kept, wants just that.
            onTruncated: () =>
              after !== 0 && err.write(`${err.style.yellow("Earlier events are not kept any more")}\n`),
          },
        );
        try {
          return await ended.promise;
        } finally {
          process.off("SIGINT", leave);
        }
      },
      { serverOnly: true, reconnect: true, onState },
    );
  },
});

/** A newer server elsewhere may have more topics: it is watched for all the same. */
function tellUnknown(pattern: string, err: Output): void {
  if (TOPICS.some(compileGlob(pattern))) return;
  const groups = new Set(TOPICS.map((topic) => `${topic.split(".")[0]}.*`));
  const meant = nearest(pattern, [...groups, ...TOPICS]);
  const hint = meant ? `; did you mean ${JSON.stringify(meant)}?` : "";
  err.write(`${err.style.yellow(`No topic is known as ${printableLine(JSON.stringify(pattern))}${hint}`)}\n`);
}

function writeEvent(out: Output, { topic, seq, ts, data }: EventFrame): void {
  const head = `${formatTime(ts)}  ${String(seq).padStart(6)}  ${topic}`;
  out.write(`${out.style.dim(head)}  ${printableLine(JSON.stringify(data))}\n`);
}
