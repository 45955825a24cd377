/**
 * A long list of which only what is in sight is in the page. Rows have any height; those not measured yet are estimated.
 * The view stays where the person scrolled: what is above may change its height, what is below may grow. Only at the very
 * end does the view follow.
 */
import { Component, type ComponentChildren, createRef } from "preact";
import { createHeights, type Heights } from "./heights.ts";

export interface VirtualListProps<T extends { readonly key: string }> {
  readonly items: readonly T[];
  readonly label: string;
  readonly estimate: (item: T) => number;
  readonly render: (item: T) => ComponentChildren;
  /** The first row is near: more may be asked for. */
  readonly onNearStart: () => void;
  /** Whether the end is in sight. */
  readonly onFollow: (following: boolean) => void;
  readonly controls: (controls: ListControls) => void;
}

export interface ListControls {
  toEnd(): void;
  /** Brings the row into sight. */
  toRow(key: string): void;
}

/** Pixels beyond the view that are in the page as well. */
const OVERSCAN = 700;
/** Nearer to the end than this, the view follows it. */
const AT_END = 32;
const NEAR_START = 900;
/** Space behind the last row. */
const END_SPACE = 24;

export class VirtualList<T extends { readonly key: string }> extends Component<VirtualListProps<T>> {
  readonly #scroller = createRef<HTMLElement>();
  readonly #above = createRef<HTMLDivElement>();
  readonly #below = createRef<HTMLDivElement>();
  readonly #rows = new Map<string, HTMLElement>();
  readonly #heights: Heights = createHeights();
  #observer: ResizeObserver | undefined;
  #following = true;
  /** What stands at the upper edge of the view, and how far above it that begins. */
  #anchor: { key: string; offset: number } | undefined;
  #range = { start: 0, end: 0 };
  #lastTop = 0;
  #told: boolean | undefined;

  override componentDidMount(): void {
    this.#observer = new ResizeObserver((entries) => this.#resized(entries));
    this.#observer.observe(this.#scroller.current!);
    for (const row of this.#rows.values()) this.#observer.observe(row);
    this.props.controls({
      toEnd: () => {
        this.#following = true;
        this.forceUpdate();
      },
      toRow: (key) => {
        this.#following = false;
        this.#anchor = { key, offset: -16 };
        this.forceUpdate();
      },
    });
    this.#settle();
  }

  override componentDidUpdate(): void {
    this.#settle();
  }

  override componentWillUnmount(): void {
    this.#observer?.disconnect();
  }

  render({ items, label, render, estimate }: VirtualListProps<T>) {
    this.#heights.layOut(items, estimate);
    this.#range = this.#heights.range(this.#wantedTop(), this.#viewHeight(), OVERSCAN);
    const { start, end } = this.#range;
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      <section class="scroller" ref={this.#scroller} onScroll={this.#scrolled} tabIndex={0} aria-label={label}>
        <div ref={this.#above} />
        {items.slice(start, end).map((item) => (
          <Row key={item.key} item={item} render={render} attach={this.#attach} />
        ))}
        <div ref={this.#below} />
      </section>
    );
  }

  readonly #attach = (key: string, element: HTMLElement | null): void => {
    const known = this.#rows.get(key);
    if (known === element) return;
    if (known) this.#observer?.unobserve(known);
    if (element) {
      this.#rows.set(key, element);
      this.#observer?.observe(element);
    } else this.#rows.delete(key);
  };

  readonly #scrolled = (): void => {
    const scroller = this.#scroller.current!;
    const top = scroller.scrollTop;
    const left = scroller.scrollHeight - scroller.clientHeight - top;
    if (left <= AT_END) this.#following = true;
    else if (top < this.#lastTop - 1) this.#following = false;
    this.#lastTop = top;
    this.#anchor = this.#heights.at(top);
    this.#fill();
    this.#tell();
  };

  #resized(entries: readonly ResizeObserverEntry[]): void {
    let changed = entries.some(({ target }) => target === this.#scroller.current);
    for (const { target } of entries) {
      const { key } = (target as HTMLElement).dataset;
      if (key === undefined || this.#rows.get(key) !== target) continue;
      changed = this.#measure(key, target as HTMLElement) || changed;
    }
    if (changed) this.#place();
  }

  #measure(key: string, row: HTMLElement): boolean {
    return this.#heights.set(key, row.getBoundingClientRect().height);
  }

  /** Measures what came into the page. */
  #settle(): void {
    for (const [key, row] of this.#rows) if (!this.#heights.has(key)) this.#measure(key, row);
    this.#place();
  }

  /** Puts the view where it belongs, before anything is painted; asks for more rows where some are missing. */
  #place(): void {
    const scroller = this.#scroller.current!;
    const { start, end } = this.#range;
    this.#above.current!.style.height = `${this.#heights.top(start)}px`;
    this.#below.current!.style.height = `${this.#heights.total - this.#heights.top(end) + END_SPACE}px`;
    const wanted = this.#wantedTop();
    if (Math.abs(scroller.scrollTop - wanted) > 1) scroller.scrollTop = wanted;
    this.#lastTop = scroller.scrollTop;
    if (!this.#following) this.#anchor ??= this.#heights.at(scroller.scrollTop);
    this.#fill();
    this.#tell();
  }

  #fill(): void {
    const { start, end } = this.#heights.range(this.#wantedTop(), this.#viewHeight(), OVERSCAN / 2);
    if (start < this.#range.start || end > this.#range.end) this.forceUpdate();
  }

  #tell(): void {
    const scroller = this.#scroller.current!;
    if (this.#told !== this.#following) {
      this.#told = this.#following;
      this.props.onFollow(this.#following);
    }
    if (scroller.scrollTop < NEAR_START) this.props.onNearStart();
  }

  #wantedTop(): number {
    const end = Math.max(0, this.#heights.total + END_SPACE - this.#viewHeight());
    if (this.#following || !this.#anchor) return end;
    const top = this.#heights.topOf(this.#anchor.key);
    return top === undefined ? this.#lastTop : Math.max(0, Math.min(end, top + this.#anchor.offset));
  }

  #viewHeight(): number {
    return this.#scroller.current?.clientHeight ?? 900;
  }
}

interface RowProps<T> {
  readonly item: T;
  readonly render: (item: T) => ComponentChildren;
  readonly attach: (key: string, element: HTMLElement | null) => void;
}

/** Set anew only when its item is another one; what changes inside it looks after itself. */
class Row<T extends { readonly key: string }> extends Component<RowProps<T>> {
  override shouldComponentUpdate(next: RowProps<T>): boolean {
    return next.item !== this.props.item || next.render !== this.props.render;
  }

  readonly #ref = (element: HTMLElement | null): void => this.props.attach(this.props.item.key, element);

  render({ item, render }: RowProps<T>) {
    return (
      <div class="row" data-key={item.key} ref={this.#ref}>
        {render(item)}
      </div>
    );
  }
}
