// Comfort only: every page works without this file.
"use strict";

// A form that has a single choice to make is sent as soon as it is made (the switcher of establishments).
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form) form.requestSubmit();
});

// A folded list of boxes says how many are ticked, and closes on Esc or a click elsewhere.
const closePicks = (except) => {
  for (const pick of document.querySelectorAll("details.pick[open]")) if (pick !== except) pick.open = false;
};
document.addEventListener("click", (event) => closePicks(event.target.closest("details.pick")));
document.addEventListener("keydown", (event) => {
  const pick = event.key === "Escape" && event.target.closest("details.pick[open]");
  if (!pick) return;
  event.preventDefault();
  pick.open = false;
  pick.querySelector("summary").focus();
});
document.addEventListener("change", (event) => {
  const pick = event.target.closest("details.pick");
  if (!pick) return;
  const ticked = pick.querySelectorAll("input:checked").length;
  const { none, one, many } = pick.dataset;
  pick.querySelector("summary .value").textContent = ticked === 0 ? none : `${ticked} ${ticked === 1 ? one : many}`;
});

// A button that ticks every box of a name, and then takes the ticks away again.
const showTickers = () => {
  for (const button of document.querySelectorAll("button[data-tick-all]")) button.hidden = false;
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-tick-all]");
  if (!button) return;
  const boxes = [...document.querySelectorAll(`input[type="checkbox"][name="${button.dataset.tickAll}"]`)];
  const ticked = boxes.some((box) => !box.checked);
  for (const box of boxes) box.checked = ticked;
});
document.addEventListener("htmx:afterSettle", showTickers);
showTickers();

// Empty filters stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("form.filters, form[data-tidy]")) return;
  const data = event.detail.formData;
  for (const [name, value] of [...data]) if (value === "") data.delete(name);
});

// Filters that htmx applies without leaving the page: say the new count to those who do not see it.
document.addEventListener("htmx:afterSettle", (event) => {
  const count = document.querySelector("#results [data-announce]");
  const status = document.getElementById("annonce");
  if (count && status && event.target.id === "results") status.textContent = count.textContent;
});

// Copy buttons show themselves only where they work.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  });
}
