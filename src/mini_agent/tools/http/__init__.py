"""Tools behind HTTP: `GET /tools` lists them, `POST /invoke` runs one, at an address that was allowed and pinned."""
