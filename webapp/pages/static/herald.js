// Keeps what happened to each mail up to date. Without it every page works, with a link to look again.
"use strict";

const FIRST_MS = 700, LONGEST_MS = 30000, PATIENCE_MS = 20 * 60 * 1000;
const open = () => [...document.querySelectorAll('[data-mail][data-open="yes"]')];

function redraw(old, fresh) {
  if (!fresh || fresh.innerHTML === old.dataset.seen) return false;
  const seen = fresh.innerHTML, before = [...old.querySelectorAll("details")];
  const hadFocus = before.findIndex((each) => each.contains(document.activeElement));
  fresh.querySelectorAll("details").forEach((each, i) => { each.open = Boolean(before[i] && before[i].open); });
  fresh.dataset.seen = seen;
  old.replaceWith(fresh);
  if (hadFocus >= 0) fresh.querySelectorAll("summary")[hadFocus]?.focus();
  return true;
}

// One request for all mails of the page, ever more rarely while nothing changes.
async function watch() {
  const end = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_MS; open().length && Date.now() < end; pause = Math.min(pause * 1.5, LONGEST_MS)) {
    await new Promise((done) => setTimeout(done, pause));
    if (document.hidden) continue;
    try {
      const asked = new URLSearchParams(open().map((mail) => ["book", mail.dataset.mail]));
      const answer = await fetch(`/mails?${asked}`, { headers: { Accept: "text/html" } });
      if (answer.status === 401 || answer.status === 404) return;
      const box = document.createElement("template");
      box.innerHTML = answer.ok ? await answer.text() : "";
      const found = (mail) => box.content.querySelector(`[data-mail="${mail.dataset.mail}"]`);
      if (open().map((mail) => redraw(mail, found(mail))).some(Boolean)) pause = FIRST_MS;
    } catch { /* offline: the next round tries again */ }
  }
}

document.documentElement.classList.add("live");
// On a narrow screen the header's row scrolls sideways: show where the reader is.
document.querySelector(".bar [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
watch();
