/** Which key was meant, whatever the keyboard. */

/** Whether the key goes into a field: then it means its character. */
export function isTyping(event: Event): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Also where the other key makes it another character, as Option does on a Mac. */
export function isLetter(event: KeyboardEvent, letter: string): boolean {
  return event.key.toLowerCase() === letter || event.code === `Key${letter.toUpperCase()}`;
}

/** Command on a Mac, Control elsewhere. */
export function isMod(event: KeyboardEvent): boolean {
  return isMac() ? event.metaKey : event.ctrlKey;
}

export function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}

export function modName(): string {
  return isMac() ? "⌘" : "Ctrl";
}
