"""The service's description in OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), as it is configured here."""
