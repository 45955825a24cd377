/** One channel: its state, why it failed, what it can do, and the ways to start and stop it. */
import type { WireInterface } from "../../protocol/interface.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const TONES = { running: "ok", starting: undefined, stopped: undefined, error: "danger" } as const;
const ABILITIES = ["edit", "react", "typing", "files", "threads", "buttons"] as const;

export function ChannelRow({ channel }: { channel: WireInterface }) {
  const t = useT();
  const { interface: id, enabled, state, error } = channel;
  return (
    <Entry
      id={id}
      name={id}
      about={error ? error.message : enabled ? "" : t("channels.off")}
      state={t(`channels.state_${state}`)}
      tone={TONES[state]}
    >
      {() => <Opened channel={channel} />}
    </Entry>
  );
}

function Opened({ channel }: { channel: WireInterface }) {
  const t = useT();
  const { channels } = usePanel();
  const { number } = useFormats();
  const { busy, trouble, run } = useAct();
  const { interface: id, state, error, capabilities, limits, refused } = channel;
  const isOn = state === "running" || state === "starting";
  const able = ABILITIES.filter((name) => capabilities[name]).map((name) => t(`channels.can_${name}`));
  return (
    <>
      {error && <p class="failed">{error.message}.</p>}
      <dl class="fact-list">
        {able.length > 0 && <Fact name={t("channels.abilities")}>{able.join(", ")}</Fact>}
        <Fact name={t("channels.longest")}>{t("channels.characters", { count: number(limits.message) })}</Fact>
        <Fact name={t("channels.refused")}>{t("channels.refused_count", { count: refused })}</Fact>
      </dl>
      <div class="approval-answers">
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => run(() => channels.act(id, isOn ? "stop" : "start"))}
        >
          {t(isOn ? "channels.stop" : state === "error" ? "channels.again" : "channels.start")}
        </button>
      </div>
      <Trouble text={trouble} />
    </>
  );
}
