/** The rail beside the page; where there is no room for both, the rail is a drawer over it. */
import { useSignal } from "@preact/signals";
import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { clampRail, RAIL } from "../state/preferences.ts";
import { usePanel, useT } from "./context.ts";
import { Rail } from "./rail.tsx";

export interface RailControl {
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly toggle: () => void;
}

const RailContext = createContext<RailControl>({ isOpen: false, open: () => undefined, toggle: () => undefined });

export function useRail(): RailControl {
  return useContext(RailContext);
}

const NARROW = "(max-width: 759px)";
const STEP = 16;

export function Layout({ children }: { children: (rail: RailControl) => ComponentChildren }) {
  const t = useT();
  const { preferences, connection } = usePanel();
  const narrow = useNarrow();
  const drawer = useSignal(false);
  const isOpen = narrow ? drawer.value : preferences.railOpen.value;
  const around = useRef<HTMLDivElement>(null);
  const set = (open: boolean) => {
    if (narrow) drawer.value = open;
    else preferences.railOpen.value = open;
  };
  const control: RailControl = { isOpen, open: () => set(true), toggle: () => set(!isOpen) };
  const close = () => set(false);

  useEffect(() => {
    if (!narrow || !isOpen) return;
    const before = document.activeElement;
    around.current?.querySelector<HTMLElement>(".session.open a, .rail-head a.icon-button")?.focus();
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]"))
        drawer.value = false;
    };
    document.addEventListener("keydown", press);
    return () => {
      document.removeEventListener("keydown", press);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [narrow, isOpen, drawer]);

  return (
    <RailContext.Provider value={control}>
      <div
        class={`layout ${narrow ? "narrow" : "wide"} ${isOpen ? "with-rail" : "without-rail"}`}
        ref={around}
        data-link={connection.link.value.kind}
        style={{ "--rail": `${preferences.railWidth.value}px` }}
      >
        {isOpen && (
          <div class="rail-around">
            <Rail onGo={() => narrow && close()} onClose={close}>
              {!narrow && (
                <Divider
                  width={preferences.railWidth.value}
                  onWidth={(width) => {
                    preferences.railWidth.value = clampRail(width);
                  }}
                />
              )}
            </Rail>
            {narrow && (
              <button type="button" class="shade" tabIndex={-1} aria-label={t("rail.close")} onClick={close} />
            )}
          </div>
        )}
        <div class="page" inert={narrow && isOpen}>
          {children(control)}
        </div>
      </div>
    </RailContext.Provider>
  );
}

function Divider({ width, onWidth }: { width: number; onWidth: (width: number) => void }) {
  const t = useT();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a divider that can be moved is not a horizontal rule
    <div
      class="divider"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={t("rail.resize")}
      aria-valuemin={RAIL.min}
      aria-valuemax={RAIL.max}
      aria-valuenow={width}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") onWidth(width - STEP);
        if (event.key === "ArrowRight") onWidth(width + STEP);
        if (event.key === "Home") onWidth(RAIL.min);
        if (event.key === "End") onWidth(RAIL.max);
      }}
      onDblClick={() => onWidth(RAIL.usual)}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onWidth(event.clientX);
      }}
    />
  );
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const change = () => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return narrow;
}
