// Swagger UI over the gateway's own contract.
window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#contract",
  deepLinking: true,
  validatorUrl: null,
  requestSnippetsEnabled: true,
});
