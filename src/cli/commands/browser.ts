/** `aleph browser`: a session's browser, driven by hand. */
import type { MethodName, Params, Result } from "../../client/client.ts";
import { type Arguments, defineCommand, defineGroup, type Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import { answerQuestions } from "../conversation/own-questions.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, type ServerFlags, serverFlags, sessionFlag, sessionOf } from "../flags.ts";
import { SERVER_ONLY } from "../one-call.ts";
import { writeOutcome } from "../outcome.ts";
import { writeJson } from "../output.ts";

type BrowserMethod = Extract<MethodName, `browser.${string}`>;

const flags = { ...sessionFlag, ...jsonFlag, ...serverFlags } as const;
const selector = {
  type: "positional",
  required: true,
  description: "a reference such as e12, see aleph browser show, or a CSS selector",
} as const satisfies Arguments[string];

const open = defineCommand({
  summary: "Open an address",
  args: { address: { type: "positional", required: true, description: "such as https://example.com" }, ...flags },
  run: (args, invocation) => use(args, invocation, "browser.navigate", { url: args.address }),
});

const show = defineCommand({
  summary: "Show the page that is open as text, with a reference for each thing",
  args: flags,
  run: (args, invocation) => use(args, invocation, "browser.snapshot", {}),
});

const screenshot = defineCommand({
  summary: "Take a picture of the page, kept with the session's files",
  args: { selector: { ...selector, required: false, description: "only this thing" }, ...flags },
  run: (args, invocation) =>
    use(args, invocation, "browser.screenshot", args.selector === undefined ? {} : { selector: args.selector }),
});

const click = defineCommand({
  summary: "Click a thing on the page",
  args: { selector, ...flags },
  run: (args, invocation) => use(args, invocation, "browser.click", { selector: args.selector }),
});

const type = defineCommand({
  summary: "Type into a field of the page",
  args: { selector, words: { type: "positional", required: true, rest: true, description: "what to type" }, ...flags },
  run: (args, invocation) =>
    use(args, invocation, "browser.type", { selector: args.selector, text: args._.slice(1).join(" ") }),
});

const evaluate = defineCommand({
  summary: "Run JavaScript in the page",
  args: { script: { type: "positional", required: true, description: "such as document.title" }, ...flags },
  run: (args, invocation) => use(args, invocation, "browser.evaluate", { script: args.script }),
});

const close = defineCommand({
  summary: "End the session's browser",
  args: flags,
  run: (args, invocation) => use(args, invocation, "browser.close", {}),
});

export const browser = defineGroup({
  summary: "Drive a session's browser by hand",
  details: "It is the browser that the agent uses in the session; every step passes the same gate as the agent's.",
  commands: { open, show, screenshot, click, type, evaluate, close },
});

/** One step; asks at the terminal where it needs the owner's word. */
function use<M extends BrowserMethod>(
  args: ServerFlags & { readonly json?: boolean | undefined; readonly session?: string | undefined },
  invocation: Invocation,
  method: M,
  params: Params<M>,
): Promise<number> {
  const { terminal } = invocation;
  // The browser lives in the server: one of the command's own would be gone with it.
  return withClient(
    args,
    invocation,
    async (connected) => {
      const { client } = connected;
      using _asking = await answerQuestions(connected, invocation, ({ tool }) => tool.startsWith("browser_"));
      const done = (await client.call(method, { ...params, ...sessionOf(args) })) as Result<BrowserMethod>;
      if (args.json) writeJson(terminal.out, done);
      else writeOutcome(done, terminal);
      return done.ok ? EXIT.ok : EXIT.failure;
    },
    SERVER_ONLY,
  );
}
