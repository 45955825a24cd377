/** Text of an answer as Markdown; while it streams only its last block is set anew. */
import { Component, createRef } from "preact";
import { useRef } from "preact/hooks";
import type { Translate } from "../i18n/translate.ts";
import type { Blocks } from "../markdown/blocks.ts";
import type { Typesetter } from "../markdown/typesetter.ts";
import { useShell, useT } from "./context.ts";

export function TextBlock({ text, growing }: { text: string; growing: boolean }) {
  const { typesetter } = useShell();
  const t = useT();
  const before = useRef<Blocks | undefined>(undefined);
  const blocks = typesetter.parse(text, before.current);
  before.current = blocks;
  const last = blocks.html.length - 1;
  return (
    <div class="prose">
      {blocks.html.map((html, index) => (
        <SetBlock key={index} html={html} growing={growing && index === last} typesetter={typesetter} t={t} />
      ))}
    </div>
  );
}

interface SetBlockProps {
  readonly html: string;
  readonly growing: boolean;
  readonly typesetter: Typesetter;
  readonly t: Translate;
}

class SetBlock extends Component<SetBlockProps> {
  readonly #target = createRef<HTMLDivElement>();

  override shouldComponentUpdate(next: SetBlockProps): boolean {
    return next.html !== this.props.html || next.growing !== this.props.growing || next.t !== this.props.t;
  }

  override componentDidMount(): void {
    this.#set();
  }

  override componentDidUpdate(): void {
    this.#set();
  }

  #set(): void {
    const { html, growing, typesetter, t } = this.props;
    typesetter.set(this.#target.current!, html, { t, growing });
  }

  render() {
    return <div ref={this.#target} />;
  }
}
