// Keeps the list of mails up to date; the pages work without it.
const list = document.getElementById("list");
let shown = null;

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(`/list?open=${encodeURIComponent(list.dataset.open)}`);
      const rows = await answer.text();
      if (answer.ok && rows !== shown) {
        const focused = document.activeElement?.getAttribute("href");
        list.innerHTML = rows;
        shown = rows;
        if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
      }
    } catch {
      // The laptop cloud is stopping or restarting: keep what is shown.
    }
  }
  setTimeout(refresh, 1000);
}

refresh();
