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
    if (part.querySelector("tbody input:checked, details[open]")) return again();
    if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button, a, summary")) return again();
    if (next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
    if (next.dataset.live) again();
    // Not under the hands of somebody who has ticked something meanwhile.
    else if ("then" in part.dataset && !document.querySelector("tbody input:checked")) location.reload();
  };
  again();
}

// Where the tabs do not all fit, the one that is open is in sight.
document.querySelector(".tabs a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

document.querySelectorAll("[data-live]").forEach(keepUpToDate);

// Another row of a table: a copy of the empty one under the next number.
document.querySelectorAll("button[data-add]").forEach((button) => {
  button.hidden = false;
  let next = 1000;
  button.addEventListener("click", () => {
    const at = button.dataset.add;
    const template = document.querySelector(`template[data-template="${CSS.escape(at)}"]`);
    const holder = document.createElement("tbody");
    holder.innerHTML = template.innerHTML.replaceAll(`${at}/NEW`, `${at}/${next}`).replaceAll("new row", `row ${next}`);
    next += 1;
    const row = holder.firstElementChild;
    document.querySelector(`tbody[data-rows="${CSS.escape(at)}"]`).append(row);
    makeHandy(row);
    row.querySelector("input:not([type=hidden]), select")?.focus();
  });
});

// What a property may be mapped with: the types of fields that it fits, the directions
// that it allows.
function narrowByProperty(input) {
  const row = input.closest("tr");
  const offered = input.list && [...input.list.options].find((option) => option.value === input.value);
  const words = (text) => text === undefined ? null : text.split(" ").filter(Boolean);
  const fits = offered && words(offered.dataset.fits);
  row.querySelectorAll("select[data-field] option[data-type]").forEach((option) => {
    option.hidden = option.disabled = Boolean(fits) && !option.selected && !fits.includes(option.dataset.type);
  });
  const directions = offered && words(offered.dataset.directions);
  row.querySelectorAll("select[name$='/direction'] option").forEach((option) => {
    option.hidden = option.disabled = Boolean(directions?.length) && !option.selected && !directions.includes(option.value);
  });
  let told = row.querySelector("small[data-told]");
  if (!told) {
    input.parentElement.querySelector("small")?.remove();
    told = document.createElement("small");
    told.dataset.told = "";
    input.after(told);
  }
  told.textContent = offered ? offered.textContent : "";
}

// A field that offers what is found for what was typed.
function suggest(input) {
  let timer;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(input.value)}`);
      if (!answer.ok) return;
      const found = await answer.json();
      input.list.replaceChildren(...found.map(({ value, label }) => {
        const option = document.createElement("option");
        option.value = value;
        option.textContent = label;
        return option;
      }));
      const chosen = found.find(({ value }) => value === input.value);
      const told = input.parentElement.querySelector("small");
      if (told) told.textContent = chosen ? chosen.label : "";
    }, 200);
  });
}

function makeHandy(part) {
  part.querySelectorAll("input[data-property]").forEach((input) => {
    input.addEventListener("change", () => narrowByProperty(input));
    if (input.value) narrowByProperty(input);
  });
  part.querySelectorAll("input[data-suggest]").forEach(suggest);
}
makeHandy(document);

// Boxes whose label has what was typed.
document.querySelectorAll("input[data-narrow]").forEach((input) => {
  input.addEventListener("input", () => {
    const typed = input.value.toLowerCase();
    input.closest("fieldset").querySelectorAll("label.check").forEach((label) => {
      label.hidden = !label.textContent.toLowerCase().includes(typed);
    });
  });
});

// One box that ticks all boxes of its table.
document.querySelectorAll("label[data-tick-all]").forEach((label) => {
  const all = label.querySelector("input");
  const boxes = [...label.closest("table").querySelectorAll("tbody input[type=checkbox]")];
  label.hidden = boxes.length === 0;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  boxes.forEach((box) => box.addEventListener("change", () => { all.checked = boxes.every((other) => other.checked); }));
});

// Nobody loses by a click what was typed.
document.querySelectorAll("form[data-warn]").forEach((form) => {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
});

// A file in place of pasting it.
document.querySelectorAll("textarea[data-file]").forEach((area) => {
  const file = document.createElement("input");
  file.type = "file";
  file.accept = ".csv,text/csv";
  file.setAttribute("aria-label", "A file");
  file.addEventListener("change", async () => { area.value = await file.files[0].text(); });
  area.before(file);
});
