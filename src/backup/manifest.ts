/** What a backup says of itself: its last file, by which all the others are checked. */
import * as z from "zod";

export const MANIFEST = "manifest.json";

const manifestSchema = z.object({
  /** The form of the archive. */
  aleph_backup: z.literal(1),
  aleph_version: z.string(),
  /** How many migrations the database has had. */
  database_version: z.int().min(0),
  created_at: z.int().min(0),
  /** Whether the owner's token and the keys of this home are in it. */
  credentials: z.boolean(),
  files: z.array(
    z.object({
      path: z.string(),
      size: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      executable: z.boolean(),
    }),
  ),
});
export type Manifest = z.output<typeof manifestSchema>;
export type BackedUpFile = Manifest["files"][number];

/** Nothing when it is none that this version can read. */
export function parseManifest(text: string): Manifest | undefined {
  try {
    return manifestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Not JSON: not one of ours.
    return undefined;
  }
}
