/** What to do about a provider that failed: the words of the doctor. */
export { hintFor } from "../doctor/provider-hint.ts";
