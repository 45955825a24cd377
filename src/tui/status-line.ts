/** The last line: connection, model, how full the context is, cost, what may be done without asking; all as the server says. */
import { clean, cutText, type Line, MUTED, type Span, span, spreadLine } from "./line.ts";
import type { Ui } from "./ui.ts";
import { elapsed, money, tokens } from "./words.ts";

export function statusLine(ui: Ui, width: number): Line {
  const { desk } = ui;
  const wire = desk.wire.value;
  const facts = desk.context.value;
  const spent = desk.spent.value;
  const session = desk.conversation.value.session.value;
  const model = facts?.model ?? session?.model ?? desk.models.config.value?.default;
  const parts: Span[][] = [wireWords(wire.kind)];
  if (model) parts.push([span(cutText(clean(model), 40), facts?.problem ? { hue: "bad" } : { hue: "text" })]);
  if (facts?.problem) parts.push([span(cutText(clean(facts.problem), 40), { hue: "bad" })]);
  if (facts) parts.push([contextWords(facts)]);
  if (spent && spent.replies > 0)
    parts.push([span(spent.cost_usd === null ? "price not known" : money(spent.cost_usd), MUTED)]);
  if (facts) parts.push([policyWords(facts)]);
  const left = parts.flatMap((part, at) => (at === 0 ? part : [span(" · ", MUTED), ...part]));
  return spreadLine([span(" "), ...left], rightWords(ui), width);
}

function wireWords(kind: "connected" | "lost" | "refused"): Span[] {
  if (kind === "connected") return [span("● connected", { hue: "good" })];
  if (kind === "lost") return [span("○ connection lost, trying again", { hue: "warn", bold: true })];
  return [span("✗ refused", { hue: "bad", bold: true })];
}

function contextWords({ tokens: used, window }: { tokens: number; window: number | null }): Span {
  if (window === null) return span(`${tokens(used)} tokens`, MUTED);
  const share = used / window;
  const words = `${tokens(used)}/${tokens(window)} ${Math.round(share * 100)}%`;
  return span(words, share > 0.8 ? { hue: "warn" } : MUTED);
}

function policyWords({ confined, standing }: { confined: boolean; standing: number }): Span {
  const allowed = standing > 0 ? `, ${standing} allowed for longer` : "";
  return confined ? span(`sandboxed${allowed}`, MUTED) : span(`not sandboxed: commands ask${allowed}`, { hue: "warn" });
}

function rightWords(ui: Ui): Line {
  const conversation = ui.desk.conversation.value;
  const runId = conversation.activeRun.value;
  if (runId === undefined) return [span(" ? keys ", MUTED)];
  const startedAt = conversation.live(runId)?.value.startedAt ?? conversation.runs.value.get(runId)?.started_at;
  // The server's clock and this one may differ.
  const time = startedAt ? ` ${elapsed(Math.max(0, ui.now - startedAt))}` : "";
  return [span(` writing${time} · Ctrl+C stops `, { hue: "accent" })];
}
