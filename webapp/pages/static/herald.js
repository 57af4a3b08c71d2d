// Keeps what happened to each mail up to date. Without it every page works, with a link to look again.
"use strict";

const FIRST_MS = 700;
const LONGEST_MS = 30000;
const PATIENCE_MS = 20 * 60 * 1000;

function redraw(old, fresh) {
  if (fresh.innerHTML === old.dataset.seen) return false;
  const seen = fresh.innerHTML;
  const before = old.querySelectorAll("details");
  const hadFocus = [...before].findIndex((each) => each.contains(document.activeElement));
  fresh.querySelectorAll("details").forEach((each, i) => { each.open = Boolean(before[i] && before[i].open); });
  fresh.dataset.seen = seen;
  old.replaceWith(fresh);
  if (hadFocus >= 0) fresh.querySelectorAll("summary")[hadFocus]?.focus();
  return true;
}

function redrawAll(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  const redrawn = open().map((old) => {
    const fresh = box.content.querySelector(`[data-mail="${old.dataset.mail}"]`);
    return fresh ? redraw(old, fresh) : false;
  });
  return redrawn.some(Boolean);
}

const open = () => [...document.querySelectorAll('[data-mail][data-open="yes"]')];

// One request for all mails of the page, ever more rarely while nothing changes.
async function watch() {
  const end = Date.now() + PATIENCE_MS;
  let pause = FIRST_MS;
  while (open().length && Date.now() < end) {
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 1.5, LONGEST_MS);
    if (document.hidden) continue;
    try {
      const asked = new URLSearchParams(open().map((mail) => ["book", mail.dataset.mail]));
      const answer = await fetch(`/mails?${asked}`, { headers: { Accept: "text/html" } });
      if (answer.status === 401 || answer.status === 404) return;
      if (answer.ok && redrawAll(await answer.text())) pause = FIRST_MS;
    } catch { /* offline: the next round tries again */ }
  }
}

document.documentElement.classList.add("live");
watch();
