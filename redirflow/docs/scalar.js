// Starts Scalar, with everything off that would ask another site than this one.
"use strict";

Scalar.createApiReference("#docs_page", {
  url: new URL(document.getElementById("docs_page").dataset.document, location.href).href,
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: "",
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
});
