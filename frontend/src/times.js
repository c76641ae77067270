// Keeps "3 minutes ago" true while a page stays open.
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

function refresh() {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: 'short' });
  for (const time of document.querySelectorAll('time[data-relative]')) {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    const [unit, length] =
      UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS[UNITS.length - 1];
    const text = words.format(Math.trunc(seconds / length), unit);
    if (time.textContent !== text) time.textContent = text;
  }
}

export function keepTimes() {
  setInterval(refresh, 15_000);
  addEventListener('pageshow', refresh);
}
