// Starts Swagger UI, if it came. `validatorUrl: null` keeps the document from being sent away.
"use strict";

const page = document.getElementById("docs_page");
if ("SwaggerUIBundle" in window) {
  SwaggerUIBundle({
    domNode: page,
    url: new URL(page.dataset.document, location.href).href,
    deepLinking: true,
    validatorUrl: null,
  });
}
