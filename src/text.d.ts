declare module "*.md" {
  const text: string;
  export default text;
}

declare module "*.wat" {
  const text: string;
  export default text;
}

declare module "*.txt" {
  const text: string;
  export default text;
}

declare module "*.css" {
  const text: string;
  export default text;
}

/** With `type: "file"`: where it lies, in the executable too. */
declare module "*.png" {
  const path: string;
  export default path;
}
