"""The reverse proxy between a check and its model: it counts every call, and can record and replay them."""
