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

// A menu closes with Escape, and when somebody goes elsewhere.
function closeMenus(at: Node | null): void {
  for (const m of document.querySelectorAll<HTMLDetailsElement>("details[data-close][open]")) {
    if (!at || !m.contains(at)) m.open = false;
  }
}
document.addEventListener("click", (e) => closeMenus(e.target as Node));
document.addEventListener("focusin", (e) => closeMenus(e.target as Node));
document.addEventListener("keydown", (e) => {
  const m = (e.target as HTMLElement).closest<HTMLDetailsElement>("details[data-close][open]");
  if (e.key !== "Escape" || !m) return;
  m.open = false;
  m.querySelector("summary")?.focus();
});

// Search opens by Ctrl+K and "/" on every page, "?" shows all keys. The link does the
// same for the mouse; without this script it leads to the page of search.
const jump = document.querySelector<HTMLDialogElement>("#jump");
const jumpInput = jump?.querySelector("input");
const found = jump?.querySelector<HTMLElement>("[data-found]");

function openJump(): void {
  if (!jump || jump.open) return;
  jump.showModal();
  jumpInput?.select();
}

document.querySelector("[data-jump]")?.addEventListener("click", (e) => {
  if ((e as MouseEvent).ctrlKey || (e as MouseEvent).metaKey || !jump) return;
  e.preventDefault();
  openJump();
});

document.addEventListener("keydown", (e) => {
  if (!jump) return;
  if (e.key.toLowerCase() === "k" && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey) {
    e.preventDefault();
    openJump();
    return;
  }
  const at = e.target as HTMLElement;
  if (e.ctrlKey || e.metaKey || e.altKey || jump.open || at.isContentEditable || /^(input|textarea|select)$/i.test(at.tagName)) return;
  if (e.key === "/") {
    e.preventDefault();
    openJump();
  } else if (e.key === "?") {
    location.assign("/shortcuts");
  }
});

if (jump && jumpInput && found) {
  let timer = 0;
  let asked = 0;
  const look = async (): Promise<void> => {
    const mine = ++asked;
    const q = jumpInput.value.trim();
    if (q === "") {
      found.replaceChildren();
      return;
    }
    try {
      const answer = await fetch("/search?part=1&q=" + encodeURIComponent(q));
      const text = await answer.text();
      // A slower answer to an older question must not take the place of a newer one.
      if (mine === asked && !answer.redirected) found.innerHTML = text; // our own page, escaped by the server
    } catch {
      // No network: Enter asks the page of search.
    }
  };
  jumpInput.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void look(), 150);
  });
  jump.addEventListener("keydown", (e) => {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const all = [jumpInput, ...found.querySelectorAll<HTMLElement>("a")];
    const i = all.indexOf(document.activeElement as HTMLElement);
    const next = all[(i + (e.key === "ArrowDown" ? 1 : all.length - 1)) % all.length];
    if (i < 0 || !next) return;
    e.preventDefault();
    next.focus();
  });
  // Enter in the field opens what was found first.
  jump.querySelector("form")?.addEventListener("submit", (e) => {
    const first = found.querySelector<HTMLAnchorElement>("a");
    if (!first) return;
    e.preventDefault();
    location.assign(first.href);
  });
}
