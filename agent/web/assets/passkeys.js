// Passkeys need a script; without it the buttons stay hidden and codes do.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const named = (keys) => keys?.map((key) => ({ ...key, id: bytes(key.id) }));

async function sign(address) {
  const options = await (await fetch(address, { cache: "no-store" })).json();
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
  const { id, response } = await navigator.credentials.get({ publicKey });
  return answer(id, {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    ...(response.userHandle && { userHandle: text(response.userHandle) }),
  });
}

async function make(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const { id, response } = await navigator.credentials.create({ publicKey });
  return answer(id, {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

const answer = (id, response) =>
  JSON.stringify({ id, rawId: id, type: "public-key", clientExtensionResults: {}, response });

for (const button of document.querySelectorAll("button.passkey")) {
  if (!window.PublicKeyCredential) break;
  const { form } = button;
  const trouble = form.querySelector("button.passkey ~ [role=alert]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    trouble.hidden = true;
    try {
      const { challenge, make: options } = button.dataset;
      form.elements.passkey.value = challenge ? await sign(challenge) : await make(JSON.parse(options));
      if (form.elements.code) form.elements.code.required = false;
      form.requestSubmit();
    } catch {
      trouble.hidden = false;
    }
    button.disabled = false;
  });
}
