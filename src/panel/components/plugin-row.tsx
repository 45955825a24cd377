/** One plugin in a line that opens: its state, what it may do, what it has, what it tried and wrote, and what to do with it. */
import { useEffect, useState } from "preact/hooks";
import type { PluginAct, PluginDetails, ShownPlugin } from "../state/plugins.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact, Faults } from "./entry.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const PARTS = ["tools", "commands", "services", "channels", "providers"] as const;
const TONES: Partial<Record<ShownPlugin["status"], "ok" | "warn" | "danger">> = {
  running: "ok",
  pending: "warn",
  error: "danger",
};

export function PluginRow({ plugin }: { plugin: ShownPlugin }) {
  const t = useT();
  const { id, name, version, status, description, error } = plugin;
  return (
    <Entry
      id={id}
      name={name ?? id}
      version={version}
      about={error ? error.message : description}
      state={t(`plugins.status_${status}`)}
      tone={TONES[status]}
    >
      {() => <Opened plugin={plugin} />}
    </Entry>
  );
}

function Opened({ plugin }: { plugin: ShownPlugin }) {
  const t = useT();
  const { plugins } = usePanel();
  const { busy, trouble, run } = useAct();
  const act = (wanted: PluginAct) => run(() => plugins.act(plugin, wanted));
  const [details, setDetails] = useState<PluginDetails | undefined>(undefined);
  const { id, status, error, serving, version, development, kind, sandbox } = plugin;
  useEffect(() => {
    let isGone = false;
    plugins.details(id).then(
      (found) => isGone || setDetails(found),
      () => "the connection is lost, or it is gone; then the list shows it",
    );
    return () => {
      isGone = true;
    };
    // With each state that the list shows, what it wrote is another.
  }, [plugins, id, plugin]);
  const isOff = status === "disabled";
  return (
    <>
      {error && <Faults error={error} />}
      {serving && serving.version !== version && <p>{t("plugins.still_serving", { version: serving.version })}</p>}
      {plugin.permissions_summary.length > 0 && (
        <ul class="permissions">
          {plugin.permissions_summary.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      <dl class="fact-list">
        {PARTS.map(
          (part) =>
            plugin[part].length > 0 && (
              <Fact key={part} name={t(`plugins.${part}`)}>
                {plugin[part].map(({ name: own }) => own).join(", ")}
              </Fact>
            ),
        )}
        {kind !== null && <Fact name={t("plugins.kind")}>{kind}</Fact>}
        {sandbox !== null && <Fact name={t("plugins.sandbox")}>{t(`plugins.sandbox_${sandbox}`)}</Fact>}
        <Fact name={t("plugins.source")}>{t(`plugins.source_${plugin.source}`)}</Fact>
        <Fact name={t("plugins.folder")}>
          <code>{plugin.path}</code>
        </Fact>
        {plugin.sha256 !== null && (
          <Fact name="SHA-256">
            <code>{plugin.sha256}</code>
          </Fact>
        )}
      </dl>
      {details && details.denials.length > 0 && <Denials denials={details.denials} />}
      {details && details.log.length > 0 && <Log lines={details.log} />}
      <div class="approval-answers">
        <button type="button" class="button" disabled={busy} onClick={() => act(isOff ? "enable" : "disable")}>
          {t(isOff ? "plugins.enable" : "plugins.disable")}
        </button>
        {!isOff && (
          <button type="button" class="button" disabled={busy} onClick={() => act("reload")}>
            {t("plugins.reload")}
          </button>
        )}
        {kind !== null && kind !== "static" && (
          <label class="check">
            <input
              type="checkbox"
              checked={development}
              disabled={busy}
              onChange={() => act(development ? "settle" : "develop")}
            />
            {t("plugins.development")}
          </label>
        )}
      </div>
      <Trouble text={trouble} />
    </>
  );
}

function Denials({ denials }: { denials: PluginDetails["denials"] }) {
  const t = useT();
  const { time, number } = useFormats();
  return (
    <section class="piece">
      <h3 class="piece-title">{t("plugins.denied")}</h3>
      <ul class="denials">
        {denials.map(({ kind, target, count, last_at }) => (
          <li key={`${kind} ${target}`}>
            <span>{t(`plugins.denied_${kind}`)}</span> <code>{target}</code>{" "}
            <span class="meta">
              {number(count)} × · {time(last_at)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Log({ lines }: { lines: PluginDetails["log"] }) {
  const t = useT();
  const { time } = useFormats();
  const text = lines.map(({ ts, level, message, fields }) => {
    const facts = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    return [time(ts), level, message, ...facts].join(" ");
  });
  return (
    <section class="piece">
      <h3 class="piece-title">{t("plugins.log")}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>{text.join("\n")}</pre>
    </section>
  );
}
