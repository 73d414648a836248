"use strict";
// What is secret stands behind the #, which no browser sends on; from there it goes into a body only.
const secrets = new URLSearchParams(location.hash.slice(1));
const token = secrets.get("token") || "";
const page = location.pathname.split("/").filter(Boolean).pop();
const answer = document.getElementById("answer");

async function post(path, body, bearer) {
  const headers = { "Content-Type": "application/json" };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  const sent = await fetch(`/api/v1${path}`, {
    method: "POST", headers, body: JSON.stringify(body),
  });
  const said = sent.status === 204 ? {} : await sent.json();
  if (!sent.ok) {
    const wrong = (said.errors || []).map((each) => each.detail);
    throw new Error(wrong.join(" ") || said.detail || said.title);
  }
  return said;
}

function on(id, done, run) {
  const form = document.getElementById(id);
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = [...new FormData(form)].filter(([, value]) => value !== "");
    try {
      await run(Object.fromEntries(given));
      history.replaceState(null, "", location.pathname);
      document.querySelectorAll("form").forEach((each) => { each.hidden = true; });
      answer.textContent = done;
    } catch (error) {
      answer.textContent = error.message;
    }
  });
}

if (page === "verify-email") {
  on("verify-email", "The address is verified.", () => post("/auth/verify-email", { token }));
} else if (page === "reset-password") {
  on("reset-password", "The password is set; log in with it.",
    (given) => post("/auth/password/reset", { token, ...given }));
} else if (page === "sign-on") {
  const code = secrets.get("code");
  if (code) {
    on("sign-on", "You are logged in. The access token, for a program of yours:", async (given) => {
      const tokens = await post("/auth/oidc/token", { code, ...given });
      const shown = document.getElementById("token");
      shown.value = tokens.access_token;
      shown.hidden = false;
    });
  } else {
    fetch("/api/v1/auth/oidc").then((answer) => answer.json()).then(({ providers }) => {
      const link = document.getElementById("provider");
      for (const { name, login_path } of providers) {
        link.textContent = name;
        link.href = login_path;
        link.hidden = false;
      }
    });
  }
} else {
  on("accept", "You are in the workspace now.", async (given) => {
    const tokens = await post("/auth/login", given);
    await post("/auth/invitations/accept", { token }, tokens.access_token);
  });
  on("register", "The account is made, and in the workspace; log in with it.",
    (given) => post("/users", { invitation_token: token, ...given }));
}
