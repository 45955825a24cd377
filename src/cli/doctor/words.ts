/** What the fixes of the doctor do, in words. */
import type { Fix } from "../../protocol/finding.ts";

export const FIX_WORDS: Readonly<Record<Fix, string>> = {
  close_home: "Take the home from other users",
  close_credentials: "Take the files of secrets from other users",
};
