// Starts Swagger UI. `validatorUrl: null` keeps the document from being sent to a validator.
"use strict";

SwaggerUIBundle({
  domNode: document.getElementById("docs_page"),
  url: new URL(document.getElementById("docs_page").dataset.document, location.href).href,
  deepLinking: true,
  validatorUrl: null,
});
