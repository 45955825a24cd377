import * as z from "zod";
import type { PromptReports } from "../../agent/prompt-report.ts";
import { defineMethod } from "../../sdk/method.ts";

export const agentPrompt = defineMethod({
  name: "agent.prompt",
  summary:
    "Show what the model of an agent or session is told before the conversation, and how much room each part takes",
  scope: "read",
  params: z.strictObject({
    agent: z.string().optional().describe("main if left out"),
    session_key: z.string().optional().describe("the agent's main session if left out"),
  }),
  result: z.object({
    agent: z.string(),
    session_key: z.string(),
    parts: z
      .array(
        z.object({
          name: z.string(),
          text: z.string(),
          tokens: z.number(),
          limit: z.number().describe("characters that the part may have"),
        }),
      )
      .describe("in their order"),
    tools: z.array(z.object({ name: z.string(), tokens: z.number() })),
    tokens: z.number().describe("of all together, estimated"),
  }),
  async handle({ prompts }: { prompts: Pick<PromptReports, "of"> }, { agent, session_key: sessionKey }) {
    const report = await prompts.of({ agent, sessionKey });
    const tokens = [...report.parts, ...report.tools].reduce((sum, { tokens }) => sum + tokens, 0);
    return {
      agent: report.agent,
      session_key: report.sessionKey,
      parts: report.parts.map((part) => ({ ...part, tokens: Math.round(part.tokens) })),
      tools: report.tools.map((tool) => ({ ...tool, tokens: Math.round(tool.tokens) })),
      tokens: Math.round(tokens),
    };
  },
});
