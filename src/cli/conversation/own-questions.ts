/** Asks for approval where a command itself has called what needs it: at its terminal, or by naming the command to approve with. */
import { AlephError } from "../../protocol/errors.ts";
import type { EventData, EventFrame } from "../../protocol/events.ts";
import type { Invocation } from "../command.ts";
import type { Connected } from "../connection.ts";
import { confirm } from "../question.ts";
import { writeQuestion } from "./approval.ts";

type Requested = EventData<"approval.requested">;

/** Until disposed. `isOurs` tells the questions of this very call from those of everybody else's. */
export function answerQuestions(
  { client, url }: Connected,
  { terminal, program }: Pick<Invocation, "terminal" | "program">,
  isOurs: (asked: Requested) => boolean,
): Promise<Disposable> {
  return client.subscribe("approval.requested", (event) => {
    const { data } = event as EventFrame<"approval.requested">;
    // A run's questions are for whoever talks to the agent.
    if (data.run_id !== null || !isOurs(data)) return;
    const { approval_id } = data;
    if (!terminal.interactive && url === undefined) {
      // The core is in this very process: no other command reaches it to say yes.
      terminal.err.write(`Nobody can be asked: run it at a terminal, or start a server with ${program} serve\n`);
      void client.call("approvals.resolve", { approval_id, decision: "deny" }).catch(overAlready);
      return;
    }
    if (!terminal.interactive) {
      terminal.err.write(`It waits for approval: ${program} approvals approve ${approval_id}\n`);
      return;
    }
    writeQuestion(terminal.err, data);
    const answer = confirm(terminal, "Allow it?", false).then((yes) => (yes ? "once" : "deny"));
    answer
      // Ctrl-C at a question is a no.
      .catch(() => "deny" as const)
      .then((decision) => client.call("approvals.resolve", { approval_id, decision }))
      .catch(overAlready);
  });
}

/** Somebody else was faster, or the call is over: its own answer tells. */
function overAlready(error: unknown): void {
  if (!(error instanceof AlephError)) throw error;
}
