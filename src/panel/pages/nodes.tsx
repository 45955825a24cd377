/** The machines that work for this server: those that ask to be let in first, then each with its state, and how to add one. */
import { AdministrationHead } from "../components/administration-head.tsx";
import { useFormats, usePanel, useT } from "../components/context.ts";
import { CopyButton } from "../components/copy-button.tsx";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { NodeRow } from "../components/node-row.tsx";
import { PairingCard } from "../components/pairing-card.tsx";
import { usePart } from "../components/use-part.ts";
import { createNodes } from "../state/nodes.ts";

export function NodesPage() {
  const t = useT();
  const { access } = usePanel();
  const { time } = useFormats();
  const nodes = usePart(createNodes);
  const phase = nodes.phase.value;
  const list = nodes.list.value;
  const taken = nodes.takenAt.value;
  const asking = access.pairings.value.filter(({ role }) => role === "node");
  const online = list?.filter(({ status }) => status === "online").length ?? 0;
  return (
    <>
      <AdministrationHead page="nodes" />
      <div class="settings entries">
        {asking.map((pairing) => (
          <PairingCard key={pairing.pairing_id} pairing={pairing} />
        ))}
        {phase.kind === "loading" && !list && <Late>{t("nodes.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => nodes.load()} />}
        {list && list.length > 0 && (
          <section>
            <header class="section-head">
              <h2>{t("nodes.online", { count: online, all: list.length })}</h2>
              {taken !== undefined && <span class="meta">{t("nodes.taken", { time: time(taken) })}</span>}
            </header>
            {list.map((node) => (
              <NodeRow key={node.node_id} node={node} />
            ))}
          </section>
        )}
        {list && <AddNode isFirst={list.length === 0} />}
      </div>
    </>
  );
}

/** Another machine cannot come to this one by a name that is this machine's own. */
const OWN = /^(?:localhost|127\.|\[::1\])/;

function AddNode({ isFirst }: { isFirst: boolean }) {
  const t = useT();
  const command = `aleph-server node --center ${location.origin}`;
  return (
    <section>
      <header class="section-head">
        <h2>{t("nodes.add")}</h2>
      </header>
      {isFirst && <p class="aside">{t("nodes.none")}</p>}
      <p class="nodes-how">{t("nodes.add_how")}</p>
      <div class="secret">
        <code class="secret-text">{command}</code>
        <CopyButton text={() => command} label={t("act.copy")} />
      </div>
      <p class="meta">{t(OWN.test(location.hostname) ? "nodes.add_local" : "nodes.add_then")}</p>
    </section>
  );
}
