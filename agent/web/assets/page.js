// Comfort only: every page works without this file.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.firstChild.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.firstChild.textContent = "Copié";
    } catch {
      getSelection().selectAllChildren(source);
      button.firstChild.textContent = "Sélectionné";
    }
    button.setAttribute("aria-live", "polite");
    setTimeout(() => {
      button.firstChild.textContent = label;
    }, 2500);
  });
}

for (const button of document.querySelectorAll("button.print")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Minutes since an approval keep counting while the page stays open.
const counters = document.querySelectorAll("[data-since]");
const loaded = Date.now();
const offsets = new Map([...counters].map((each) => [each, each.textContent]));
if (counters.length > 0) {
  setInterval(() => {
    for (const [each, text] of offsets) {
      const shown = /^(\d+) min$/.exec(text);
      // The server's clock counts; the browser only adds what went by since.
      const minutes = shown ? Number(shown[1]) + Math.floor((Date.now() - loaded) / 60_000) : null;
      if (minutes !== null && minutes < 60) each.textContent = `${minutes} min`;
    }
  }, 15_000);
}
