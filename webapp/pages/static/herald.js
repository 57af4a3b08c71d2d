// Keeps what happened to each mail up to date. Without it every page works, with a link to look again.
"use strict";

const FIRST_MS = 700;
const LONGEST_MS = 30000;
const PATIENCE_MS = 20 * 60 * 1000;

function redraw(old, html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  const fresh = box.content.firstElementChild;
  if (!fresh || !fresh.matches("[data-mail]") || fresh.innerHTML === old.dataset.seen) return old;
  const seen = fresh.innerHTML;
  const before = old.querySelectorAll("details");
  const hadFocus = [...before].findIndex((each) => each.contains(document.activeElement));
  fresh.querySelectorAll("details").forEach((each, i) => { each.open = Boolean(before[i] && before[i].open); });
  fresh.dataset.seen = seen;
  old.replaceWith(fresh);
  if (hadFocus >= 0) fresh.querySelectorAll("summary")[hadFocus]?.focus();
  return fresh;
}

async function watch(mail) {
  const end = Date.now() + PATIENCE_MS;
  let pause = FIRST_MS;
  while (mail.dataset.open === "yes" && Date.now() < end && mail.isConnected) {
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 1.4, LONGEST_MS);
    if (document.hidden) continue;
    try {
      const answer = await fetch(mail.dataset.mail, { headers: { Accept: "text/html" } });
      if (answer.status === 401 || answer.status === 404) return;
      if (answer.ok) mail = redraw(mail, await answer.text());
    } catch { /* offline: the next round tries again */ }
  }
}

document.documentElement.classList.add("live");
document.querySelectorAll("[data-mail]").forEach(watch);
