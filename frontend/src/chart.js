// Draws <figure data-chart> from the JSON inside it; the page also shows it as a table.
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

echarts.use([
  BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer,
]);

const root = document.documentElement;
// A variable may say "one in the light, another in the dark"; used as a colour, it is resolved.
const probe = document.body.appendChild(document.createElement('i'));
probe.hidden = true;
function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
const palette = () => [1, 2, 3, 4, 5, 6].map((number) => colour(`--chart-${number}`));
const drawn = new Map();

// Moments come as the reader's clock shows them: drawn as if that were UTC.
const moment = (label) => Date.parse(`${label.replace(' ', 'T')}Z`);

function series(chart, one) {
  return {
    name: one.name,
    type: chart.type,
    data: chart.time ? one.data.map((value, at) => [moment(chart.x[at]), value]) : one.data,
    stack: chart.stacked ? 'all' : undefined,
    step: chart.step ? 'end' : false,
    showSymbol: false,
    barMaxWidth: 28,
    lineStyle: { width: 2 },
    areaStyle: chart.area ? { opacity: 0.12 } : undefined,
  };
}

function options(chart) {
  const text = colour('--chart-text');
  const line = colour('--chart-line');
  const number = new Intl.NumberFormat(root.lang);
  const label = { color: text, hideOverlap: true };
  return {
    animation: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    animationDuration: 300,
    color: palette(),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 4, right: 12, top: chart.series.length > 1 ? 36 : 12, bottom: 4,
      containLabel: true },
    legend: chart.series.length > 1
      ? { top: 0, left: 0, type: 'scroll', icon: 'roundRect', itemWidth: 12, itemHeight: 8,
        textStyle: { color: text }, pageIconColor: text, pageTextStyle: { color: text } }
      : undefined,
    // Text in the drawing: a tooltip of HTML would need inline styles.
    tooltip: { trigger: 'axis', renderMode: 'richText', confine: true,
      backgroundColor: colour('--chart-tip'), borderColor: line, textStyle: { color: text },
      valueFormatter: (value) => (value == null ? '–' : number.format(value)) },
    useUTC: true,
    xAxis: { type: chart.time ? 'time' : 'category', data: chart.time ? undefined : chart.x,
      boundaryGap: chart.type === 'bar',
      axisLabel: label, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
    yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: line } },
      axisLabel: { ...label, formatter: (value) => number.format(value) } },
    series: chart.series.map((one) => series(chart, one)),
  };
}

function draw(figure) {
  const place = figure.querySelector('[data-chart-place]');
  const chart = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const made = drawn.get(place) ?? echarts.init(place);
  drawn.set(place, made);
  made.setOption(options(chart), true);
}

function drawAll() {
  for (const [place, made] of drawn) {
    if (place.isConnected) continue;
    made.dispose();
    drawn.delete(place);
  }
  document.querySelectorAll('figure[data-chart]').forEach(draw);
}

drawAll();
addEventListener('resize', () => drawn.forEach((made) => made.resize()));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
document.addEventListener('htmx:afterSwap', drawAll);
