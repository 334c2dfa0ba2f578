// Passkeys: the browser's own dialogue between two of our forms. Without script the forms stay hidden.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function fetchOptions(form) {
  const csrf = form.elements.namedItem("csrf"), headers = { Accept: "application/json" };
  if (csrf) headers["X-CSRF-Token"] = csrf.value;
  const answer = await fetch(form.dataset.passkeyGet ?? form.dataset.passkeyMake, { method: "POST", headers });
  if (!answer.ok) throw new Error(String(answer.status));
  const options = await answer.json();
  options.challenge = bytes(options.challenge);
  return options;
}

async function show(options) {
  const found = await navigator.credentials.get({ publicKey: options });
  const { authenticatorData, clientDataJSON, signature, userHandle } = found.response;
  return {
    id: found.id, rawId: text(found.rawId), type: found.type, clientExtensionResults: {},
    response: {
      authenticatorData: text(authenticatorData), clientDataJSON: text(clientDataJSON), signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    },
  };
}

async function make(options) {
  options.user.id = bytes(options.user.id);
  for (const one of options.excludeCredentials ?? []) one.id = bytes(one.id);
  const made = await navigator.credentials.create({ publicKey: options });
  const { attestationObject, clientDataJSON } = made.response;
  return {
    id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: {},
    response: { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) },
  };
}

function take(form) {
  const said = form.querySelector("[data-failed]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    said.hidden = true;
    try {
      const options = await fetchOptions(form);
      const answer = "passkeyGet" in form.dataset ? await show(options) : await make(options);
      form.elements.namedItem("passkey").value = JSON.stringify(answer);
      form.submit();
    } catch (fault) {
      said.textContent = said.dataset.failed;
      said.hidden = false;
      button.disabled = false;
    }
  });
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("[data-passkey-get], [data-passkey-make]")) take(form);
}
