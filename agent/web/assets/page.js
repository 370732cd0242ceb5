// Comfort only: every page works without this file.
const say = (french, english) => (document.documentElement.lang === "en" ? english : french);

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.firstChild.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.firstChild.textContent = say("Copié", "Copied");
    } catch {
      getSelection().selectAllChildren(source);
      button.firstChild.textContent = say("Sélectionné", "Selected");
    }
    button.setAttribute("aria-live", "polite");
    setTimeout(() => {
      button.firstChild.textContent = label;
    }, 2500);
  });
}

// What was copied into the portal already, kept for the time of this tab: names of fields, never what is in them.
for (const list of document.querySelectorAll("[data-marks]")) {
  for (const box of list.querySelectorAll("[data-mark]")) {
    const key = `mark ${list.dataset.marks} ${box.dataset.mark}`;
    box.closest("label").hidden = false;
    box.checked = sessionStorage.getItem(key) === "1";
    box.addEventListener("change", () => sessionStorage.setItem(key, box.checked ? "1" : "0"));
    box
      .closest("dd")
      .querySelector("[data-copy]")
      ?.addEventListener("click", () => {
        box.checked = true;
        sessionStorage.setItem(key, "1");
      });
  }
}

for (const button of document.querySelectorAll("button.print")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Minutes since an approval keep counting while the page stays open: the server's clock, and what went by since.
const loaded = Date.now();
const counters = [...document.querySelectorAll("[data-since]")].flatMap((each) => {
  const shown = /^(?:(\d+) h )?(\d+)(?: min)?$/.exec(each.textContent);
  return shown ? [[each, Number(shown[1] ?? 0) * 60 + Number(shown[2])]] : [];
});
if (counters.length > 0) {
  setInterval(() => {
    for (const [each, from] of counters) {
      const minutes = from + Math.floor((Date.now() - loaded) / 60_000);
      const rest = String(minutes % 60).padStart(2, "0");
      if (minutes < 1440)
        each.textContent = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${rest}`;
    }
  }, 15_000);
}

// What still waits is looked at again: a colleague who files, or decides, ends it here too.
for (const block of document.querySelectorAll("[data-waits]")) {
  const look = setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.pathname, { headers: { "X-Tocsin-Background": "1" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const waits = [...page.querySelectorAll("[data-waits]")].map((each) => each.dataset.waits);
      if (waits.includes(block.dataset.waits)) return;
      block.querySelector("[data-over]").hidden = false;
      clearInterval(look);
    } catch {
      // Tried again.
    }
  }, 20_000);
}

// What is being typed is kept on the server, for this person alone: a telephone that dies loses nothing.
for (const form of document.querySelectorAll("form[data-keep]")) {
  const told = form.querySelector("[data-kept]");
  let waiting;
  let sent = false;
  const keep = async () => {
    waiting = undefined;
    if (sent) return;
    const body = new URLSearchParams(new FormData(form));
    body.set("tacite", "1");
    try {
      const reply = await fetch(form.dataset.keep, {
        method: "POST",
        body,
        redirect: "error",
        keepalive: true,
      });
      told.textContent = reply.ok
        ? say("Saisie gardée, pas encore enregistrée.", "Kept, not saved yet.")
        : say("Saisie non gardée : enregistrez cette section.", "Not kept: save this section.");
    } catch {
      told.textContent = say("Hors ligne : saisie non gardée.", "Offline: not kept.");
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 1500);
  });
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(waiting);
    waiting = undefined;
  });
  // Left in the middle of a word: what was typed leaves first.
  addEventListener("pagehide", () => {
    if (waiting !== undefined) keep();
  });
}

// A list looks whether anything changed and takes in what did, card by card: nothing flickers, and focus stays.
for (const list of document.querySelectorAll("[data-live]")) {
  const told = document.querySelector("[data-live-status]");
  const tell = (text) => {
    if (told && told.textContent !== text) told.textContent = text;
  };
  const signature = (card) => card.textContent.replace(/\s+/g, " ");
  const take = (fresh) => {
    const focused = document.activeElement?.closest("[data-key]")?.dataset.key;
    const kept = new Map([...list.querySelectorAll("[data-key]")].map((card) => [card.dataset.key, card]));
    for (const card of fresh.querySelectorAll("[data-key]")) {
      const old = kept.get(card.dataset.key);
      if (old && (signature(old) === signature(card) || old.contains(document.activeElement))) {
        // The card that holds the focus stays itself; its words are renewed around the link.
        if (signature(old) !== signature(card)) renew(old, card);
        card.replaceWith(old);
      }
    }
    list.replaceChildren(...fresh.childNodes);
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
  };
  const renew = (old, card) => {
    old.className = card.className;
    const link = old.querySelector("h3 a");
    const title = card.querySelector("h3 a");
    if (link && title) {
      link.textContent = title.textContent;
      title.replaceWith(link);
    }
    old.replaceChildren(...card.childNodes);
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(list.dataset.live, {
        headers: { "X-Tocsin-Background": "1" },
        redirect: "error",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const { version } = await answer.json();
      if (String(version) === list.dataset.liveVersion) return tell("À jour.");
      const page = await fetch(location.href, { headers: { "X-Tocsin-Background": "1" }, redirect: "error" });
      if (!page.ok) throw new Error(String(page.status));
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
      const news = fresh.querySelector("[data-live]");
      if (!news) return;
      const before = list.querySelectorAll("[data-key]").length;
      take(document.importNode(news, true));
      list.dataset.liveVersion = news.dataset.liveVersion;
      const heading = fresh.querySelector("h1");
      if (heading) document.querySelector("h1").textContent = heading.textContent;
      const count = list.querySelectorAll("[data-key]").length;
      tell(
        count > before
          ? say("Un nouvel incident est arrivé.", "A new incident has come.")
          : say("Liste mise à jour.", "List renewed."),
      );
    } catch {
      tell(
        say(
          "Pas de réponse de Tocsin : cette liste peut être ancienne. Rechargez la page.",
          "No answer from Tocsin: this list may be old. Reload the page.",
        ),
      );
    }
  };
  setInterval(look, 10_000);
  document.addEventListener("visibilitychange", look);
}
