/** One agent: what it works with, what it may use, and what its model is told before a conversation. */
import { useEffect, useState } from "preact/hooks";
import { createAgents, type PromptReport, type ShownAgent } from "../state/agents.ts";
import { AgentForm } from "./agent-form.tsx";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";
import { Exactly } from "./exactly.tsx";
import { exactText } from "./tool-words.ts";
import { Trouble } from "./trouble.tsx";
import { Unfold } from "./unfold.tsx";
import { useAct } from "./use-act.ts";

export function AgentRow({ agent }: { agent: ShownAgent }) {
  const t = useT();
  return (
    <Entry
      id={agent.agent}
      name={agent.agent}
      about={agent.description === null ? "" : exactText(agent.description)}
      state={agent.model ?? t("agents.default_model")}
    >
      {() => <Opened agent={agent} />}
    </Entry>
  );
}

function Opened({ agent: whole }: { agent: ShownAgent }) {
  const t = useT();
  const panel = usePanel();
  const agents = panel.part(createAgents);
  const { agent, from, description, model, thinking, prompt_files, workspace, workspace_exists, allow, deny } = whole;
  const [skills, setSkills] = useState<readonly string[] | undefined>(undefined);
  useEffect(() => {
    agents.skills(agent).then(
      (found) => setSkills(found.filter(({ status }) => status === "active").map(({ name }) => name)),
      // The page of skills says why.
      () => setSkills(undefined),
    );
  }, [agents, whole]);
  return (
    <>
      {description !== null && <p>{exactText(description)}</p>}
      <dl class="fact-list">
        <Fact name={t("agents.model")}>{model ?? t("agents.default_model")}</Fact>
        {thinking !== null && <Fact name={t("thinking.label")}>{t(`thinking.${thinking}`)}</Fact>}
        <Fact name={t("agents.tools")}>
          {allow === null ? t("agents.all_tools") : allow.length === 0 ? t("agents.no_tools") : allow.join(", ")}
          {deny.length > 0 && ` ${t("agents.but_not", { names: deny.join(", ") })}`}
        </Fact>
        <Fact name={t("agents.workspace")}>
          <code>{workspace}</code>
          {!workspace_exists && <span class="meta"> {t("agents.workspace_later")}</span>}
        </Fact>
        {skills && (
          <Fact name={t("agents.skills")}>{skills.length === 0 ? t("agents.no_skills") : skills.join(", ")}</Fact>
        )}
        {prompt_files.length > 0 && <Fact name={t("agents.prompt_files")}>{prompt_files.join(", ")}</Fact>}
        <Fact name={t("agents.from")}>{t(`agents.from_${from}`, { file: `agents/${agent}.md` })}</Fact>
      </dl>
      <Report agent={agent} />
      {from !== "file" && (
        <Unfold label={t("agents.change")}>{(close) => <AgentForm of={whole} onDone={close} />}</Unfold>
      )}
      {from === "config" && (
        <div class="approval-answers">
          <ConfirmButton
            title={t("agents.remove_title", { name: agent })}
            text={t(agent === "main" ? "agents.remove_main" : "agents.remove_text")}
            label={t("agents.remove")}
            act={() => agents.remove(agent)}
          />
        </div>
      )}
    </>
  );
}

/** Asked for when somebody wants to know. */
function Report({ agent }: { agent: string }) {
  const t = useT();
  const { number } = useFormats();
  const agents = usePanel().part(createAgents);
  const { busy, trouble, run } = useAct();
  const [report, setReport] = useState<PromptReport | undefined>(undefined);
  if (!report) {
    return (
      <>
        <div class="approval-answers">
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => run(() => agents.report(agent), setReport)}
          >
            {t(busy ? "agents.report_busy" : "agents.report")}
          </button>
        </div>
        <Trouble text={trouble} />
      </>
    );
  }
  return (
    <section class="piece" aria-live="polite">
      <h3 class="piece-title">{t("agents.report_title", { count: number(report.tokens) })}</h3>
      {report.parts.map(({ name, text, tokens }) => (
        <details key={name} class="same">
          <summary>
            {exactText(name)} {t("agents.tokens", { count: number(tokens) })}
          </summary>
          <Exactly value={text} label={name} />
        </details>
      ))}
      <details class="same">
        <summary>
          {t("agents.report_tools", { count: report.tools.length })}{" "}
          {t("agents.tokens", { count: number(report.tools.reduce((sum, tool) => sum + tool.tokens, 0)) })}
        </summary>
        <ul class="model-list">
          {report.tools.map(({ name, tokens }) => (
            <li key={name}>
              <code>{exactText(name)}</code> <span class="meta">{t("agents.tokens", { count: number(tokens) })}</span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
