// Small helps for every page. Everything works without them.

// An error summary takes the focus, so that it is heard and seen first.
document.querySelector<HTMLElement>("[data-focus]")?.focus();

// A form that was sent cannot be sent again by a second click. The server would
// not mind (forms carry a key), but people would wonder.
document.addEventListener("submit", (e) => {
  const form = e.target as HTMLFormElement;
  if (form.method !== "post") return;
  if (form.dataset["sent"]) {
    e.preventDefault();
    return;
  }
  form.dataset["sent"] = "1";
});
window.addEventListener("pageshow", () => {
  for (const f of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete f.dataset["sent"];
});

// A link to a closed <details> opens it.
function openTarget(): void {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id ? document.getElementById(id) : null;
  if (target instanceof HTMLDetailsElement) target.open = true;
}
window.addEventListener("hashchange", openTarget);
openTarget();
