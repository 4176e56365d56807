const tree = document.querySelector(".tree"), form = document.querySelector(".find");
const asked = form.querySelector("input"), found = form.querySelector("output");
const folds = [...tree.querySelectorAll("details")], lines = [...tree.querySelectorAll("summary, .leaf")];
const first = folds.map((fold) => fold.open);
form.hidden = false;
form.onsubmit = () => false;
form.querySelectorAll("button").forEach((button) => {
  button.onclick = () => folds.forEach((fold) => { fold.open = button.dataset.fold === "open"; });
});
asked.oninput = () => {
  const text = asked.value.trim().toLowerCase();
  let count = 0;
  tree.querySelectorAll("li").forEach((item) => { item.hidden = Boolean(text); });
  folds.forEach((fold, n) => { fold.open = text ? false : first[n]; });
  lines.forEach((line) => {
    const own = line.matches("summary") ? line.parentElement.querySelectorAll(":scope > summary, :scope > small") : [line];
    const hit = text && [...own].some((part) => part.textContent.toLowerCase().includes(text));
    line.classList.toggle("hit", Boolean(hit));
    if (!hit) return;
    count += 1;
    line.parentElement.querySelectorAll("li").forEach((item) => { if (line.matches("summary")) item.hidden = false; });
    for (let at = line.parentElement; at && at !== tree; at = at.parentElement) {
      if (at.matches("li")) at.hidden = false;
      if (at.matches("details") && at !== line.parentElement) at.open = true;
    }
  });
  found.textContent = text ? found.dataset.found.replace("{count}", count) : "";
};
const unfold = () => { const to = document.getElementById(location.hash.slice(1)); for (let at = to; at && at !== tree; at = at.parentElement) if (at.matches("details")) at.open = true; if (to) to.scrollIntoView(); };
addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => folds.forEach((fold) => { fold.open = true; }));
