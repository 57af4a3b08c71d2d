// Keeps the list of mails up to date; the pages work without it.
const list = document.getElementById("list");
let shown = null;

function tellLocalTime() {
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.textContent = list.contains(time) ? at.toLocaleTimeString() : at.toLocaleString();
    time.title = time.dateTime;
  }
}

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(`/list?open=${encodeURIComponent(list.dataset.open)}`);
      const rows = await answer.text();
      if (answer.ok && rows !== shown) {
        const focused = document.activeElement?.getAttribute("href");
        list.innerHTML = rows;
        shown = rows;
        tellLocalTime();
        if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
      }
    } catch {
      // The laptop cloud is stopping or restarting: keep what is shown.
    }
  }
  setTimeout(refresh, 1000);
}

tellLocalTime();
refresh();
