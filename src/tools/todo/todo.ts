/** A list of tasks that the model keeps for its session. */
import * as z from "zod";
import { AlephError } from "../../protocol/errors.ts";
import { type SessionState, TASKS_STATE } from "../../sdk/session-state.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./todo.md" with { type: "text" };

interface Needs {
  readonly sessionState: SessionState;
}

const items = z
  .array(z.strictObject({ text: z.string().min(1).max(1000), status: z.enum(["pending", "in_progress", "done"]) }))
  .max(100);
type Items = z.output<typeof items>;

const MARKS = { pending: "[ ]", in_progress: "[>]", done: "[x]" } as const;

export const todo = defineTool({
  name: "todo",
  description,
  params: z.strictObject({
    action: z.enum(["list", "set", "clear"]),
    items: items.optional().describe("the whole new list; needed for set"),
  }),
  parallel: false,
  prepare({ sessionState }: Needs, { action, items: wanted }, { sessionKey }) {
    if (action === "set" && wanted === undefined) throw new AlephError("invalid_params", '"items" is needed for "set"');
    return {
      tier: "allow",
      reason: "Keeps the list of tasks of this session",
      plan: { action, ...(wanted === undefined ? {} : { items: wanted }) },
      async run() {
        if (action === "set" && wanted) await sessionState.set(sessionKey, TASKS_STATE, wanted);
        if (action === "clear") await sessionState.set(sessionKey, TASKS_STATE, []);
        return { ok: true, text: describe(items.catch([]).parse(sessionState.get(sessionKey, TASKS_STATE) ?? [])) };
      },
    };
  },
});

function describe(list: Items): string {
  if (list.length === 0) return "The list is empty";
  return list.map(({ text, status }, index) => `${index + 1}. ${MARKS[status]} ${text}`).join("\n");
}
