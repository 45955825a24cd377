/** Gives text to the browser as a file to keep. */

export function saveText(text: string, name: string, type = "text/markdown"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
