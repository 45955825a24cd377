/** Why an act was refused, read out when it appears. */

export function Trouble({ text }: { text: string | undefined }) {
  return text === undefined ? null : (
    <p class="failed trouble" role="alert">
      {text}
    </p>
  );
}
