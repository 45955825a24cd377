/** Text files that are imported `with { type: "text" }` and so end up inside the executable. */
declare module "*.md" {
  const text: string;
  export default text;
}
