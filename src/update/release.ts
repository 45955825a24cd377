/** What there is of a newer version: `latest.json`, believed only with the signature of the key that the executable was built with. */
import * as z from "zod";
import { AlephError } from "../protocol/errors.ts";

/** Part of what is signed, so that no signature over something else can stand for it. */
export const SIGNED_AS = "aleph release 1\n";
/** No executable is larger. */
const MAX_EXECUTABLE = 1024 ** 3;

export const releaseSchema = z.object({
  /** Of this description. */
  format: z.literal(1),
  version: z.string().regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/),
  released_at: z.iso.datetime(),
  /** By target: the executable, compressed with gzip, in the same folder; size and sum are those of the executable itself. */
  executables: z.record(
    z.string(),
    z.object({
      file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
      bytes: z.int().positive().max(MAX_EXECUTABLE),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type Release = z.infer<typeof releaseSchema>;

/** `key` and `signature` (Ed25519, RFC 8032) in base64url. Throws `forbidden` unless the key signed exactly this text. */
export async function readRelease(text: string, signature: string, key: string): Promise<Release> {
  if (!(await isSigned(text, signature.trim(), key))) {
    throw new AlephError(
      "forbidden",
      "The description of the newest version is not signed by the key of this executable",
      {
        data: { hint: "Nothing was changed; somebody between here and the server may have had a hand in it" },
      },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unreadable(cause);
  }
  const parsed = releaseSchema.safeParse(value);
  if (!parsed.success) throw unreadable(parsed.error);
  return parsed.data;
}

async function isSigned(text: string, signature: string, key: string): Promise<boolean> {
  const [raw, given] = [Buffer.from(key, "base64url"), Buffer.from(signature, "base64url")];
  if (raw.length !== 32 || given.length !== 64) return false;
  const imported = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  return await crypto.subtle.verify("Ed25519", imported, given, Buffer.from(SIGNED_AS + text));
}

function unreadable(cause: unknown): AlephError {
  return new AlephError(
    "conflict",
    "The description of the newest version has a form that this version does not know",
    {
      cause,
      data: { hint: "Get the new version in the way in which this one was installed" },
    },
  );
}
