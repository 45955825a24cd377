/** Other agents in Python, with the SDK of that language: it finds the agent by its card and drives all that it can ask. */
import { expect } from "bun:test";
import { join } from "node:path";
import { a2aApp } from "../support/a2a.ts";
import type { Scripted } from "../support/providers/fake.ts";
import { pythonTests } from "../support/python.ts";
import { until } from "../support/until.ts";

const CLIENT = join(import.meta.dir, "../support/a2a/python-client.py");
/** By what the message says: one that is cancelled at once may never come to the model. */
const ANSWERS: readonly (readonly [string, Scripted])[] = [
  ["What time is it?", "It is noon"],
  ["And now?", "Still noon"],
  ["Tell a story", ["Once ", "upon ", "a time"]],
  ["Read this", "Read it"],
  ["Paint it", [{ tool_call: { name: "ask_user", args: { question: "Which colour?" } } }]],
  ["Green", "Painted it green"],
  ["Take long", { steps: ["Beginning"], end: "silence" }],
  ["Tell me", "Told"],
];

const pythonTest = pythonTests({
  package: "a2a-sdk",
  module: "a2a.client, httpx",
  folder: "python-a2a",
  named: "ALEPH_A2A_PYTHON",
  required: "ALEPH_REQUIRE_PYTHON_A2A",
});

const TOLD = {
  interfaces: [
    ["JSONRPC", "1.0"],
    ["JSONRPC", "0.3"],
  ],
  send: ["completed", ["It is noon"], 1],
  context: [true, true, ["Still noon"]],
  stream: { first: "task", last: "status_update", state: "completed", text: "Once upon a time" },
  file: ["Read it"],
  asked: ["input_required", "Which colour?"],
  answered: [true, "completed", ["Painted it green"]],
  watched: ["input_required", "completed"],
  going: true,
  found: [true, 0],
  cancelled: "canceled",
  webhooks: [true, true, 1, 0],
  refused: {
    "no task": "TaskNotFoundError",
    "cancelled twice": "TaskNotCancelableError",
    "has ended": "UnsupportedOperationError",
    "watching what has ended": "UnsupportedOperationError",
    "private webhook": "InvalidParamsError",
    "no token": "A2AClientError",
  },
};

for (const [version, more] of [
  ["1.0", { listed: [2, 7, true] }],
  ["0.3", {}],
] as const) {
  pythonTest(
    `a client in Python that speaks ${version} gives tasks, watches, answers and cancels them`,
    async (python) => {
      const told: { readonly token: string | null; readonly body: string }[] = [];
      await using hook = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        async fetch(request) {
          told.push({ token: request.headers.get("x-a2a-notification-token"), body: await request.text() });
          return new Response();
        },
      });
      await using t = await a2aApp({ config: { a2a: { webhooks: [`connect:${hook.url.origin}`] } } });
      t.fake.answer(({ body }) => {
        const last = JSON.stringify(body.messages.at(-1));
        return ANSWERS.find(([words]) => last.includes(words))?.[1] ?? { status: 400, message: last };
      });
      const child = Bun.spawn([python, CLIENT, version], {
        env: { PATH: process.env.PATH ?? "", AGENT_URL: t.url, AGENT_TOKEN: t.token, WEBHOOK_URL: `${hook.url}hook` },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
      expect([await child.exited, err]).toEqual([0, ""]);
      const { telling, ...result } = JSON.parse(out);
      expect(result).toEqual({ ...TOLD, ...more });
      const last = await until(() => told.find(({ body }) => body.includes(telling) && body.includes("Told")));
      expect(last.token).toBe("secret");
      // What was sent as a file has reached the model.
      expect(JSON.stringify(t.fake.requests[3]!.body.messages)).toContain("note.txt");
    },
  );
}
