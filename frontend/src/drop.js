// A file can be dropped anywhere on a page that asks for one; too large a one is told at once.
const places = () => document.querySelectorAll('[data-drop]');
const input = () => document.querySelector('[data-drop] input[type="file"]');

function mark(on) {
  for (const place of places()) place.classList.toggle('is-over', on);
}

function check(field) {
  const file = field.files[0];
  const error = document.getElementById(`${field.id}-error`);
  const tooLarge = file && file.size > Number(field.dataset.most);
  error.textContent = tooLarge ? error.dataset.tooLarge : '';
  field.setCustomValidity(tooLarge ? error.dataset.tooLarge : '');
}

export function takeDrops() {
  document.addEventListener('dragover', (event) => {
    if (!input() || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) mark(false);
  });
  document.addEventListener('drop', (event) => {
    const field = input();
    if (!field || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    mark(false);
    field.files = event.dataTransfer.files;
    check(field);
  });
  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-drop] input[type="file"]')) check(event.target);
  });
  document.addEventListener('htmx:xhr:progress', (event) => {
    const place = event.target.querySelector?.('[data-upload]');
    if (!place || !event.detail.lengthComputable) return;
    place.hidden = false;
    place.querySelector('progress').value = (100 * event.detail.loaded) / event.detail.total;
  });
}
