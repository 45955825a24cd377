/** `file.read`, `file.write` and `file.list` on a node, whole or in parts that are bound to one SHA-256. */
import { hostname } from "node:os";
import * as z from "zod";
import { fingerprint } from "../../lib/fingerprint.ts";
import { hashFile, partFile } from "../../lib/part-file.ts";
import { judgeWrite } from "../../policy/judge-write.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import { type NodeCommand, parseArgs } from "../node-command.ts";

export interface FileNeeds {
  readonly files: Pick<Files, "locate" | "open" | "write" | "adopt" | "list">;
  /** Where parts wait for the rest. */
  readonly transfers: string;
}

/** Of one answer or part. */
const MAX_PART = 1024 * 1024;
const MAX_HASHES = 100;
const MAX_ENTRIES = 2000;

const path = z.string().min(1).max(4096);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const encoding = z.enum(["utf8", "base64"]).default("utf8");

const readParams = z.strictObject({
  path,
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(MAX_PART).default(MAX_PART),
  encoding,
  /** Binds the call to the file as it is now; offset and limit then only say which part. */
  whole: z.literal(true).optional(),
});

const writeParams = z.union([
  z.strictObject({ path, content: z.string().max(MAX_PART * 2), encoding }),
  /** A part; without `data` it only says how much is there. The last one puts the file in place. */
  z.strictObject({
    path,
    sha256,
    bytes: z.int().min(0),
    offset: z.int().min(0).optional(),
    data: z.base64().optional(),
  }),
]);

export function readCommand({ files }: FileNeeds): NodeCommand {
  const hashes = new Map<string, { readonly stamp: string; readonly sha256: string }>();
  const hashOf = async (real: string): Promise<string> => {
    const stamp = fingerprint(real);
    const known = hashes.get(real);
    if (known?.stamp === stamp) return known.sha256;
    const sha256 = await hashFile(real);
    hashes.delete(real);
    hashes.set(real, { stamp, sha256 });
    if (hashes.size > MAX_HASHES) hashes.delete(hashes.keys().next().value!);
    return sha256;
  };
  return {
    async prepare(args, { workspace }) {
      const { offset, limit, encoding, whole, ...input } = parseArgs("file.read", readParams, args);
      const { place, file } = await files.open(workspace, input.path);
      await file.close();
      const bytes = place.stats?.size ?? 0;
      const about = whole
        ? { path: place.name, bytes, sha256: await hashOf(place.path) }
        : { path: place.name, offset, limit };
      return {
        tier: "allow",
        reason: "Reads a file in the node's workspace",
        plan: about,
        bound: whole ? { ...input, whole } : { ...input, offset, limit, encoding },
        looks: true,
        async run() {
          const opened = await files.open(workspace, input.path);
          try {
            const buffer = Buffer.alloc(Math.min(limit, Math.max(0, bytes - offset)));
            const { bytesRead } = await opened.file.read(buffer, 0, buffer.length, offset);
            const content = buffer.subarray(0, bytesRead).toString(encoding);
            const data = { path: place.name, offset, bytes: bytesRead, total: bytes, encoding };
            // As text it is the answer; in base64 it is for programs.
            return encoding === "utf8"
              ? { ok: true, text: content, data }
              : { ok: true, text: `${bytesRead} bytes of ${place.name}`, data: { ...data, content } };
          } finally {
            await opened.file.close();
          }
        },
      };
    },
  };
}

export function writeCommand({ files, transfers }: FileNeeds): NodeCommand {
  return {
    async prepare(args, { workspace }) {
      const input = parseArgs("file.write", writeParams, args);
      const { name } = await files.locate(workspace, input.path);
      const { tier, reason } = judgeWrite([name], "Writes a file in the node's workspace");
      const common = {
        tier,
        reason,
        looks: false,
        outward: true as const,
      };
      if ("content" in input) {
        const content = Buffer.from(input.content, input.encoding);
        return {
          ...common,
          plan: { path: name, content: input.content, encoding: input.encoding },
          bound: input,
          async run() {
            const { created } = await files.write(workspace, input.path, content);
            const text = `${created ? "Created" : "Replaced"} ${name} (${content.byteLength} bytes) on ${hostname()}`;
            return { ok: true, text, data: { path: name, bytes: content.byteLength, created } };
          },
        };
      }
      const { offset, data, ...bound } = input;
      return {
        ...common,
        plan: { path: name, bytes: bound.bytes, sha256: bound.sha256 },
        bound,
        run: () => takePart({ files, transfers }, workspace, { ...bound, offset, data, name }),
      };
    },
  };
}

interface Part {
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly offset: number | undefined;
  readonly data: string | undefined;
}

async function takePart({ files, transfers }: FileNeeds, workspace: string, part: Part) {
  const file = partFile(transfers, `${workspace}\0${part.name}\0${part.sha256}`);
  if (part.data !== undefined) {
    const bytes = Buffer.from(part.data, "base64");
    if (bytes.byteLength > MAX_PART) throw new AlephError("payload_too_large", `A part has at most ${MAX_PART} bytes`);
    // A part that is there already came twice: what counts is where the file ends now.
    await file.append(part.offset ?? 0, bytes);
  }
  const received = await file.size();
  if (received < part.bytes || (part.data === undefined && part.bytes > 0)) {
    return { ok: true, text: `${received} of ${part.bytes} bytes`, data: { received, done: false } };
  }
  if (part.bytes === 0) await file.append(0, new Uint8Array());
  const sha256 = await file.hash();
  if (received > part.bytes || sha256 !== part.sha256) {
    await file.remove();
    throw new AlephError(
      "conflict",
      `What came of "${part.name}" is not what was announced: its SHA-256 is ${sha256}`,
      {
        data: { hint: "Send it again" },
      },
    );
  }
  const { created } = await files.adopt(workspace, part.path, file.path);
  await file.remove();
  const text = `${created ? "Created" : "Replaced"} ${part.name} (${received} bytes)`;
  return { ok: true, text, data: { received, done: true } };
}

export function listCommand({ files }: FileNeeds): NodeCommand {
  const params = z.strictObject({ path: path.default(".") });
  return {
    async prepare(args, { workspace }) {
      const input = parseArgs("file.list", params, args);
      const { name } = await files.locate(workspace, input.path);
      return {
        tier: "allow",
        reason: "Looks into a folder of the node's workspace",
        plan: { path: name },
        bound: input,
        looks: true,
        async run() {
          const all = await files.list(workspace, input.path);
          const entries = all.slice(0, MAX_ENTRIES);
          const lines = entries.map(({ name, kind, size }) => `${kind === "folder" ? `${name}/` : name}\t${size}`);
          if (all.length > entries.length) lines.push(`… and ${all.length - entries.length} more`);
          return { ok: true, text: lines.join("\n") || "[empty]", data: { path: name, entries } };
        },
      };
    },
  };
}
