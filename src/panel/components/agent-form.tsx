/** Makes an agent or changes one: what is left empty is left to the server. */
import { useId, useRef, useState } from "preact/hooks";
import { createAgents, type ShownAgent, type WantedAgent } from "../state/agents.ts";
import { usePanel, useT } from "./context.ts";
import { Suggestions } from "./suggestions.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

/** Which tools it may use. */
const MAY = ["all", "some", "none"] as const;
type May = (typeof MAY)[number];

const LEVELS = ["off", "low", "medium", "high"] as const;

export function AgentForm({ of, onDone }: { of?: ShownAgent; onDone: () => void }) {
  const t = useT();
  const id = useId();
  const panel = usePanel();
  const agents = panel.part(createAgents);
  const { busy, trouble, run } = useAct();
  const form = useRef<HTMLFormElement>(null);
  const [may, setMay] = useState<May>(!of || of.allow === null ? "all" : of.allow.length === 0 ? "none" : "some");
  const taken = new Set(agents.list.value?.map(({ agent }) => agent));
  const models = panel.models.list.value?.models ?? [];
  const wanted = (): WantedAgent => {
    const given = new FormData(form.current!);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const names = (name: string) =>
      text(name)
        .split(/[\s,]+/)
        .filter(Boolean);
    return {
      agent: of?.agent ?? text("agent"),
      description: text("description"),
      model: text("model"),
      thinking: text("thinking"),
      workspace: text("workspace"),
      prompt: text("prompt"),
      allow: may === "all" ? null : may === "none" ? [] : names("allow"),
      deny: names("deny"),
    };
  };
  // What a folder of the server's own choosing is stays the server's choice.
  const ownWorkspace = of && of.workspace !== `${panel.server.value?.home}/workspaces/${of.agent}` ? of.workspace : "";
  return (
    <form
      class="form"
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        run(() => agents.save(wanted()), onDone);
      }}
    >
      {!of && (
        <label>
          <span>{t("agents.name")}</span>
          <input
            class="field"
            name="agent"
            required
            maxLength={64}
            pattern="[A-Za-z0-9][A-Za-z0-9_.\-]*"
            title={t("act.name_form")}
            spellcheck={false}
            onInput={({ currentTarget }) =>
              currentTarget.setCustomValidity(taken.has(currentTarget.value.trim()) ? t("agents.name_taken") : "")
            }
          />
        </label>
      )}
      <label>
        <span>{t("agents.description")}</span>
        <input class="field" name="description" maxLength={1000} defaultValue={of?.description ?? ""} />
      </label>
      <label>
        <span>{t("agents.model")}</span>
        <input
          class="field"
          name="model"
          list={`${id}-models`}
          spellcheck={false}
          defaultValue={of?.model ?? ""}
          placeholder={t("agents.default_model")}
          onFocus={() => void (panel.models.list.peek() ?? panel.models.loadList())}
        />
        <Suggestions id={`${id}-models`} values={models.map(({ ref }) => ref)} />
      </label>
      <label>
        <span>{t("thinking.label")}</span>
        <select class="field" name="thinking">
          <option value="">{t("thinking.default")}</option>
          {LEVELS.map((level) => (
            <option key={level} value={level} selected={level === of?.thinking}>
              {t(`thinking.${level}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{t("agents.prompt")}</span>
        <textarea class="field" name="prompt" rows={4} maxLength={100_000} defaultValue={of?.prompt ?? ""} />
      </label>
      <label>
        <span>{t("agents.allow")}</span>
        <select
          class="field"
          name="may"
          value={may}
          onChange={({ currentTarget }) => setMay(MAY.find((one) => one === currentTarget.value) ?? "all")}
        >
          {MAY.map((one) => (
            <option key={one} value={one}>
              {t(`agents.may_${one}`)}
            </option>
          ))}
        </select>
      </label>
      {may === "some" && (
        <label>
          <span>{t("agents.allowed")}</span>
          <input
            class="field"
            name="allow"
            required
            spellcheck={false}
            defaultValue={of?.allow?.join(" ") ?? ""}
            aria-describedby={`${id}-tools`}
          />
        </label>
      )}
      <label>
        <span>{t("agents.deny")}</span>
        <input class="field" name="deny" spellcheck={false} defaultValue={of?.deny.join(" ") ?? ""} />
        <span class="meta" id={`${id}-tools`}>
          {t("agents.tools_are", { names: agents.tools.value.join(" ") })}
        </span>
      </label>
      <label>
        <span>{t("agents.workspace")}</span>
        <input
          class="field"
          name="workspace"
          spellcheck={false}
          defaultValue={ownWorkspace}
          placeholder={t("agents.workspace_usual")}
        />
      </label>
      <Trouble text={trouble} />
      <div class="form-acts">
        <button type="submit" class="button primary" disabled={busy}>
          {t(of ? "act.save" : "agents.make")}
        </button>
        <button type="button" class="button" onClick={onDone}>
          {t("act.cancel")}
        </button>
      </div>
    </form>
  );
}
