/** Stops the run: first so that a tool may finish, then at once. */
import { useState } from "preact/hooks";
import { useT } from "./context.ts";
import { Icon } from "./icon.tsx";

export interface StopButtonProps {
  readonly runId: string;
  readonly disabled: boolean;
  readonly onStop: (runId: string, how: "cancel" | "abort") => Promise<void>;
}

export function StopButton({ runId, disabled, onStop }: StopButtonProps) {
  const t = useT();
  const [asked, setAsked] = useState(false);
  const stop = () => {
    setAsked(true);
    // Where it did not arrive, the button goes back to its first state.
    onStop(runId, asked ? "abort" : "cancel").catch(() => setAsked(false));
  };
  return (
    <button
      type="button"
      class="stop"
      id="stop"
      disabled={disabled}
      title={t(asked ? "composer.abort" : "composer.stop")}
      onClick={stop}
    >
      <Icon name="stop" />
      {t(asked ? "composer.abort" : "composer.stop")}
    </button>
  );
}
