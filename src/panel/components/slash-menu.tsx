/** The commands that a message may begin with, above the field in which its slash was typed. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { matchingCommands, type SlashCommand } from "../state/commands.ts";
import { usePanel, useT } from "./context.ts";

export interface SlashMenu {
  /** What the field says of its menu. */
  readonly field: {
    readonly "aria-autocomplete": "list";
    readonly "aria-controls": string | undefined;
    readonly "aria-activedescendant": string | undefined;
  };
  readonly found: readonly SlashCommand[];
  readonly chosen: number;
  readonly id: string;
  choose(command: SlashCommand): void;
  /** Whether the key was for the menu. */
  press(event: KeyboardEvent): boolean;
}

export function useSlashMenu(text: string, write: (next: string) => void): SlashMenu {
  const { commands } = usePanel();
  const id = useId();
  /** Where the person went, and in the list of which text: that of another text begins at its first. */
  const [went, setWent] = useState({ text, at: 0 });
  /** The text at which the person wanted no menu. */
  const [closedAt, setClosedAt] = useState<string | undefined>(undefined);
  const list = commands.list.value;
  const isSlash = text.startsWith("/");
  useEffect(() => {
    if (isSlash && !list) void commands.load();
  }, [isSlash, list]);
  const found = isSlash && list && text !== closedAt ? matchingCommands(list, text) : [];
  const setAt = (at: number) => setWent({ text, at });
  const chosen = Math.min(went.text === text ? went.at : 0, found.length - 1);
  const choose = ({ word }: SlashCommand) => write(`/${word} `);
  return {
    field: {
      "aria-autocomplete": "list",
      "aria-controls": found.length > 0 ? id : undefined,
      "aria-activedescendant": found.length > 0 ? `${id}-${chosen}` : undefined,
    },
    found,
    chosen,
    id,
    choose,
    press(event) {
      if (found.length === 0 || event.isComposing || event.shiftKey || event.ctrlKey || event.metaKey) return false;
      if (event.key === "ArrowDown") setAt((chosen + 1) % found.length);
      else if (event.key === "ArrowUp") setAt((chosen - 1 + found.length) % found.length);
      else if (event.key === "Escape") setClosedAt(text);
      else if (event.key === "Tab" || (event.key === "Enter" && !found.some(({ word }) => `/${word}` === text))) {
        choose(found[chosen]!);
      } else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}

export function SlashList({ menu }: { readonly menu: SlashMenu }) {
  const t = useT();
  const active = useRef<HTMLDivElement>(null);
  useEffect(() => active.current?.scrollIntoView({ block: "nearest" }), [menu.chosen]);
  if (menu.found.length === 0) return null;
  return (
    <div class="popover above slash" id={menu.id} role="listbox" aria-label={t("composer.commands")}>
      {menu.found.map((command, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are pressed in the field, which keeps the focus
        <div
          key={command.word}
          id={`${menu.id}-${index}`}
          class="menu-item"
          role="option"
          tabIndex={-1}
          aria-selected={index === menu.chosen}
          {...(index === menu.chosen ? { ref: active } : {})}
          // The field keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => menu.choose(command)}
        >
          <span class="menu-text">
            <b>/{command.word}</b> <span class="meta">{command.description}</span>
          </span>
        </div>
      ))}
    </div>
  );
}
