/** Brings whole files to a node or from it, in parts, so that a cut costs no more than one of them. */
import { createHash } from "node:crypto";
import * as z from "zod";
import { partFile } from "../../lib/part-file.ts";
import { judgeWrite } from "../../policy/judge-write.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { NodeAnswer } from "../../protocol/node.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool, type ToolContext, type ToolResult } from "../../sdk/tool.ts";
import { type JudgedCall, judgeCall, type NodeNeeds, patternOf } from "../node-call/node-call.ts";

interface Needs extends NodeNeeds {
  readonly files: Pick<Files, "locate" | "open" | "adopt">;
  /** Where parts wait for the rest. */
  readonly transfers: string;
}

const PART = 512 * 1024;
const PART_MS = 60_000;
/** How long a node that has gone is waited for, each time. */
const PATIENCE_MS = 60_000;
/** Cuts that one transfer outlives. */
const MAX_CUTS = 20;

export const nodeFile = defineTool({
  name: "node_file",
  description:
    "Copies a file between your workspace and that of a node: push sends it, pull brings it. Works for large and binary files, goes on where it stopped when the connection is lost, and checks the SHA-256 of the whole.",
  params: z.strictObject({
    node: z.string().min(1).max(100).describe("name or id of the node"),
    direction: z.enum(["push", "pull"]),
    from: z.string().min(1).describe("the file, relative to the workspace that it is in"),
    to: z.string().min(1).optional().describe("where to, relative to the other workspace; the same path if left out"),
  }),
  parallel: false,
  async prepare(needs: Needs, { node, direction, from, to = from }, context) {
    const found = (await needs.cluster()).get(node);
    const transfer = direction === "push" ? preparePush : preparePull;
    const { judged, about, run } = await transfer(needs, found.name, { from, to }, context);
    const { tier, reason, rule, plan, outward } = judged;
    const pattern = patternOf(judged);
    return {
      tier,
      reason,
      plan: { ...plan, direction, ...about },
      ...(rule === undefined ? {} : { rule }),
      ...(pattern === undefined ? {} : { pattern }),
      ...(outward ? { outward } : {}),
      run,
    };
  },
});

interface Transfer {
  readonly judged: JudgedCall;
  readonly about: Readonly<Record<string, unknown>>;
  run(): Promise<ToolResult>;
}

interface Paths {
  readonly from: string;
  readonly to: string;
}

async function preparePush(needs: Needs, name: string, { from, to }: Paths, context: ToolContext): Promise<Transfer> {
  const node = (await needs.cluster()).get(name);
  const { bytes, sha256 } = await measure(needs.files, context.workspace, from);
  const args = { path: to, sha256, bytes };
  const judged = await judgeCall(needs, node, { command: "file.write", args }, context);
  return {
    judged,
    about: { from, to, bytes, sha256 },
    async run() {
      const { file } = await needs.files.open(context.workspace, from);
      try {
        // Without content it only tells how much is there, from an earlier try.
        let state = stateOf(await sendPart(needs, judged, {}, context));
        while (!state.done) {
          const { received: offset } = state;
          const buffer = Buffer.alloc(Math.min(PART, bytes - offset));
          const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
          if (bytesRead === 0) throw new AlephError("conflict", `"${from}" has become shorter while it was sent`);
          const data = buffer.subarray(0, bytesRead).toString("base64");
          state = stateOf(await sendPart(needs, judged, { offset, data }, context));
          context.progress(`${state.received} of ${bytes} bytes\n`);
        }
      } finally {
        await file.close();
      }
      return { ok: true, text: `Sent ${from} to ${to} on node "${node.name}" (${bytes} bytes, SHA-256 ${sha256})` };
    },
  };
}

async function preparePull(needs: Needs, name: string, { from, to }: Paths, context: ToolContext): Promise<Transfer> {
  const node = (await needs.cluster()).get(name);
  const target = await needs.files.locate(context.workspace, to);
  const judged = await judgeCall(needs, node, { command: "file.read", args: { path: from, whole: true } }, context);
  const { bytes, sha256 } = judged.verdict.plan as { bytes?: unknown; sha256?: unknown };
  if (typeof bytes !== "number" || typeof sha256 !== "string") {
    throw new AlephError("invalid_request", `Node "${node.name}" does not say what "${from}" is`);
  }
  const own = judgeWrite([target.name], judged.reason);
  return {
    judged: judged.tier === "allow" ? { ...judged, ...own, outward: judged.outward || own.outward === true } : judged,
    about: { from, to: target.name, bytes, sha256 },
    async run() {
      const part = partFile(needs.transfers, [node.node_id, from, target.path, sha256].join("\0"));
      for (let have = await part.size(); have < bytes; have = await part.size()) {
        const answer = await sendPart(needs, judged, { offset: have, limit: PART, encoding: "base64" }, context);
        const { content } = answer.data ?? {};
        const data = Buffer.from(typeof content === "string" ? content : "", "base64");
        if (data.byteLength === 0 || data.byteLength > PART) {
          throw new AlephError("invalid_request", `Node "${node.name}" sends no part of "${from}"`);
        }
        await part.append(have, data);
        context.progress(`${have + data.byteLength} of ${bytes} bytes\n`);
      }
      if (bytes === 0) await part.append(0, new Uint8Array());
      const got = await part.hash();
      if (got !== sha256) {
        await part.remove();
        throw new AlephError("conflict", `What came of "${from}" is not what was announced: its SHA-256 is ${got}`);
      }
      await needs.files.adopt(context.workspace, to, part.path);
      await part.remove();
      const text = `Brought ${from} of node "${node.name}" to ${target.name} (${bytes} bytes, SHA-256 ${sha256})`;
      return { ok: true, text, untrusted: true };
    },
  };
}

/** A part can be sent twice: it says where it belongs, and both sides know how far they are. */
async function sendPart(
  needs: Needs,
  { node, command, args, tier, verdict }: JudgedCall,
  content: Readonly<Record<string, unknown>>,
  { sessionKey, runId, signal }: ToolContext,
): Promise<NodeAnswer> {
  const cluster = await needs.cluster();
  for (let cuts = 0; ; cuts++) {
    if (!(await cluster.waitFor(node.node_id, PATIENCE_MS, signal)) || cuts > MAX_CUTS) {
      throw new AlephError("conflict", `Node "${node.name}" is gone; call it again to go on where it stopped`);
    }
    try {
      const end = await cluster.call(node.node_id, {
        command,
        args: { ...args, ...content },
        sessionKey,
        runId,
        digest: verdict.digest,
        approved: tier === "ask",
        timeoutMs: PART_MS,
        signal,
        isPart: true,
      });
      if (end.outcome === "done" && end.answer) return end.answer;
      // The node's own word is final; a part of which none came is sent again.
      if (end.outcome === "failed" && !end.isNotBegun) throw new AlephError("conflict", end.text);
    } catch (thrown) {
      signal.throwIfAborted();
      const isAway = thrown instanceof AlephError && (await cluster.get(node.node_id)).status === "offline";
      if (!isAway) throw thrown;
    }
  }
}

function stateOf({ data }: NodeAnswer): { readonly received: number; readonly done: boolean } {
  const { received, done } = data ?? {};
  if (typeof received !== "number" || typeof done !== "boolean") {
    throw new AlephError("invalid_request", "The node does not say how much of the file it has");
  }
  return { received, done };
}

async function measure(files: Pick<Files, "open">, workspace: string, path: string) {
  const { file } = await files.open(workspace, path);
  try {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      hash.update(chunk);
      bytes += (chunk as Buffer).byteLength;
    }
    return { bytes, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}
