/** How much the model thinks before it answers. */
import type { ThinkingLevel } from "../../protocol/message.ts";
import { useT } from "./context.ts";
import { Icon } from "./icon.tsx";
import { Choice } from "./model-picker.tsx";
import { moveFocus, Popover } from "./popover.tsx";

/** Null: as the agent has it. */
const LEVELS: readonly (ThinkingLevel | null)[] = [null, "off", "low", "medium", "high"];

export interface ThinkingPickerProps {
  readonly level: ThinkingLevel | null;
  readonly disabled: boolean;
  readonly onChoose: (level: ThinkingLevel | null) => void;
}

export function ThinkingPicker({ level, disabled, onChoose }: ThinkingPickerProps) {
  const t = useT();
  const shown = t(`thinking.${level ?? "default"}`);
  return (
    <Popover
      label={`${t("thinking.label")}: ${shown}`}
      buttonClass="chip thinks"
      side="above"
      button={
        <>
          <Icon name="think" />
          <span class="chip-text">{level === null ? t("thinking.label") : `${t("thinking.label")}: ${shown}`}</span>
          <Icon name="chevron" />
        </>
      }
    >
      {(close) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons inside
        <div class="menu" onKeyDown={moveFocus}>
          {LEVELS.map((choice) => (
            <Choice
              key={choice}
              label={t(`thinking.${choice ?? "default"}`)}
              chosen={choice === level}
              disabled={disabled}
              onChoose={() => {
                onChoose(choice);
                close();
              }}
            />
          ))}
        </div>
      )}
    </Popover>
  );
}
