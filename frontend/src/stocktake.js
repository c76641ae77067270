// Counting by scans: a scanner that types, or the phone's camera where the browser reads barcodes.
//
// A scan is shown at once and sent in its turn, each under a key of its own, again and again until
// it is answered; so it counts once, also over a bad connection.
const RETRY_MS = 2000;
const LOOK_MS = 150;
const SAME_MS = 1500; // a code in view for this long after it was last seen counts again
const SHOWN = 30;

const box = document.querySelector('[data-scanner]');
const scans = box.querySelector('[data-scans]');
const form = box.querySelector('[data-scan-form]');
const waiting = [];
let sending = false;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Not crypto.randomUUID: a phone in the warehouse may come without https.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function showWaiting(fields) {
  const line = box.querySelector('[data-pending]').content.firstElementChild.cloneNode(true);
  const set = fields.get('mode') === 'set';
  line.querySelector('[data-code]').textContent = fields.get('code');
  line.querySelector('[data-units]').textContent = (set ? '' : '+') + (fields.get('units') ?? '1');
  scans.prepend(line);
  while (scans.children.length > SHOWN) scans.lastElementChild.remove();
  return line;
}

function note(line, what) {
  const place = line.querySelector('[data-note]');
  place.textContent = place.dataset[what];
  place.hidden = false;
}

function showAnswer(line, html) {
  const answer = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
  line.replaceWith(answer.firstElementChild);
  if (!answer.dataset.lines) return;
  const progress = box.querySelector('[data-progress]');
  progress.max = Math.max(1, answer.dataset.lines);
  progress.value = answer.dataset.counted;
  box.querySelector('[data-progress-text]').textContent = answer.dataset.told;
}

async function send({ fields, line }) {
  const body = new URLSearchParams(fields);
  for (;;) {
    let answer;
    try {
      answer = await fetch(form.action, { method: 'POST', body, headers: { 'hx-request': 'true' } });
    } catch {
      note(line, 'offline');
    }
    if (answer && answer.status !== 429 && answer.status < 500) {
      if ([200, 409, 422].includes(answer.status)) return showAnswer(line, await answer.text());
      return note(line, 'failed');
    }
    await pause(RETRY_MS);
  }
}

async function sendAll() {
  if (sending) return;
  sending = true;
  while (waiting.length) {
    await send(waiting[0]);
    waiting.shift();
  }
  sending = false;
}

function take(fields) {
  fields.set('key', newKey());
  waiting.push({ fields, line: showWaiting(fields) });
  sendAll();
}

box.addEventListener('submit', (event) => {
  const sent = event.target;
  if (!sent.matches('[data-scan-form]')) return;
  event.preventDefault();
  event.stopPropagation(); // the same form is sent many times
  const fields = new FormData(sent);
  fields.set('code', fields.get('code').trim());
  if (!fields.get('code')) return;
  take(fields);
  if (scans.contains(sent)) sent.closest('li').remove();
  else sent.reset();
  (scans.contains(sent) || !sent.isConnected ? form : sent).elements.code.focus();
});

addEventListener('beforeunload', (event) => {
  if (waiting.length) event.preventDefault();
});

// ---- camera ----

const button = box.querySelector('[data-camera]');
const video = box.querySelector('[data-video]');

async function look(detector) {
  let last = '';
  let seen = 0;
  while (video.srcObject) {
    const [found] = await detector.detect(video).catch(() => []);
    const now = performance.now();
    if (found?.rawValue) {
      if (found.rawValue !== last || now - seen > SAME_MS) {
        const fields = new FormData(form);
        fields.set('code', found.rawValue);
        take(fields);
      }
      last = found.rawValue;
      seen = now;
    }
    await pause(LOOK_MS);
  }
}

function stop() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
  button.setAttribute('aria-pressed', 'false');
}

async function start() {
  const note = box.querySelector('[data-camera-note]');
  note.hidden = true;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'environment' },
    });
    video.hidden = false;
    await video.play();
  } catch {
    stop();
    note.hidden = false;
    return;
  }
  button.setAttribute('aria-pressed', 'true');
  look(new BarcodeDetector());
}

async function offerCamera() {
  if (!('BarcodeDetector' in window) || !navigator.mediaDevices) return;
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
  button.hidden = !formats.length;
}

button.addEventListener('click', () => (video.srcObject ? stop() : start()));
addEventListener('pagehide', stop);
offerCamera();
