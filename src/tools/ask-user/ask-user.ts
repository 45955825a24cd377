/** Asks the person something and waits for the answer. */
import * as z from "zod";
import { parseSessionKey } from "../../protocol/session-key.ts";
import type { Questions } from "../../sdk/questions.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./ask-user.md" with { type: "text" };

interface Needs {
  readonly questions: Questions;
  readonly config: () => { readonly tools: { readonly ask_user: { readonly timeout_ms: number } } };
}

export const askUser = defineTool({
  name: "ask_user",
  description,
  params: z.strictObject({
    question: z.string().min(1).max(4000),
    options: z.array(z.string().min(1).max(200)).max(8).optional().describe("short answers to choose from"),
  }),
  // One question after the other.
  parallel: false,
  prepare(
    { questions, config }: Needs,
    { question, options = [] },
    { sessionKey, runId, callId, signal, waiting = signal },
  ) {
    return {
      tier: "allow",
      reason: "Asks the user",
      plan: { question, ...(options.length === 0 ? {} : { options }) },
      async run() {
        if (runId === null || !hasPerson(sessionKey)) {
          return { ok: false, text: "Nobody is here who could answer: go on as seems best, and say what you assumed" };
        }
        const asked = { sessionKey, runId, callId, question, options };
        const { timeout_ms } = config().tools.ask_user;
        const end = await questions.ask(asked, timeout_ms, waiting);
        if (end.status === "answered") return { ok: true, text: `The user answered: ${end.answer}` };
        if (end.status === "cancelled") return { ok: false, text: "Cancelled before the user answered" };
        return { ok: false, text: `The user did not answer within ${Math.ceil(timeout_ms / 1000)} s` };
      },
    };
  },
});

/** Tasks and delegated work run with nobody in the conversation. */
function hasPerson(sessionKey: string): boolean {
  const { form } = parseSessionKey(sessionKey);
  return form !== "task" && form !== "subagent";
}
