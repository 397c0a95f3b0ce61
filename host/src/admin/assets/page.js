"use strict";
// Makes pages handier; each works without it.

// A part of a page that keeps itself up to date: it is loaded again where it says so, and
// put in the place of the old one when it differs. Nothing happens while nobody looks.
function keepUpToDate(part) {
  const seconds = Number(part.dataset.every) || 2;
  const again = () => setTimeout(load, seconds * 1000);
  const load = async () => {
    if (document.hidden) return again();
    let next;
    try {
      const answer = await fetch(part.dataset.live, { headers: { "X-Part": part.id } });
      if (answer.redirected || answer.status === 401) return location.reload();
      if (!answer.ok) return again();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      next = page.getElementById(part.id);
    } catch {
      return again();
    }
    if (!next) return;
    if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) return again();
    if (next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
    if (next.dataset.live) again();
    else if (part.dataset.then) location.reload();
  };
  again();
}

document.querySelectorAll("[data-live]").forEach(keepUpToDate);
