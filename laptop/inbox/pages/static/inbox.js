// Keeps mails and stories up to date, and presses the console's buttons in place; the pages work without it.
const parts = [
  { element: document.getElementById("list"), path: (it) => `/list?open=${encodeURIComponent(it.dataset.open)}` },
  { element: document.getElementById("stories"), path: () => "/stories" },
].filter((part) => part.element);
const said = document.getElementById("said");
const opened = new Map();

function tellLocalTime() {
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    if (time.textContent.startsWith("+")) continue;
    time.textContent = at[time.closest("dl") ? "toLocaleString" : "toLocaleTimeString"]([], { hourCycle: "h23" });
    time.title = time.dateTime;
  }
}

function put(part, html) {
  const focused = document.activeElement?.getAttribute("href");
  part.element.innerHTML = part.shown = html;
  for (const details of part.element.querySelectorAll("details[data-story]")) {
    details.open = opened.get(details.dataset.story) ?? details.open;
    details.querySelector("summary").addEventListener("click", () => opened.set(details.dataset.story, !details.open));
  }
  tellLocalTime();
  if (focused) part.element.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

async function refresh() {
  if (document.hidden) return;
  for (const part of parts) {
    try {
      const answer = await fetch(part.path(part.element));
      const html = await answer.text();
      if (answer.ok && html !== part.shown) put(part, html);
    } catch { /* the laptop cloud is stopping or restarting: keep what is shown */ }
  }
}

const watch = () => refresh().finally(() => setTimeout(watch, 700));

for (const form of document.querySelectorAll(".buttons form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", redirect: "manual" });
      const done = answer.type === "opaqueredirect" || answer.ok;
      said.textContent = done ? `Done: ${button.textContent}. ` : await answer.text();
      if (done) said.append(Object.assign(document.createElement("a"), { href: "#happens", textContent: "See what happens" }));
    } catch { said.textContent = "The laptop cloud did not answer."; }
    button.disabled = false;
    button.focus();
    await refresh();
  });
}

tellLocalTime();
watch();
