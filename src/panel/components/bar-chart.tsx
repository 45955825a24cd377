/** A plot of one number for each day. What it says stands in a table beside it; here it is one sentence for readers of the screen. */

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The value as people read it. */
  readonly text: string;
}

export interface BarChartProps {
  readonly bars: readonly Bar[];
  /** What the whole plot says. */
  readonly label: string;
}

const HEIGHT = 120;
const STEP = 10;
const GAP = 2;

export function BarChart({ bars, label }: BarChartProps) {
  const most = Math.max(...bars.map(({ value }) => value), 0);
  const [top] = bars.filter(({ value }) => value === most);
  const width = bars.length * STEP;
  return (
    <figure class="chart">
      <p class="chart-most meta">{most > 0 ? top?.text : ""}</p>
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {[0, 0.5, 1].map((part) => (
          <line key={part} class="chart-line" x1={0} x2={width} y1={HEIGHT * part} y2={HEIGHT * part} />
        ))}
        {bars.map(({ name, value, text }, at) => {
          const height = most === 0 ? 0 : Math.max(value > 0 ? 1 : 0, (value / most) * HEIGHT);
          return (
            <g key={name} class="chart-bar">
              <title>{`${name}: ${text}`}</title>
              <rect class="chart-catch" x={at * STEP} y={0} width={STEP} height={HEIGHT} />
              <rect x={at * STEP + GAP / 2} y={HEIGHT - height} width={STEP - GAP} height={height} />
            </g>
          );
        })}
      </svg>
      <p class="chart-ends meta">
        <span>{bars[0]?.name}</span>
        <span>{bars.at(-1)?.name}</span>
      </p>
    </figure>
  );
}
