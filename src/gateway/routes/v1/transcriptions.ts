/** The text of speech. */
import { AlephError } from "../../../protocol/errors.ts";
import { apiRoute, singleCall } from "../../completion-route.ts";

export const transcriptionsRoute = apiRoute(async (completion, route) => {
  const form = await route.request.formData().catch((cause: unknown) => {
    throw new AlephError("invalid_request", "The body must be a form with a file", { cause });
  });
  return completion.transcribe(singleCall("/v1/audio/transcriptions", route), form);
});
