// Pages that follow the ledger: an element with data-live hears a `live` event when stock changed.
//
// data-live="" hears of every SKU, data-live="ce1111" of this one. The connection is closed while
// nobody sees the page: a browser opens six at a time to one server, for all its tabs together.
let source;

function hear(htmx, message) {
  const news = JSON.parse(message.data);
  for (const element of document.querySelectorAll('[data-live]')) {
    const sku = element.dataset.live;
    if (!sku || news.more || news.skus.includes(sku)) htmx.trigger(element, 'live');
  }
}

function show(state) {
  for (const sign of document.querySelectorAll('[data-live-state]')) sign.dataset.liveState = state;
}

export function followLedger(htmx) {
  const address = document.body.dataset.liveAddress;
  const open = () => {
    if (source || !address || !document.querySelector('[data-live]')) return;
    source = new EventSource(address);
    source.addEventListener('open', () => show('on'));
    source.addEventListener('error', () => show('off'));
    source.addEventListener('ledger', (message) => hear(htmx, message));
  };
  const close = () => {
    source?.close();
    source = undefined;
    show('off');
  };
  const follow = () => (document.visibilityState === 'visible' ? open() : close());
  document.addEventListener('visibilitychange', follow);
  addEventListener('pagehide', close);
  addEventListener('pageshow', follow);
  follow();
}
