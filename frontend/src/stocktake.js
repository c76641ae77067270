// Counting by scans: a scanner that types, or the phone's camera where the browser reads barcodes.
//
// A scan is shown at once and sent in its turn, each under a key of its own, again and again until
// it is answered; so it counts once, also over a bad connection.
//
// The page waits for this script before it shows the field, so that no scan is typed in vain: what
// is on the page is looked up when it is used.
const RETRY_MS = 2000;
const LOOK_MS = 150;
const SAME_MS = 1500; // a code in view for this long after it was last seen counts again
const SHOWN = 30;

const read = new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve));
const find = (mark) => document.querySelector(`[data-scanner] [${mark}]`);
const waiting = [];
let sending = false;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Not crypto.randomUUID: a phone in the warehouse may come without https.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function showWaiting(fields) {
  const line = find('data-pending').content.firstElementChild.cloneNode(true);
  const scans = find('data-scans');
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
  const progress = find('data-progress');
  progress.max = Math.max(1, answer.dataset.lines);
  progress.value = answer.dataset.counted;
  find('data-progress-text').textContent = answer.dataset.told;
}

async function send({ fields, line }) {
  const { action } = find('data-scan-form');
  const body = new URLSearchParams(fields);
  for (;;) {
    let answer;
    try {
      answer = await fetch(action, { method: 'POST', body, headers: { 'hx-request': 'true' } });
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

async function take(fields) {
  fields.set('key', newKey());
  await read; // the first may come while the page below the field is still on its way
  waiting.push({ fields, line: showWaiting(fields) });
  sendAll();
}

document.addEventListener('submit', (event) => {
  const sent = event.target;
  if (!sent.matches('[data-scan-form]')) return;
  event.preventDefault();
  event.stopPropagation(); // the same form is sent many times
  const fields = new FormData(sent);
  fields.set('code', fields.get('code').trim());
  if (!fields.get('code')) return;
  take(fields);
  const refused = sent.closest('[data-scans] > li');
  if (refused) refused.remove();
  else sent.reset();
  (refused ? find('data-scan-form') : sent).elements.code.focus();
}, true);

addEventListener('beforeunload', (event) => {
  if (waiting.length) event.preventDefault();
});

// ---- camera ----

async function look(detector) {
  const video = find('data-video');
  let last = '';
  let seen = 0;
  while (video.srcObject) {
    const [found] = await detector.detect(video).catch(() => []);
    const now = performance.now();
    if (found?.rawValue) {
      if (found.rawValue !== last || now - seen > SAME_MS) {
        const fields = new FormData(find('data-scan-form'));
        fields.set('code', found.rawValue);
        take(fields);
      }
      last = found.rawValue;
      seen = now;
    }
    await pause(LOOK_MS);
  }
}

function tell(why) {
  const place = find('data-camera-note');
  place.textContent = place.dataset[why] ?? '';
  place.hidden = !place.textContent;
}

function stop() {
  const video = find('data-video');
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
  find('data-camera').setAttribute('aria-pressed', 'false');
}

async function start() {
  const video = find('data-video');
  tell('');
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'environment' },
    });
    video.hidden = false;
    await video.play();
  } catch {
    stop();
    return tell('refused');
  }
  find('data-camera').setAttribute('aria-pressed', 'true');
  look(new BarcodeDetector());
}

async function offerCamera() {
  if (!isSecureContext) return tell('insecure');
  const formats = await window.BarcodeDetector?.getSupportedFormats().catch(() => []);
  if (!formats?.length || !navigator.mediaDevices) return tell('unread');
  const button = find('data-camera');
  button.addEventListener('click', () => (find('data-video').srcObject ? stop() : start()));
  button.hidden = false;
  addEventListener('pagehide', stop);
}

read.then(offerCamera);
