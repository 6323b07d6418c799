// Starts Scalar, if it came, with everything off that would ask another site than this one.
"use strict";

const page = document.getElementById("docs_page");
if ("Scalar" in window) {
  page.replaceChildren();
  Scalar.createApiReference(page, {
    url: new URL(page.dataset.document, location.href).href,
    withDefaultFonts: false,
    telemetry: false,
    proxyUrl: "",
    hideClientButton: true,
    showDeveloperTools: "never",
    agent: { disabled: true },
    mcp: { disabled: true },
  });
}
