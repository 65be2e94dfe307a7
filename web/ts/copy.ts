// Copies a text with one click. Without this script it can be selected and copied.

for (const b of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
  const from = document.getElementById(b.dataset["copy"] ?? "");
  if (!(from instanceof HTMLTextAreaElement)) continue;
  b.hidden = false;
  b.addEventListener("click", async () => {
    const say = document.querySelector<HTMLElement>("[data-copied]");
    try {
      await navigator.clipboard.writeText(from.value);
      if (say) say.textContent = "Copied.";
    } catch {
      // Not permitted, or not over https: select it, so that the keyboard can copy it.
      from.focus();
      from.select();
      if (say) say.textContent = "Selected: copy it with the keyboard.";
    }
  });
}

export {};
