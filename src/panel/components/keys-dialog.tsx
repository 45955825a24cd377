/** Every key there is. */
import type { StringKey } from "../i18n/languages.ts";
import { useT } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { isMac, modName } from "./keys.ts";

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const mod = modName();
  const alt = isMac() ? "⌥" : "Alt";
  const keys: readonly (readonly [StringKey, readonly string[]])[] = [
    ["keys.help", ["?"]],
    ["keys.new", [alt, "N"]],
    ["keys.palette", [mod, "K"]],
    ["keys.find", [mod, "F"]],
    ["keys.previous", [alt, "↑"]],
    ["keys.next", [alt, "↓"]],
    ["keys.rail", [mod, "B"]],
    ["keys.compose", ["/"]],
    ["keys.send", ["Enter"]],
    ["keys.newline", ["Shift", "Enter"]],
    ["keys.steer", [mod, "Enter"]],
    ["keys.stop", [mod, "."]],
    ["keys.waiting", [alt, "A"]],
    ["keys.answer", ["O", "S", "A", "D"]],
    ["keys.end", [alt, "End"]],
  ];
  return (
    <Dialog title={t("keys.title")} onClose={onClose}>
      <dl class="keys">
        {keys.map(([label, pressed]) => (
          <div key={label}>
            <dt>{t(label)}</dt>
            <dd>
              {pressed.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
