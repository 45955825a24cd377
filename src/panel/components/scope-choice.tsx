/** Which scopes somebody gets: those that the person at the panel may give, each with what it allows. */
import { SCOPES, type Scope } from "../../protocol/identity.ts";
import { usePanel, useT } from "./context.ts";

export interface ScopeChoiceProps {
  readonly label: string;
  readonly value: readonly Scope[];
  /** Those that may be chosen; default: all. */
  readonly among?: readonly Scope[];
  readonly onChange: (scopes: readonly Scope[]) => void;
}

/** As they are checked now: the state follows by a frame. */
export function chosenScopes(within: Element | null): readonly Scope[] {
  const checked = [...(within?.querySelectorAll<HTMLInputElement>("input[name=scope]:checked") ?? [])];
  return SCOPES.filter((scope) => checked.some(({ value, disabled }) => value === scope && !disabled));
}

export function ScopeChoice({ label, value, among = SCOPES, onChange }: ScopeChoiceProps) {
  const t = useT();
  const { connection } = usePanel();
  const link = connection.link.value;
  const own = link.kind === "connected" ? link.hello.scopes : SCOPES;
  return (
    <fieldset class="scopes">
      <legend class="meta">{label}</legend>
      {SCOPES.filter((scope) => among.includes(scope)).map((scope) => (
        <label key={scope} class="check">
          <input
            type="checkbox"
            name="scope"
            value={scope}
            checked={value.includes(scope)}
            disabled={!own.includes(scope)}
            onChange={({ currentTarget }) =>
              onChange(SCOPES.filter((other) => (other === scope ? currentTarget.checked : value.includes(other))))
            }
          />
          <span>
            <code>{scope}</code> <span class="aside">{t(`scope.${scope}`)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
