/** The skills that are in use, as prompts of our MCP server: another agent's person may begin with one. */
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { SkillShelf } from "../sdk/skill.ts";

/** The skills of an agent. */
export interface SkillOffer extends SkillShelf {
  active(agent: string): Promise<readonly { readonly name: string; readonly description: string }[]>;
}

type AuthInfo = { readonly extra?: Record<string, unknown> } | undefined;

const TASK = { name: "task", description: "what it is to be used for", required: false };

/** `assertMay` throws for a request that has not the rights to see them. */
export function offerPrompts(
  server: Server,
  { skills, agent, assertMay }: { skills: SkillOffer; agent: string; assertMay: (authInfo: AuthInfo) => Grant },
): void {
  server.setRequestHandler(ListPromptsRequestSchema, async (_request, { authInfo }) => {
    assertMay(authInfo);
    const active = await skills.active(agent);
    return { prompts: active.map(({ name, description }) => ({ name, description, arguments: [TASK] })) };
  });
  server.setRequestHandler(GetPromptRequestSchema, async ({ params: { name, arguments: given } }, { authInfo }) => {
    assertMay(authInfo);
    try {
      const { text } = await skills.load(name, agent);
      const task = given?.task?.trim() ?? "";
      const whole = task === "" ? text : `${text.trimEnd()}\n\n${task}`;
      return { messages: [{ role: "user", content: { type: "text", text: whole } }] };
    } catch (thrown) {
      if (!(thrown instanceof AlephError) || thrown.reason === "internal") throw thrown;
      throw new McpError(ErrorCode.InvalidParams, thrown.message);
    }
  });
}
