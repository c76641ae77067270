// What the console's pages do beyond plain HTML. Every page can be read without any of it.
import htmx from 'htmx.org';
import { takeDrops } from './drop.js';
import { followLedger } from './live.js';
import { keepTimes } from './times.js';

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.historyCacheSize = 0;
htmx.config.refreshOnHistoryMiss = true;
htmx.config.selfRequestsOnly = true;
// A refusal is an answer to be shown, too.
htmx.config.responseHandling = [
  { code: '204', swap: false },
  { code: '[23]..', swap: true },
  { code: '[45]..', swap: true, error: true },
];

const editing = (element) => element.closest('input, textarea, select, [contenteditable]');
let goingTo = false;

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || editing(event.target)) return;
  if (document.querySelector('dialog[open]')) return;
  if (goingTo) {
    goingTo = false;
    document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
  } else if (event.key === 'g') {
    goingTo = true;
    setTimeout(() => (goingTo = false), 1500);
  } else if (event.key === '/') {
    const search = document.querySelector('main input[type="search"], input[type="search"]');
    if (!search) return;
    search.focus();
    search.select();
  } else if (event.key === '?') {
    document.getElementById('shortcuts')?.showModal();
  } else {
    return;
  }
  event.preventDefault();
});

// Menus are <details>; one closes when something else is used.
const menus = () => document.querySelectorAll('details.menu[open]');
document.addEventListener('click', (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});

document.addEventListener('click', (event) => {
  event.target.closest('[data-dismiss]')?.closest('.flash')?.remove();
  // Browsers before 2026 know dialogs, but not the buttons that open them.
  const button = event.target.closest('button[commandfor]');
  if (!button || 'command' in HTMLButtonElement.prototype) return;
  const dialog = document.getElementById(button.getAttribute('commandfor'));
  if (button.getAttribute('command') === 'show-modal') dialog?.showModal();
  else dialog?.close();
});

document.addEventListener('change', (event) => {
  const changed = event.target;
  if (changed.matches('[data-submits]')) changed.form.requestSubmit();
  // The box at the head of a list chooses every line of it.
  if (!changed.matches('[data-picks]')) return;
  for (const box of changed.closest('table').querySelectorAll('tbody input[type="checkbox"]')) {
    box.checked = changed.checked;
  }
});

// A form is sent once, however often its button is pressed.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post' || form.matches('[hx-post]')) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = 'yes';
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

followLedger(htmx);
keepTimes();
takeDrops();
