declare module "saxen" {
  type GetAttributes = () => Readonly<Record<string, string>>;

  export class Parser {
    on(event: "openTag", hook: (name: string, attributes: GetAttributes) => void): this;
    on(event: "closeTag", hook: (name: string) => void): this;
    on(event: "text" | "cdata", hook: (text: string) => void): this;
    on(event: "error" | "warn", hook: (problem: Error) => void): this;
    parse(xml: string): this;
  }
}
