/** The agents: each with its model, tools, folder and skills, what its model is told, and the form to make or change one. */
import { AdministrationHead } from "../components/administration-head.tsx";
import { AgentForm } from "../components/agent-form.tsx";
import { AgentRow } from "../components/agent-row.tsx";
import { useT } from "../components/context.ts";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { Unfold } from "../components/unfold.tsx";
import { usePart } from "../components/use-part.ts";
import { createAgents } from "../state/agents.ts";

export function AgentsPage() {
  const t = useT();
  const agents = usePart(createAgents);
  const phase = agents.phase.value;
  const list = agents.list.value;
  return (
    <>
      <AdministrationHead page="agents" />
      <div class="settings entries">
        {phase.kind === "loading" && !list && <Late>{t("agents.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => agents.load()} />}
        {list && (
          <>
            <section>
              <h2>{t("agents.all", { count: list.length })}</h2>
              {list.map((agent) => (
                <AgentRow key={agent.agent} agent={agent} />
              ))}
            </section>
            <Unfold label={t("agents.add")}>{(close) => <AgentForm onDone={close} />}</Unfold>
            {list.length === 1 && <p class="aside">{t("agents.only_main")}</p>}
          </>
        )}
      </div>
    </>
  );
}
