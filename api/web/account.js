"use strict";
// The token stands behind the #, which no browser sends on; from there it goes into a body only.
const token = new URLSearchParams(location.hash.slice(1)).get("token") || "";
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
} else {
  on("accept", "You are in the workspace now.", async (given) => {
    const tokens = await post("/auth/login", given);
    await post("/auth/invitations/accept", { token }, tokens.access_token);
  });
  on("register", "The account is made, and in the workspace; log in with it.",
    (given) => post("/users", { invitation_token: token, ...given }));
}
