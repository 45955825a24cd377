/** One node: whether it is there, what it is and lets be called, what was asked of it, and a call to see that it answers. */
import { useEffect, useState } from "preact/hooks";
import { createNodes, type NodeCall, type ShownNode, TEST_COMMAND } from "../state/nodes.ts";
import { troubleOf } from "../state/phase.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";
import { Exactly } from "./exactly.tsx";
import { exactText } from "./tool-words.ts";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function NodeRow({ node }: { node: ShownNode }) {
  const t = useT();
  const { time } = useFormats();
  const { node_id, name, tags, status, last_seen_at } = node;
  const state =
    status === "online"
      ? t("nodes.status_online")
      : last_seen_at === null
        ? t("nodes.never_seen")
        : t("nodes.status_offline", { time: time(last_seen_at) });
  return (
    <Entry
      id={node_id}
      name={exactText(name)}
      about={tags.join(", ")}
      state={state}
      tone={status === "online" ? "ok" : undefined}
    >
      {() => <Opened node={node} />}
    </Entry>
  );
}

function Opened({ node }: { node: ShownNode }) {
  const t = useT();
  const { time } = useFormats();
  const panel = usePanel();
  const nodes = panel.part(createNodes);
  const { busy, trouble, run } = useAct();
  const { node_id, name, tags, status, platform, arch, version, commands, connected_at, running } = node;
  const answered = nodes.answers.value[node_id];
  return (
    <>
      <dl class="fact-list">
        <Fact name={t("access.id")}>
          <code>{node_id}</code>
        </Fact>
        {platform !== null && (
          <Fact name={t("nodes.machine")}>{exactText([platform, arch, version].filter(Boolean).join(" "))}</Fact>
        )}
        {tags.length > 0 && <Fact name={t("nodes.tags")}>{exactText(tags.join(", "))}</Fact>}
        {connected_at !== null && status === "online" && <Fact name={t("nodes.since")}>{time(connected_at)}</Fact>}
        {running > 0 && <Fact name={t("nodes.running")}>{running}</Fact>}
        <Fact name={t("nodes.commands")}>
          {commands.length === 0 ? t("nodes.no_commands") : <code>{exactText(commands.join(" "))}</code>}
        </Fact>
      </dl>
      <Calls id={node_id} running={running} />
      <div class="approval-answers">
        <button
          type="button"
          class="button"
          disabled={busy || status !== "online" || !commands.includes(TEST_COMMAND)}
          onClick={() => run(() => nodes.test(node_id))}
        >
          {t(busy ? "nodes.testing" : "nodes.test")}
        </button>
        <ConfirmButton
          title={t("access.revoke_device_title", { name })}
          text={t("access.revoke_device_text")}
          label={t("access.revoke")}
          act={() => nodes.revoke(node_id)}
        />
      </div>
      <Trouble text={trouble} />
      {answered && (
        <section class="piece" aria-live="polite">
          <h3 class="piece-title">
            {t(answered.answer.ok ? "nodes.answered" : "nodes.not_answered", { time: time(answered.at) })}
          </h3>
          <Exactly value={answered.answer.result} label={t("nodes.answer")} />
        </section>
      )}
    </>
  );
}

/** Read when the row is opened, and again when a call began or ended, or the list was read anew. */
function Calls({ id, running }: { id: string; running: number }) {
  const t = useT();
  const { time, duration } = useFormats();
  const nodes = usePanel().part(createNodes);
  const [calls, setCalls] = useState<readonly NodeCall[]>([]);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  useEffect(() => {
    nodes.calls(id).then(
      (told) => {
        setCalls(told);
        setTrouble(undefined);
      },
      (error: unknown) => setTrouble(troubleOf(error).message),
    );
  }, [id, running, nodes.answers.value, nodes.takenAt.value]);
  if (trouble !== undefined) return <Trouble text={`${trouble}.`} />;
  if (calls.length === 0) return null;
  return (
    <section class="piece">
      <h3 class="piece-title">{t("nodes.calls")}</h3>
      <ul class="job-runs">
        {calls.slice(0, 10).map(({ call_id, command, started_at, ended_at, outcome, reason }) => (
          <li key={call_id}>
            {time(started_at)} <code>{exactText(command)}</code>{" "}
            <span class={outcome === "failed" ? "failed" : "meta"}>
              {t(`nodes.outcome_${outcome ?? "running"}`)}
              {ended_at !== null && `, ${duration(ended_at - started_at)}`}
            </span>
            {reason !== null && <span class="meta"> {exactText(reason)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
