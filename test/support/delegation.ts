/** Scripts for a model that delegates: who asks, what it calls, and what came back. */
import { type Conversation, MAIN } from "./conversation.ts";
import type { FakeRequest, Scripted, Step } from "./providers/fake.ts";

export type Call = { readonly name: string; readonly args: unknown };
export const calls = (...list: Call[]): Step[] => list.map((tool_call) => ({ tool_call }));
export const spawn = (args: object): Call => ({ name: "agent_spawn", args });

/** What the person, or whoever wrote the task, said first. */
export const questionOf = ({ body }: FakeRequest): string =>
  body.messages.findLast((m: { role: string }) => m.role === "user").content;
export const lastRole = ({ body }: FakeRequest): string => body.messages.at(-1).role;
export const results = ({ body }: FakeRequest): string[] =>
  body.messages.filter((m: { role: string }) => m.role === "tool").map((m: { content: string }) => m.content);
export const toolNames = ({ body }: FakeRequest): string[] =>
  (body.tools ?? []).map((tool: { function: { name: string } }) => tool.function.name).sort();

/** The first whose question begins with the key answers: with the calls at first, then with the text. */
export function script(
  t: Pick<Conversation, "fake">,
  table: Readonly<Record<string, { readonly first?: Step[]; readonly last: Scripted }>>,
) {
  t.fake.answer((request) => {
    const key = Object.keys(table).find((start) => questionOf(request).startsWith(start));
    if (key === undefined) return `no script for ${questionOf(request)}`;
    const { first, last } = table[key]!;
    return first && lastRole(request) === "user" ? first : last;
  });
}

export const send = (t: Conversation, message: string, session_key = MAIN) =>
  t.client.call("session.send", { message, session_key });

/** The first whose question begins with the key answers: with its replies in order, the last again and again. */
export function turns(t: Pick<Conversation, "fake">, table: Readonly<Record<string, readonly Scripted[]>>) {
  const taken = new Map<string, number>();
  t.fake.answer((request) => {
    const key = Object.keys(table).find((start) => questionOf(request).startsWith(start));
    if (key === undefined) return `no turn for ${questionOf(request)}`;
    const at = taken.get(key) ?? 0;
    taken.set(key, at + 1);
    const replies = table[key]!;
    return replies[Math.min(at, replies.length - 1)]!;
  });
}
