/** Where files come from: a chooser, and on what is held in the hand its camera. */
import { useRef } from "preact/hooks";
import { useT } from "./context.ts";
import { Icon } from "./icon.tsx";

export function FileButtons({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const t = useT();
  const chooser = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const take = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => {
    onFiles([...(currentTarget.files ?? [])]);
    currentTarget.value = "";
  };
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={t("composer.attach")}
        title={t("composer.attach")}
        onClick={() => chooser.current?.click()}
      >
        <Icon name="clip" />
      </button>
      <input ref={chooser} type="file" multiple hidden onChange={take} />
      <button
        type="button"
        class="icon-button fingers-only"
        aria-label={t("composer.camera")}
        title={t("composer.camera")}
        onClick={() => camera.current?.click()}
      >
        <Icon name="camera" />
      </button>
      <input ref={camera} type="file" accept="image/*" capture="environment" hidden onChange={take} />
    </>
  );
}
