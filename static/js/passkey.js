// allauth's script says on the document that a key failed; this says it to the person.
"use strict";

document.addEventListener("allauth.error", (event) => {
  const message = document.getElementById("erreur-cle");
  if (!message) return;
  event.preventDefault();
  message.textContent = message.dataset.text;
});
